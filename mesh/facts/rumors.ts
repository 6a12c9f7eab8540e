// Peers whose facts just changed: each is named in a few openings of exchanges and then dropped. Pure.

import type { PeerId } from '../transport.ts';

/** One opening names at most so many. */
const RUMORS_PER_MESSAGE = 64;

/** Named so often, all but about one in 400 hear of it; comparing hashes finds the rest. */
export const RUMOR_TELLINGS = 6;

export interface Rumors {
  /** Names the peer so many more times. */
  readonly add: (peer: PeerId, tellings?: number) => void;
  /** The least told first, each counted as told once more. */
  readonly take: () => readonly PeerId[];
  readonly isEmpty: () => boolean;
}

export function createRumors(): Rumors {
  // Bounded by members: one entry per peer.
  const left = new Map<PeerId, number>();
  return {
    add: (peer, tellings = RUMOR_TELLINGS) => {
      left.set(peer, Math.max(tellings, left.get(peer) ?? 0));
    },
    take: () => {
      const chosen = [...left]
        .sort(([, a], [, b]) => b - a)
        .slice(0, RUMORS_PER_MESSAGE)
        .map(([peer]) => peer);
      for (const peer of chosen) {
        const tellings = left.get(peer)! - 1;
        if (tellings > 0) left.set(peer, tellings);
        else left.delete(peer);
      }
      return chosen;
    },
    isEmpty: () => left.size === 0,
  };
}
