// How many hints there may be: a few tens a second by all peers together, for each costs everybody. Pure.
//
// Everybody hears every hint, so each peer counts all of them against one allowance: its own and those of others. Nobody has
// more than a part of it: a peer publishes no more than its share, and of one origin no more than twice that is heard or
// passed on, so that an origin that keeps to no share is cut down by whoever hears it first. What is ignored is not lost:
// exchanges of facts and comparisons of members bring the same, a little later.

import { createTokenBucket } from '../token-bucket.ts';
import type { Rate, TokenBucket } from '../token-bucket.ts';

/** Of the whole cluster. */
const CLUSTER: Rate = { burst: 40, perSecond: 20 };

/** The share of one peer: so many at once; the refill is an equal part of the cluster's, within these. */
const SHARE_BURST = 3;
const SHARE_PER_SECOND = { min: 0.1, max: 2.5 };

/** Hints bunch up on their way, and no two peers agree on how many there are. */
const HEARD_SHARES = 2;

/** Origins remembered. More than the cluster's allowance names until a share is full again: the oldest has nothing to remember. */
export const ORIGINS_LIMIT = 2_048;

export interface HintBudget {
  /** True when this peer may publish one more now; counts it then. */
  readonly publish: (nowMs: number, clusterSize: number) => boolean;
  /** True when one more of this origin may be heard and passed on now; counts it then. */
  readonly receive: (origin: string, nowMs: number, clusterSize: number) => boolean;
  /** Origins that are remembered. */
  readonly origins: () => number;
}

export function createHintBudget(): HintBudget {
  const cluster = createTokenBucket(CLUSTER);
  const own = createTokenBucket({ burst: SHARE_BURST, perSecond: SHARE_PER_SECOND.max });
  // The one heard last is the last.
  const heard = new Map<string, TokenBucket>();

  const of = (origin: string): TokenBucket => {
    const known = heard.get(origin);
    heard.delete(origin);
    const bucket = known ?? createTokenBucket(heardRate(SHARE_PER_SECOND.max));
    heard.set(origin, bucket);
    for (const oldest of heard.keys()) {
      if (heard.size <= ORIGINS_LIMIT) break;
      heard.delete(oldest);
    }
    return bucket;
  };

  return {
    publish: (nowMs, clusterSize) => {
      own.refill(shareOf(clusterSize), nowMs);
      return cluster.has(1, nowMs) && own.take(1, nowMs) && cluster.take(1, nowMs);
    },
    receive: (origin, nowMs, clusterSize) => {
      // Nothing is remembered of what is not counted.
      if (!cluster.has(1, nowMs)) return false;
      const share = of(origin);
      share.refill(heardRate(shareOf(clusterSize)).perSecond, nowMs);
      return share.take(1, nowMs) && cluster.take(1, nowMs);
    },
    origins: () => heard.size,
  };
}

const shareOf = (clusterSize: number): number => {
  const { min, max } = SHARE_PER_SECOND;
  return Math.min(max, Math.max(min, CLUSTER.perSecond / Math.max(1, clusterSize)));
};

const heardRate = (perSecond: number): Rate => ({
  burst: SHARE_BURST * HEARD_SHARES,
  perSecond: perSecond * HEARD_SHARES,
});
