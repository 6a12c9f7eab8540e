// The deadline of a lease, on a clock that runs while the machine is suspended.

import { uptime } from 'node:os';

export interface Deadline {
  /** Undefined lifts it. */
  readonly set: (remainingMs: number | undefined) => void;
}

/** A timer does not count time in suspension: look at the clock at least this often. */
const LOOK_MS = 500;

/** `passed` is called once per deadline that was set and neither lifted nor moved in time. */
export function createDeadline(passed: () => void): Deadline {
  let timer: NodeJS.Timeout | undefined;
  const look = (atMs: number): void => {
    const left = atMs - uptime() * 1_000;
    if (left <= 0) return passed();
    timer = setTimeout(() => look(atMs), Math.min(left, LOOK_MS));
  };
  return {
    set: (remainingMs) => {
      clearTimeout(timer);
      if (remainingMs !== undefined) look(uptime() * 1_000 + remainingMs);
    },
  };
}
