// How many hints may be published: a few tens a second by all peers together, for each costs everybody. Pure.
//
// Everybody hears every hint, so each peer counts all of them against one allowance: its own and those of others.
// Besides it has a share of its own, so that peers that all have something to say at once say it in turn.

/** Of the whole cluster: so many at once, and so many more each second. */
const CLUSTER_BURST = 40;
const CLUSTER_PER_SECOND = 20;

/** Of one peer: so many at once; the refill is its share of the cluster's, but one in ten seconds at least. */
const OWN_BURST = 3;
const OWN_PER_SECOND_MIN = 0.1;

export interface HintBudget {
  /** True when this peer may publish one more now; counts it then. */
  readonly publish: (nowMs: number, clusterSize: number) => boolean;
  /** Counts one that was received; false when it is one too many and better ignored. */
  readonly receive: (nowMs: number) => boolean;
}

/** Full at `nowMs`, on the local monotonic clock. */
export function createHintBudget(nowMs: number): HintBudget {
  const cluster = createTokens(CLUSTER_BURST, nowMs);
  const own = createTokens(OWN_BURST, nowMs);
  return {
    publish: (nowMs, clusterSize) => {
      const share = Math.max(OWN_PER_SECOND_MIN, CLUSTER_PER_SECOND / Math.max(1, clusterSize));
      cluster.fill(nowMs, CLUSTER_PER_SECOND);
      own.fill(nowMs, share);
      return cluster.left() >= 1 && own.take() && cluster.take();
    },
    receive: (nowMs) => {
      cluster.fill(nowMs, CLUSTER_PER_SECOND);
      return cluster.take();
    },
  };
}

interface Tokens {
  readonly fill: (nowMs: number, perSecond: number) => void;
  readonly left: () => number;
  readonly take: () => boolean;
}

function createTokens(burst: number, startMs: number): Tokens {
  let tokens = burst;
  let filledMs = startMs;
  return {
    fill: (nowMs, perSecond) => {
      tokens = Math.min(burst, tokens + (Math.max(0, nowMs - filledMs) / 1000) * perSecond);
      filledMs = nowMs;
    },
    left: () => tokens,
    take: () => {
      if (tokens < 1) return false;
      tokens -= 1;
      return true;
    },
  };
}
