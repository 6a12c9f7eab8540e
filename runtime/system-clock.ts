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
      let handle: NodeJS.Timeout;
      const arm = (): void => {
        const leftMs = Math.max(0, dueMs - performance.now());
        handle = setTimeout(onTimeout, Math.min(Math.ceil(leftMs), maxTimeoutMs));
      };
      // A timeout may come up to a millisecond early; `fire` must not.
      const onTimeout = (): void => {
        if (performance.now() < dueMs) arm();
        else fire();
      };
      arm();
      return { cancel: () => clearTimeout(handle) };
    },
  };
}
