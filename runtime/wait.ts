// Waits on a port's clock, for code that runs outside actors: an actor sets a timer instead.

import type { Clock } from './clock.ts';

/** Resolves no sooner than `delayMs` from now. */
export const wait = (clock: Clock, delayMs: number): Promise<void> =>
  new Promise((resume) => clock.setTimer(delayMs, resume));
