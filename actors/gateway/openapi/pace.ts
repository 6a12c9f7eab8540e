// Long work in short turns, so that nobody else waits for it.

import type { Clock } from '../../../runtime/index.ts';

/** Longest turn, in ms. */
const TURN_MS = 4;

/** Resolves at once within a turn, and after others had theirs when one is over. */
export type Pace = () => Promise<void>;

export function createPace(clock: Clock): Pace {
  let since = clock.monotonicMs();
  return async () => {
    if (clock.monotonicMs() - since < TURN_MS) return;
    await new Promise<void>((resolve) => {
      clock.setTimer(0, resolve);
    });
    since = clock.monotonicMs();
  };
}
