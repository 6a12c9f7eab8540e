// Who keeps a link to whom, and who watches whom: computed alike by all from who is here.
//
//   ring 0:  ... c - a - f - self - b - e ...     each ring holds all members, in an order of its own;
//   ring 1:  ... f - e - self - c - a - b ...     a peer is watched by the one before it on each ring,
//   ...                                           and watches the one after it
//
// The rings of Rapid (Suresh et al., 2018, section 4.1): a union of random rings is an expander, so news
// crosses it in a logarithm of steps, and those who watch a peer are spread over the whole cluster. A peer
// that comes or goes changes the links of its neighbours alone. Suspects stay: suspicion moves no link. Pure.

import { hash53 } from '../hash53.ts';
import type { PeerId } from '../transport.ts';

/** Rings, which is how many watch each peer. Rapid's papers use ten; a thousand peers need no more than eight. */
export const RINGS = 8;

/** Up to so many members everybody keeps a link to everybody, and probes everybody in turn. */
export const FULL_MESH_LIMIT = 48;

export interface Overlay {
  readonly add: (peer: PeerId) => void;
  readonly remove: (peer: PeerId) => void;
  readonly has: (peer: PeerId) => boolean;
  /** This peer included. */
  readonly size: () => number;
  /** Peers this one keeps a link to. The same object until somebody comes or goes. */
  readonly neighbours: () => ReadonlySet<PeerId>;
  /** Peers this one probes. */
  readonly subjects: () => readonly PeerId[];
  /** Who looks first when `peer` is doubted, at most RINGS, in an order that all agree on. */
  readonly observersOf: (peer: PeerId) => readonly PeerId[];
  /** Whether `peer` is watched by `by` or has it for a neighbour: whose word on it counts. */
  readonly areNear: (peer: PeerId, by: PeerId) => boolean;
}

interface Place {
  readonly peer: PeerId;
  readonly position: number;
}

export function createOverlay(self: PeerId): Overlay {
  const rings: Place[][] = Array.from({ length: RINGS }, () => []);
  const members = new Set<PeerId>();
  let neighbours: ReadonlySet<PeerId> | undefined;
  let subjects: readonly PeerId[] | undefined;

  const isFull = (): boolean => members.size <= FULL_MESH_LIMIT;

  const change = (peer: PeerId, isHere: boolean): void => {
    if (members.has(peer) === isHere) return;
    if (isHere) members.add(peer);
    else members.delete(peer);
    const hash = hash53(peer);
    rings.forEach((ring, number) => {
      const place = { peer, position: positionOn(number, hash) };
      const at = placeOf(ring, place);
      if (isHere) ring.splice(at, 0, place);
      else ring.splice(at, 1);
    });
    neighbours = undefined;
    subjects = undefined;
  };

  /** The one `steps` after `peer` on each ring. The peer need not be there itself: then, where it would be. */
  const around = (peer: PeerId, steps: 1 | -1): PeerId[] => {
    const hash = hash53(peer);
    return rings.flatMap((ring, number) => {
      const at = placeOf(ring, { peer, position: positionOn(number, hash) });
      const isThere = ring[at]?.peer === peer;
      const next = steps === 1 && !isThere ? at : at + steps;
      const found = ring.at(next % ring.length)?.peer;
      return found === undefined || found === peer ? [] : [found];
    });
  };

  /** In a small cluster the ones before a peer are often the same: then the next before those, so that enough watch. */
  const distinctBefore = (peer: PeerId): readonly PeerId[] => {
    const hash = hash53(peer);
    const found = new Set<PeerId>();
    rings.forEach((ring, number) => {
      const at = placeOf(ring, { peer, position: positionOn(number, hash) });
      for (let back = 1; back <= ring.length; back++) {
        const before = ring[(at + ring.length - back) % ring.length]!.peer;
        if (before === peer || found.has(before)) continue;
        found.add(before);
        return;
      }
    });
    return [...found];
  };

  const others = (): PeerId[] => [...members].filter((peer) => peer !== self);

  change(self, true);
  return {
    add: (peer) => change(peer, true),
    remove: (peer) => change(peer, false),
    has: (peer) => members.has(peer),
    size: () => members.size,
    neighbours: () => {
      neighbours ??= new Set(isFull() ? others() : [...around(self, -1), ...around(self, 1)]);
      return neighbours;
    },
    subjects: () => {
      subjects ??= isFull() ? others() : [...new Set(around(self, 1))];
      return subjects;
    },
    observersOf: (peer) => (isFull() ? distinctBefore(peer) : [...new Set(around(peer, -1))]),
    areNear: (peer, by) =>
      isFull() ? members.has(by) : around(peer, -1).includes(by) || around(peer, 1).includes(by),
  };
}

/** Mixes the ring's number into a peer's hash (the end of MurmurHash3): 32 bits, ties go by peer id. */
function positionOn(ring: number, hash: number): number {
  const high = Math.floor(hash / 2 ** 32);
  let mixed = hash ^ Math.imul(high ^ Math.imul(ring + 1, 0x9e3779b1), 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 16), 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  return (mixed ^ (mixed >>> 16)) >>> 0;
}

/** Where a place is in its ring, or belongs. */
function placeOf(ring: readonly Place[], { peer, position }: Place): number {
  let low = 0;
  let high = ring.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const there = ring[middle]!;
    const isBefore =
      there.position < position || (there.position === position && there.peer < peer);
    if (isBefore) low = middle + 1;
    else high = middle;
  }
  return low;
}
