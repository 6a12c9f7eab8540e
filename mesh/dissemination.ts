// News of members on its way: each piece rides on a few messages and is then dropped. Pure.

import type { MemberUpdate } from './membership.ts';
import type { PeerId } from './transport.ts';

/** A message carries at most this many pieces of news. */
const NEWS_PER_MESSAGE = 32;

/** Each piece is sent this many times, times the logarithm of the cluster's size. */
const REPEATS = 4;

export interface Dissemination {
  /** News about a peer replaces older news about it, unless both are voices of a suspicion. */
  readonly add: (update: MemberUpdate) => void;
  /** The least told news first, counting it as told once more. */
  readonly take: (clusterSize: number) => readonly MemberUpdate[];
  readonly isEmpty: () => boolean;
}

export function createDissemination(): Dissemination {
  // Bounded by peers x (confirmations + 1): one entry per peer and observer.
  const news = new Map<string, { readonly update: MemberUpdate; told: number }>();

  const keyOf = (peer: PeerId, by: PeerId | undefined): string => `${peer} ${by ?? ''}`;

  return {
    add: (update) => {
      for (const [key, { update: older }] of news) {
        if (older.peer !== update.peer) continue;
        const bothSuspect = older.status === 'suspect' && update.status === 'suspect';
        if (older.incarnation < update.incarnation || !bothSuspect) news.delete(key);
      }
      news.set(keyOf(update.peer, update.by), { update, told: 0 });
    },
    take: (clusterSize) => {
      const repeats = REPEATS * Math.ceil(Math.log10(clusterSize + 1));
      const chosen = [...news.entries()]
        .sort(([, a], [, b]) => a.told - b.told)
        .slice(0, NEWS_PER_MESSAGE);
      for (const [key, piece] of chosen) {
        piece.told += 1;
        if (piece.told >= repeats) news.delete(key);
      }
      return chosen.map(([, piece]) => piece.update);
    },
    isEmpty: () => news.size === 0,
  };
}
