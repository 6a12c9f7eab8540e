// Whose membership the log has ended, kept from the log's own events: who listens hears of each end as it is applied.

import type { Store } from '../../consensus/index.ts';
import type { PeerId } from '../../mesh/index.ts';
import { watchAlways } from './lasting-watch.ts';
import { parsePeer, peersEnd, peersPrefix } from './records.ts';
import type { PeerRecord } from './records.ts';

export interface EndedMembers {
  readonly has: (peer: PeerId) => boolean;
  readonly stop: () => void;
}

/** `ended` is called at once for those that are ended already. */
export function watchEndedMembers(
  store: Pick<Store, 'watch' | 'view'>,
  ended: (record: PeerRecord) => void,
): EndedMembers {
  const known = new Set<PeerId>();

  const take = (text: string): void => {
    const record = parsePeer(text);
    const { peer, endedAtMs } = record;
    if (endedAtMs === undefined) known.delete(peer);
    else if (!known.has(peer)) {
      known.add(peer);
      ended(record);
    }
  };
  const lookAll = (): void => {
    for (const { value } of store.view.range(peersPrefix, peersEnd).kvs) take(value);
  };
  const stop = watchAlways(store, peersPrefix, peersEnd, {
    events: (events) => {
      for (const { type, kv } of events) if (type === 'put') take(kv.value);
    },
    skipped: lookAll,
  });
  lookAll();
  return { has: (peer) => known.has(peer), stop };
}
