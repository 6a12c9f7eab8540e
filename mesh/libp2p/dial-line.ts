// A few dials at a time: a peer that learns of many at once and dials them all starves each handshake until its deadline
// passes, and then dials them all again. One that takes long, as to an address where nobody is, does not hold up the rest.

import type { Clock } from '../../runtime/index.ts';

/** Dials under way; a handshake is some milliseconds of work at each end. */
const DIALS_AT_ONCE = 4;

/** A dial that takes longer than this no longer counts. */
const TURN_MS = 500;

/** Resolves and rejects as `dial`, which is called when it is its turn; first come, first served. */
export type DialLine = (dial: () => Promise<void>) => Promise<void>;

export function createDialLine(clock: Clock): DialLine {
  // Bounded by the peers that are wished for: each is dialled once at a time.
  const waiting: (() => void)[] = [];
  let underWay = 0;

  const leave = (): void => {
    const next = waiting.shift();
    if (next === undefined) underWay -= 1;
    else next();
  };

  return async (dial) => {
    if (underWay < DIALS_AT_ONCE) underWay += 1;
    else await new Promise<void>((turn) => waiting.push(turn));
    let isLate = false;
    const late = clock.setTimer(TURN_MS, () => {
      isLate = true;
      leave();
    });
    try {
      await dial();
    } finally {
      late.cancel();
      if (!isLate) leave();
    }
  };
}
