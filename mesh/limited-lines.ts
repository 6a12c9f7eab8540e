// Log lines that others can cause, at a bounded rate: what was left out is counted in the next one. Pure.

import type { Clock, Logger } from '../runtime/index.ts';
import { createTokenBucket } from './token-bucket.ts';
import type { Rate } from './token-bucket.ts';

const LINES: Rate = { burst: 10, perSecond: 0.1 };

/** The same line, at most so often. */
export function limitLines(say: Logger['warn'], clock: Clock): Logger['warn'] {
  const lines = createTokenBucket(LINES);
  let leftOut = 0;
  return (message, fields) => {
    if (!lines.take(1, clock.monotonicMs())) {
      leftOut += 1;
      return;
    }
    say(message, leftOut === 0 ? fields : { ...fields, leftOut });
    leftOut = 0;
  };
}
