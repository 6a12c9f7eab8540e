// A logger that keeps the last lines in memory, for a simulation to show when a seed fails.

import type { Clock } from './clock.ts';
import { assert } from './errors.ts';
import type { LogFields, Logger, LogLevel } from './log.ts';

export interface LogLine {
  /** Wall time of the clock that was given. */
  readonly wallMs: number;
  readonly level: LogLevel;
  readonly message: string;
  readonly fields: LogFields;
}

export interface RingLogger extends Logger {
  /** What is kept, oldest first. */
  readonly lines: () => readonly LogLine[];
}

/** Keeps the newest `limit` lines of every level. */
export function createRingLogger(clock: Clock, limit = 1_000): RingLogger {
  assert(Number.isInteger(limit) && limit > 0, `a ring of ${limit} lines`);
  const ring: LogLine[] = [];
  // Invariant: the oldest line is at `next` once the ring is full.
  let next = 0;

  const withFields = (own: LogFields): Logger => {
    const at =
      (level: LogLevel) =>
      (message: string, fields?: LogFields): void => {
        ring[next] = { wallMs: clock.wallMs(), level, message, fields: { ...own, ...fields } };
        next = (next + 1) % limit;
      };
    return {
      debug: at('debug'),
      info: at('info'),
      warn: at('warn'),
      error: at('error'),
      child: (fields) => withFields({ ...own, ...fields }),
    };
  };

  return {
    ...withFields({}),
    lines: () => (ring.length < limit ? [...ring] : [...ring.slice(next), ...ring.slice(0, next)]),
  };
}
