// What ends a membership in the log, whoever ends it: its record, its name, its authority, its seat in the zone. Pure.

import { forgetReplicasOf } from '../../consensus/index.ts';
import type { KeyValue, StoreView, Transaction } from '../../consensus/index.ts';
import { nameKey, parsePeer, sealedAuthorityKey } from './records.ts';
import type { PeerRecord } from './records.ts';

export interface Ending {
  readonly atMs: number;
  readonly by: NonNullable<PeerRecord['endedBy']>;
  /** The newest incarnation of it that was heard of. */
  readonly incarnation: number;
}

/** One transaction for a peer's record `kv`, which is not ended yet: all of it or nothing. */
export function endingOf(view: StoreView, kv: KeyValue, ending: Ending): Transaction {
  const record = parsePeer(kv.value);
  const ended: PeerRecord = {
    ...record,
    endedAtMs: Math.max(ending.atMs, record.admittedAtMs),
    endedBy: ending.by,
    goneIncarnation: Math.max(ending.incarnation, record.goneIncarnation ?? 0),
  };
  return {
    compare: [{ target: 'mod', key: kv.key, is: '=', to: kv.modRevision }],
    success: [
      { type: 'put', key: kv.key, value: JSON.stringify(ended) },
      { type: 'delete', key: nameKey(record.name) },
      { type: 'delete', key: sealedAuthorityKey(record.peer) },
      ...forgetReplicasOf(view, record.peer),
    ],
  };
}
