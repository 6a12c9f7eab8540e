// A set of peers of which some can be drawn by lot without looking at all. Pure.

import type { Random } from '../runtime/index.ts';
import type { PeerId } from './transport.ts';

export interface PeerSet {
  readonly add: (peer: PeerId) => void;
  readonly remove: (peer: PeerId) => void;
  readonly has: (peer: PeerId) => boolean;
  readonly size: () => number;
  /** Until the next change; in no order that means anything. */
  readonly all: () => readonly PeerId[];
  /** At most `count` different ones. */
  readonly sample: (random: Random, count: number) => readonly PeerId[];
}

export function createPeerSet(): PeerSet {
  const peers: PeerId[] = [];
  const places = new Map<PeerId, number>();

  const put = (peer: PeerId, place: number): void => {
    peers[place] = peer;
    places.set(peer, place);
  };

  return {
    add: (peer) => {
      if (!places.has(peer)) put(peer, peers.length);
    },
    remove: (peer) => {
      const place = places.get(peer);
      if (place === undefined) return;
      places.delete(peer);
      const last = peers.pop()!;
      if (last !== peer) put(last, place);
    },
    has: (peer) => places.has(peer),
    size: () => peers.length,
    all: () => peers,
    sample: (random, count) => {
      // The first steps of a shuffle, on the set itself: its order means nothing.
      const drawn = Math.min(count, peers.length);
      for (let i = 0; i < drawn; i++) {
        const other = i + random.integer(peers.length - i);
        const [one, two] = [peers[i]!, peers[other]!];
        put(two, i);
        put(one, other);
      }
      return peers.slice(0, drawn);
    },
  };
}
