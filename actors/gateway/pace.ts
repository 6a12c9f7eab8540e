// Long work in slices: others get their turn in between.

import type { Clock } from '../../runtime/index.ts';

/** So long the event loop is held at a time. */
const SLICE_MS = 8;

export interface Pace {
  /** Undefined while the slice lasts; then resolves when it is time for the next one. */
  readonly rest: () => Promise<void> | undefined;
}

export function createPace(clock: Clock): Pace {
  let startMs = clock.monotonicMs();
  return {
    rest: () => {
      if (clock.monotonicMs() - startMs < SLICE_MS) return undefined;
      return new Promise((resolve) => {
        clock.setTimer(0, () => {
          startMs = clock.monotonicMs();
          resolve();
        });
      });
    },
  };
}
