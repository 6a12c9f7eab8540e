// How much gossip of one peer is looked at: what is over is dropped unread, so that no member, broken or hostile, can keep
// this peer from hearing the others. All of it is said again later, by anti-entropy if by nothing else.

import { createTokenBucket } from './token-bucket.ts';
import type { Rate, TokenBucket } from './token-bucket.ts';
import type { PeerId } from './transport.ts';

/** Gossip of one peer: it sends a few messages a second, and tens when all of a large cluster start at once. */
const MESSAGES: Rate = { burst: 1_000, perSecond: 200 };

/** In bytes: what a few thousand members make of a comparison of everything fits several times. */
const MESSAGE_BYTES: Rate = { burst: 8 * 1024 * 1024, perSecond: 1024 * 1024 };

/** Hints that one peer passes on: less than the cluster's allowance, so that what comes by others is heard as well. */
const HINTS: Rate = { burst: 30, perSecond: 15 };

export interface GossipGate {
  readonly admitsMessage: (from: PeerId, bytes: number, nowMs: number) => boolean;
  readonly admitsHint: (from: PeerId, nowMs: number) => boolean;
  /** Its link went down. Whoever comes back at once has used up what it had used up. */
  readonly linkDown: (peer: PeerId, nowMs: number) => void;
}

interface Allowance {
  readonly messages: TokenBucket;
  readonly bytes: TokenBucket;
  readonly hints: TokenBucket;
}

/** After this long without a link every allowance is full again, and need not be kept. */
const REFILL_MS =
  1_000 *
  Math.max(...[MESSAGES, MESSAGE_BYTES, HINTS].map(({ burst, perSecond }) => burst / perSecond));

/** One entry for each peer that has sent something over its present link, or had one a moment ago. */
export function createGossipGate(): GossipGate {
  const allowances = new Map<PeerId, Allowance>();
  /** Since when there is no link; in the order of that. */
  const goneMs = new Map<PeerId, number>();

  const of = (peer: PeerId): Allowance => {
    goneMs.delete(peer);
    const known = allowances.get(peer);
    if (known !== undefined) return known;
    const fresh = {
      messages: createTokenBucket(MESSAGES),
      bytes: createTokenBucket(MESSAGE_BYTES),
      hints: createTokenBucket(HINTS),
    };
    allowances.set(peer, fresh);
    return fresh;
  };

  return {
    admitsMessage: (from, bytes, nowMs) => {
      const allowance = of(from);
      return allowance.messages.take(1, nowMs) && allowance.bytes.take(bytes, nowMs);
    },
    admitsHint: (from, nowMs) => of(from).hints.take(1, nowMs),
    linkDown: (peer, nowMs) => {
      goneMs.delete(peer);
      goneMs.set(peer, nowMs);
      for (const [gone, sinceMs] of goneMs) {
        if (nowMs - sinceMs < REFILL_MS) return;
        goneMs.delete(gone);
        allowances.delete(gone);
      }
    },
  };
}
