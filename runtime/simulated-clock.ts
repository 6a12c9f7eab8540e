// The clock of one simulated peer: virtual time seen through a rate that drifts and a wall that jumps.

import type { Clock, Timer } from './clock.ts';
import { assert } from './errors.ts';

/** Where every wall clock stands when a simulation begins: 2026-01-01T00:00:00Z. */
const epochMs = Date.UTC(2026, 0, 1);

export interface SimulatedClock extends Clock {
  /** How fast it runs from now on: 1.001 gains a millisecond each second. Above 0. */
  readonly setRate: (rate: number) => void;
  /** How far the wall clock is from the true time, apart from what the rate adds. */
  readonly setWallOffset: (offsetMs: number) => void;
}

export interface SimulatedClockOptions {
  readonly rate?: number | undefined;
  readonly wallOffsetMs?: number | undefined;
}

/** `schedule` fires after so much true virtual time. */
export function createSimulatedClock(
  nowMs: () => number,
  schedule: (delayMs: number, fire: () => void) => Timer,
  options: SimulatedClockOptions = {},
): SimulatedClock {
  let rate = checkRate(options.rate ?? 1);
  let wallOffsetMs = options.wallOffsetMs ?? 0;
  const birthMs = nowMs();
  // Local time begins at 0, as a process's does, and is anchored anew when the rate changes.
  let anchorTrueMs = birthMs;
  let anchorLocalMs = 0;

  const monotonicMs = (): number => anchorLocalMs + (nowMs() - anchorTrueMs) * rate;

  return {
    monotonicMs,
    wallMs: () => Math.floor(epochMs + birthMs + wallOffsetMs + monotonicMs()),
    setTimer: (delayMs, fire) => {
      const dueMs = monotonicMs() + Math.max(0, delayMs);
      let timer = schedule(Math.max(0, delayMs) / rate, onDue);
      // The rate may have fallen meanwhile, or rounding cut: a timer may be late and never early.
      function onDue(): void {
        const leftMs = dueMs - monotonicMs();
        if (leftMs > 0) timer = schedule(Math.max(leftMs / rate, leastStepMs(nowMs())), onDue);
        else fire();
      }
      return { cancel: () => timer.cancel() };
    },
    setRate: (next) => {
      anchorLocalMs = monotonicMs();
      anchorTrueMs = nowMs();
      rate = checkRate(next);
    },
    setWallOffset: (offsetMs) => {
      wallOffsetMs = offsetMs;
    },
  };
}

/** Less would be lost in rounding when it is added: time would stand still, and the timer be asked for ever. */
const leastStepMs = (nowMs: number): number => Math.max(1, nowMs) * 4 * Number.EPSILON;

function checkRate(rate: number): number {
  assert(rate > 0 && Number.isFinite(rate), `a clock rate of ${rate}`);
  return rate;
}
