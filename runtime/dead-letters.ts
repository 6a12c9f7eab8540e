// Where messages end that reach nobody: counted always, logged at a bounded rate.

import type { Address } from './address.ts';
import type { Clock } from './clock.ts';
import type { Logger } from './log.ts';

/** Lines a window at most; the rest is counted and told in the next window. */
const maxLinesPerWindow = 10;
const windowMs = 10_000;

/** Characters of a tag that are logged: the message may come from anywhere. */
const maxTypeLength = 60;

export type DeadLetterReason =
  | 'no such actor'
  | 'actor stopped'
  | 'mailbox full'
  | 'no route'
  | 'nobody asked';

export interface DeadLetters {
  readonly add: (to: Address, message: unknown, reason: DeadLetterReason) => void;
  readonly count: () => number;
}

export function createDeadLetters(clock: Clock, log: Logger): DeadLetters {
  let count = 0;
  let windowStartMs = clock.monotonicMs();
  let lines = 0;
  let suppressed = 0;

  return {
    add: (to, message, reason) => {
      count++;
      const nowMs = clock.monotonicMs();
      if (nowMs - windowStartMs >= windowMs) {
        if (suppressed > 0) log.info('more dead letters', { suppressed });
        windowStartMs = nowMs;
        lines = 0;
        suppressed = 0;
      }
      if (lines >= maxLinesPerWindow) {
        suppressed++;
        return;
      }
      lines++;
      // A full mailbox means that somebody falls behind; the other reasons are part of every stop.
      const say = reason === 'mailbox full' ? log.warn : log.debug;
      say('dead letter', { to, reason, type: typeOf(message) });
    },
    count: () => count,
  };
}

/** The tag of a message, for logs. */
function typeOf(message: unknown): string {
  if (typeof message !== 'object' || message === null) return typeof message;
  const type: unknown = 'type' in message ? message.type : undefined;
  return typeof type === 'string' ? type.slice(0, maxTypeLength) : 'object';
}
