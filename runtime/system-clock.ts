// Adapter: the clock of the operating system. Node cannot reach CLOCK_BOOTTIME: suspend does not count.

import type { Clock } from './clock.ts';

// setTimeout fires at once when asked for more than this.
const maxTimeoutMs = 2 ** 31 - 1;

export function createSystemClock(): Clock {
  return {
    monotonicMs: () => performance.now(),
    wallMs: () => Date.now(),
    setTimer: (delayMs, fire) => {
      const dueMs = performance.now() + delayMs;
      const arm = (leftMs: number): NodeJS.Timeout =>
        setTimeout(onTimeout, Math.min(Math.max(0, Math.ceil(leftMs)), maxTimeoutMs));
      // A timeout may come up to a millisecond early; `fire` must not.
      const onTimeout = (): void => {
        const leftMs = dueMs - performance.now();
        if (leftMs > 0) handle = arm(leftMs);
        else fire();
      };
      let handle = arm(delayMs);
      return { cancel: () => clearTimeout(handle) };
    },
  };
}
