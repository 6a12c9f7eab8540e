// What the zone's log wants to know of peers, read from the one membership.

import type { Mesh } from '../mesh/index.ts';
import type { Clock } from '../runtime/index.ts';

export interface PeerHealth {
  readonly isAlive: (peer: string) => boolean;
  /** 0 while alive; counted from when this peer heard of the death, or first asked about a stranger. */
  readonly deadForMs: (peer: string) => number;
}

export function peerHealth(mesh: Pick<Mesh, 'member' | 'onMember'>, clock: Clock): PeerHealth {
  const goneSince = new Map<string, number>();
  mesh.onMember(({ member: { peer, status } }) => {
    if (status === 'alive') goneSince.delete(peer);
    else if (status !== 'suspect' && !goneSince.has(peer)) goneSince.set(peer, clock.monotonicMs());
  });
  return {
    isAlive: (peer) => mesh.member(peer)?.status === 'alive',
    deadForMs: (peer) => {
      const status = mesh.member(peer)?.status;
      if (status === 'alive' || status === 'suspect') return 0;
      const since = goneSince.get(peer) ?? clock.monotonicMs();
      goneSince.set(peer, since);
      return clock.monotonicMs() - since;
    },
  };
}
