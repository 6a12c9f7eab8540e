// A clock that moves only when nothing else can happen, and chance from a seed, for tests of one part.

import type { Clock, Random } from '../../../runtime/index.ts';

export interface VirtualTime {
  readonly clock: Clock;
  /** Lets time pass until the promise settles or `isOver` says that it never will. */
  readonly run: <T>(promise: Promise<T>, isOver?: () => boolean) => Promise<T | 'over'>;
}

export function createVirtualTime(): VirtualTime {
  let nowMs = 0;
  let order = 0;
  let timers: { readonly atMs: number; readonly order: number; readonly fire: () => void }[] = [];
  const clock: Clock = {
    monotonicMs: () => nowMs,
    wallMs: () => nowMs,
    setTimer: (delayMs, fire) => {
      const timer = { atMs: nowMs + delayMs, order: order++, fire };
      timers.push(timer);
      return { cancel: () => void (timers = timers.filter((other) => other !== timer)) };
    },
  };
  const step = () => {
    const next = timers.reduce<(typeof timers)[number] | undefined>(
      (first, timer) =>
        first === undefined ||
        timer.atMs < first.atMs ||
        (timer.atMs === first.atMs && timer.order < first.order)
          ? timer
          : first,
      undefined,
    );
    if (next === undefined) return false;
    timers = timers.filter((timer) => timer !== next);
    nowMs = next.atMs;
    next.fire();
    return true;
  };
  return {
    clock,
    run: async (promise, isOver = () => false) => {
      let isSettled = false;
      const settled = promise.finally(() => void (isSettled = true));
      settled.catch(() => undefined);
      for (;;) {
        await new Promise((resolve) => setImmediate(resolve));
        if (isSettled) return settled;
        if (isOver()) return 'over';
        if (!step()) throw new Error('nothing is under way, and the promise has not settled');
      }
    },
  };
}

/** Mulberry32: small, seeded, good enough to choose what goes wrong. */
export function seededRandom(seed: number): Random {
  let state = seed >>> 0;
  const float = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
  const integer = (limit: number) => Math.floor(float() * limit);
  return {
    float,
    integer,
    bytes: (length) => Uint8Array.from({ length }, () => integer(256)),
  };
}
