// How much of something one may do: so much at once, and so much more each second. Pure.

export interface Rate {
  readonly burst: number;
  readonly perSecond: number;
}

export interface TokenBucket {
  /** Takes `cost` when it is there. */
  readonly take: (cost: number, nowMs: number) => boolean;
  /** Whether `cost` is there. */
  readonly has: (cost: number, nowMs: number) => boolean;
  /** Takes `cost`, on credit if need be; says how long to wait until the debt is paid. */
  readonly owe: (cost: number, nowMs: number) => number;
  /** From now on it fills at this rate. */
  readonly refill: (perSecond: number, nowMs: number) => void;
}

/** Full at first. */
export function createTokenBucket(rate: Rate): TokenBucket {
  const { burst } = rate;
  let { perSecond } = rate;
  // Invariant: tokens <= burst; below zero is debt.
  let tokens = burst;
  let filledMs = Number.NEGATIVE_INFINITY;

  const fill = (nowMs: number): void => {
    const sinceMs = Math.max(0, nowMs - filledMs);
    tokens = Math.min(burst, tokens + (sinceMs / 1000) * perSecond);
    filledMs = nowMs;
  };
  const has = (cost: number, nowMs: number): boolean => {
    fill(nowMs);
    return tokens >= cost;
  };

  return {
    take: (cost, nowMs) => {
      if (!has(cost, nowMs)) return false;
      tokens -= cost;
      return true;
    },
    has,
    owe: (cost, nowMs) => {
      fill(nowMs);
      tokens -= cost;
      return tokens >= 0 ? 0 : (-tokens / perSecond) * 1000;
    },
    refill: (next, nowMs) => {
      fill(nowMs);
      perSecond = next;
    },
  };
}
