// Which live peer should hold a duty: rendezvous hashing, so that a death moves only the duties of the dead.

import { hash32 } from '../objects/stable-hash.ts';

/** The finaliser of MurmurHash3: FNV alone is too regular in its last characters to rank by. */
function avalanche(hash: number): number {
  let mixed = hash;
  mixed = Math.imul(mixed ^ (mixed >>> 16), 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  return (mixed ^ (mixed >>> 16)) >>> 0;
}

/** Peers from the best place for `duty` to the worst; the same on every peer that sees the same peers. */
export function rendezvousOrder(duty: string, peers: readonly string[]): readonly string[] {
  return peers
    .map((peer) => ({ peer, weight: avalanche(hash32(`${duty}\n${peer}`)) }))
    .sort((a, b) => b.weight - a.weight || (a.peer < b.peer ? -1 : 1))
    .map(({ peer }) => peer);
}
