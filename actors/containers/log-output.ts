// What `logs` shows of the lines of a CRI log: the text, from a time on, with times, up to a size. Pure.

import { parseCriLine } from './cri-log.ts';

export interface LogOutputOptions {
  readonly timestamps: boolean;
  /** Lines from this time on; milliseconds since the epoch. */
  readonly sinceMs?: number | undefined;
  readonly limitBytes?: number | undefined;
}

export interface LogOutput {
  /** The bytes that a line of the log becomes; undefined once the limit is reached. */
  readonly take: (line: Buffer) => Buffer | undefined;
}

const newline = Buffer.from('\n');

export function createLogOutput({ timestamps, sinceMs, limitBytes }: LogOutputOptions): LogOutput {
  let left = limitBytes ?? Infinity;
  // A long line is several lines of the log: only the first of them shows its time.
  let isLineBegin = true;
  return {
    take: (line) => {
      if (left <= 0) return undefined;
      const parsed = parseCriLine(line);
      if (parsed === undefined) return Buffer.alloc(0);
      if (sinceMs !== undefined && Date.parse(parsed.time) < sinceMs) return Buffer.alloc(0);
      const parts = [parsed.text];
      if (timestamps && isLineBegin) parts.unshift(Buffer.from(`${parsed.time} `));
      isLineBegin = parsed.tag === 'F';
      if (isLineBegin) parts.push(newline);
      const bytes = Buffer.concat(parts);
      const shown = bytes.length > left ? bytes.subarray(0, left) : bytes;
      left -= shown.length;
      return shown;
    },
  };
}
