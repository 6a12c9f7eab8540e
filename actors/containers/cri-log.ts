// The line format of container logs, as CRI defines it: `TIME STREAM TAG TEXT`.

/** A line that was cut because it was too long (P), or a whole line or its last part (F). */
export type CriTag = 'P' | 'F';

export type CriStream = 'stdout' | 'stderr';

/** Bytes of text in one line of the log at most; longer ones become several with tag P. */
export const CRI_LINE_BYTES = 16 * 1024;

export interface CriLine {
  /** RFC 3339 with nanoseconds, as it stands in the log. */
  readonly time: string;
  readonly stream: CriStream;
  readonly tag: CriTag;
  readonly text: Buffer;
}

/** RFC 3339 in UTC with nine digits of fraction. */
export function criTime(wallMs: number): string {
  return `${new Date(wallMs).toISOString().slice(0, -1)}000000Z`;
}

const NEWLINE = 0x0a;
const SPACE = 0x20;
const newline = Buffer.from('\n');

/** One line of a log file, newline included. */
export function formatCriLine(time: string, stream: CriStream, tag: CriTag, text: Buffer): Buffer {
  return Buffer.concat([Buffer.from(`${time} ${stream} ${tag} `), text, newline]);
}

/** Undefined when `line` (without its newline) is not in the format. */
export function parseCriLine(line: Buffer): CriLine | undefined {
  const first = line.indexOf(SPACE);
  const second = line.indexOf(SPACE, first + 1);
  const third = line.indexOf(SPACE, second + 1);
  if (first <= 0 || second < 0 || third < 0) return undefined;
  const stream = line.toString('latin1', first + 1, second);
  const tags = line.toString('latin1', second + 1, third).split(':');
  const [tag] = tags;
  if (stream !== 'stdout' && stream !== 'stderr') return undefined;
  if (tag !== 'P' && tag !== 'F') return undefined;
  return { time: line.toString('latin1', 0, first), stream, tag, text: line.subarray(third + 1) };
}

/** Cuts one stream of bytes into lines of the log, each text without its newline. */
export interface LineCutter {
  readonly push: (chunk: Buffer, line: (tag: CriTag, text: Buffer) => void) => void;
  /** What is left when the stream ends: a line that nobody finished. */
  readonly end: (line: (tag: CriTag, text: Buffer) => void) => void;
}

/** Holds back at most CRI_LINE_BYTES. */
export function createLineCutter(): LineCutter {
  let held: Buffer = Buffer.alloc(0);
  return {
    push: (chunk, line) => {
      let rest = held.length === 0 ? chunk : Buffer.concat([held, chunk]);
      for (;;) {
        const at = rest.indexOf(NEWLINE);
        const length = at === -1 ? rest.length : at;
        if (length > CRI_LINE_BYTES) {
          line('P', rest.subarray(0, CRI_LINE_BYTES));
          rest = rest.subarray(CRI_LINE_BYTES);
        } else if (at === -1) {
          break;
        } else {
          line('F', rest.subarray(0, at));
          rest = rest.subarray(at + 1);
        }
      }
      // A copy, so that a small rest does not keep a large chunk alive.
      held = Buffer.from(rest);
    },
    end: (line) => {
      if (held.length > 0) line('P', held);
      held = Buffer.alloc(0);
    },
  };
}
