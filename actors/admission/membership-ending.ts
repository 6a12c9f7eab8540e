// A peer that said it leaves is written down as gone, by the leader, so that it can only come back by a new token.

import type { Store } from '../../consensus/index.ts';
import type { Member, Mesh } from '../../mesh/index.ts';
import type { Clock, Timer } from '../../runtime/index.ts';
import { endingOf } from './ended-membership.ts';
import { parsePeer, peerKey } from './records.ts';

/** An end that did not get into the log is tried again after this: until then the peer is still let in. */
const againMs = 1_000;

/** Watches members and leadership; returns how to stop. */
export function endMemberships(
  store: Store,
  mesh: Pick<Mesh, 'members' | 'onMember'>,
  clock: Clock,
): () => void {
  const underWay = new Set<string>();
  let again: Timer | undefined;
  let isStopped = false;

  /** False when it has to be tried again. */
  const end = async ({ peer, incarnation }: Member): Promise<boolean> => {
    const kv = store.view.get(peerKey(peer));
    if (kv === undefined) return true;
    const { endedAtMs, goneIncarnation = 0 } = parsePeer(kv.value);
    // A goodbye from before it was let in again ends nothing.
    if (endedAtMs !== undefined || incarnation <= goneIncarnation) return true;
    const ending = { atMs: clock.wallMs(), by: 'leaving', incarnation } as const;
    const written = await store.transact(endingOf(store.view, kv, ending));
    return written.ok && written.value.succeeded;
  };

  const look = (): void => {
    if (store.status().role !== 'leader') return;
    for (const member of mesh.members()) {
      const { peer, status } = member;
      if (status !== 'left' || underWay.has(peer)) continue;
      underWay.add(peer);
      void end(member).then((isDone) => {
        underWay.delete(peer);
        if (isDone || isStopped) return;
        again?.cancel();
        again = clock.setTimer(againMs, look);
      });
    }
  };
  const stops = [
    mesh.onMember(({ type }) => {
      if (type === 'status') look();
    }),
    store.onStatus(look),
  ];
  return () => {
    isStopped = true;
    again?.cancel();
    stops.forEach((stop) => stop());
  };
}
