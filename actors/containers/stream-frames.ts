// Several streams over one: frames of a type, a length and bytes. Pure but for the streams it is given.

import type { Duplex, Readable, Writable } from 'node:stream';
import { SkeinError } from '../../runtime/index.ts';
import type { ErrorCode } from '../../runtime/index.ts';

/** Types of frames; the numbers are part of the protocol. */
export const frameTypes = {
  /** JSON: whether what was asked is there. First on every stream. */
  answer: 0,
  stdin: 1,
  stdinEnd: 2,
  stdout: 3,
  stderr: 4,
  /** JSON: exit code or error. Last of an exec. */
  exit: 5,
  /** JSON: columns and rows. */
  resize: 6,
  kill: 7,
  stdoutEnd: 8,
  stderrEnd: 9,
} as const;

export interface Frame {
  readonly type: number;
  readonly payload: Buffer;
}

/** The first frame of every stream. */
export type Answer =
  | { readonly ok: true }
  | { readonly ok: false; readonly code: ErrorCode; readonly message: string };

/** The last frame of an exec. */
export type ExitAnswer =
  | { readonly code: number }
  | { readonly error: string; readonly errorCode: ErrorCode };

const HEADER_BYTES = 5;

/** Bytes of one frame's payload at most; a longer one ends the stream. */
export const FRAME_BYTES = 64 * 1024;

export function encodeFrame(type: number, payload: Buffer): Buffer {
  const frame = Buffer.alloc(HEADER_BYTES + payload.length);
  frame.writeUInt8(type, 0);
  frame.writeUInt32BE(payload.length, 1);
  payload.copy(frame, HEADER_BYTES);
  return frame;
}

/** Bytes of any length as frames of one type. */
export function* framesOf(type: number, bytes: Buffer): Generator<Buffer> {
  for (let at = 0; at < bytes.length; at += FRAME_BYTES) {
    yield encodeFrame(type, bytes.subarray(at, at + FRAME_BYTES));
  }
}

/** Takes bytes in any cut; throws `too-large` for a frame over the limit. */
export function createFrameDecoder(): {
  readonly push: (chunk: Buffer) => readonly Frame[];
  /** Bytes that belong to no whole frame. */
  readonly rest: () => Buffer;
  /** At most one frame, the bytes after it staying in `rest`. */
  readonly pushForOne: (chunk: Buffer) => Frame | undefined;
} {
  let held: Buffer = Buffer.alloc(0);
  const one = (): Frame | undefined => {
    if (held.length < HEADER_BYTES) return undefined;
    const length = held.readUInt32BE(1);
    if (length > FRAME_BYTES) {
      throw new SkeinError('too-large', `frame of ${length} bytes, over ${FRAME_BYTES}`);
    }
    if (held.length < HEADER_BYTES + length) return undefined;
    const frame = {
      type: held.readUInt8(0),
      payload: held.subarray(HEADER_BYTES, HEADER_BYTES + length),
    };
    held = held.subarray(HEADER_BYTES + length);
    return frame;
  };
  const add = (chunk: Buffer): void => {
    held = held.length === 0 ? chunk : Buffer.concat([held, chunk]);
  };
  return {
    push: (chunk) => {
      add(chunk);
      const frames: Frame[] = [];
      for (let frame = one(); frame !== undefined; frame = one()) frames.push(frame);
      return frames;
    },
    pushForOne: (chunk) => {
      add(chunk);
      return one();
    },
    rest: () => held,
  };
}

/** The first frame of a stream; what follows it stays to be read. Rejects when the stream ends before. */
export function readFirstFrame(stream: Duplex): Promise<Frame> {
  const decoder = createFrameDecoder();
  return new Promise((resolve, reject) => {
    const settle = (act: () => void): void => {
      stream.off('readable', onReadable);
      stream.off('error', onEnd);
      stream.off('end', onEnd);
      stream.off('close', onEnd);
      act();
    };
    const onEnd = (error?: Error): void =>
      settle(() => reject(error ?? new SkeinError('unavailable', 'the other peer hung up')));
    const onReadable = (): void => {
      try {
        for (let chunk = read(stream); chunk !== null; chunk = read(stream)) {
          const frame = decoder.pushForOne(chunk);
          if (frame === undefined) continue;
          settle(() => {
            const rest = decoder.rest();
            if (rest.length > 0) stream.unshift(rest);
            resolve(frame);
          });
          return;
        }
      } catch (error) {
        settle(() => reject(error));
      }
    };
    stream.on('readable', onReadable);
    stream.on('error', onEnd);
    stream.on('end', onEnd);
    stream.on('close', onEnd);
  });
}

const read = (stream: Duplex): Buffer | null => stream.read() as Buffer | null;

/** Sends what `source` gives as frames of one type, no faster than `stream` takes it; `ended` after its end. */
export function sendFrames(
  source: Readable,
  type: number,
  stream: Writable,
  ended: () => void,
): void {
  source.on('data', (chunk: Buffer) => {
    let isFull = false;
    for (const frame of framesOf(type, chunk)) isFull = !stream.write(frame);
    if (!isFull) return;
    source.pause();
    stream.once('drain', () => source.resume());
  });
  source.once('end', ended);
  source.once('error', ended);
}

/** Once it takes more, or nothing any more. */
function whenDrained(writable: Writable, then: () => void): void {
  const done = (): void => {
    writable.off('drain', done).off('close', done);
    then();
  };
  writable.on('drain', done).on('close', done);
}

/** Hands every frame of `stream` to `take`, which returns what has to drain before the next, if anything. */
export function receiveFrames(stream: Duplex, take: (frame: Frame) => Writable | undefined): void {
  const decoder = createFrameDecoder();
  const full = new Set<Writable>();
  stream.on('data', (chunk: Buffer) => {
    try {
      for (const frame of decoder.push(chunk)) {
        const writable = take(frame);
        if (writable === undefined || full.has(writable)) continue;
        full.add(writable);
        stream.pause();
        whenDrained(writable, () => {
          full.delete(writable);
          if (full.size === 0) stream.resume();
        });
      }
    } catch (error) {
      stream.destroy(error as Error);
    }
  });
}
