// A peer that said it leaves is written down as gone, by the leader, so that it can only come back by a new token.

import type { Store } from '../../consensus/index.ts';
import type { Mesh } from '../../mesh/index.ts';
import type { Clock } from '../../runtime/index.ts';
import { nameKey, parsePeer, peerKey } from './records.ts';
import type { PeerRecord } from './records.ts';

/** Watches members and leadership; returns how to stop. */
export function endMemberships(
  store: Store,
  mesh: Pick<Mesh, 'members' | 'onMember'>,
  clock: Clock,
): () => void {
  const underWay = new Set<string>();

  const end = async (peer: string): Promise<void> => {
    const kv = store.view.get(peerKey(peer));
    if (kv === undefined) return;
    const record = parsePeer(kv.value);
    if (record.endedAtMs !== undefined) return;
    const ended: PeerRecord = { ...record, endedAtMs: clock.wallMs() };
    await store.transact({
      compare: [{ target: 'mod', key: kv.key, is: '=', to: kv.modRevision }],
      success: [
        { type: 'put', key: kv.key, value: JSON.stringify(ended) },
        { type: 'delete', key: nameKey(record.name) },
      ],
    });
  };

  const look = (): void => {
    if (store.status().role !== 'leader') return;
    for (const { peer, status } of mesh.members()) {
      if (status !== 'left' || underWay.has(peer)) continue;
      underWay.add(peer);
      void end(peer).then(() => underWay.delete(peer));
    }
  };
  const stops = [
    mesh.onMember(({ type }) => {
      if (type === 'status') look();
    }),
    store.onStatus(look),
  ];
  return () => stops.forEach((stop) => stop());
}
