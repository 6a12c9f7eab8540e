// Frames on a byte stream: a 4-byte big-endian length, then that many bytes.

import { SkeinError } from '../../runtime/index.ts';

/** Bytes before each frame. */
export const FRAME_HEADER_BYTES = 4;

/** The largest frame between members: 16 MiB. A longer one cuts the link. */
export const FRAME_LIMIT_BYTES = 16 * 1024 * 1024;

/** Frames from this size on are not copied together with others. */
const NO_COPY_BYTES = 8 * 1024;

/** All these frames, each with its header before it, in as few parts as copying the small ones makes. */
export function joinedFrames(frames: readonly Uint8Array[]): Uint8Array[] {
  const parts: Uint8Array[] = [];
  for (let at = 0; at < frames.length;) {
    // A run ends with the header of a frame that is not copied, or with the last frame.
    let end = at;
    let bytes = 0;
    let large: Uint8Array | undefined;
    while (end < frames.length && large === undefined) {
      const frame = frames[end++]!;
      bytes += FRAME_HEADER_BYTES;
      if (frame.length >= NO_COPY_BYTES) large = frame;
      else bytes += frame.length;
    }
    parts.push(joinedRun(frames, at, end, bytes));
    if (large !== undefined) parts.push(large);
    at = end;
  }
  return parts;
}

function joinedRun(
  frames: readonly Uint8Array[],
  from: number,
  to: number,
  bytes: number,
): Uint8Array {
  const run = Buffer.allocUnsafe(bytes);
  let filled = 0;
  for (let i = from; i < to; i++) {
    const frame = frames[i]!;
    run.writeUInt32BE(frame.length, filled);
    filled += FRAME_HEADER_BYTES;
    if (frame.length >= NO_COPY_BYTES) break;
    run.set(frame, filled);
    filled += frame.length;
  }
  return run;
}

/** `frame` with its header before it. */
export function framed(frame: Uint8Array): Uint8Array {
  const bytes = Buffer.allocUnsafe(FRAME_HEADER_BYTES + frame.length);
  bytes.writeUInt32BE(frame.length, 0);
  bytes.set(frame, FRAME_HEADER_BYTES);
  return bytes;
}

/** Cuts chunks, however they arrive, into frames. */
export interface FrameReader {
  /** Calls back once per whole frame, in order. Throws `too-large` for a frame over the limit. */
  readonly push: (chunk: Uint8Array) => void;
  /** What arrived after the last whole frame. */
  readonly rest: () => Uint8Array;
}

/**
 * Frames that lie within one chunk are views of it; only those that span chunks are copied, once.
 * After `onFrame` returns false, the bytes that follow are kept for `rest`.
 */
export function createFrameReader(
  limitBytes: number,
  onFrame: (frame: Uint8Array) => boolean,
): FrameReader {
  // Invariant: at most one of these is in use. `header` holds fewer than 4 bytes; `body` is not full.
  let header: Uint8Array = new Uint8Array(0);
  let body: Uint8Array | undefined;
  let filled = 0;
  let done = false;

  const push = (chunk: Uint8Array): void => {
    let bytes = chunk;
    if (done) {
      header = Buffer.concat([header, bytes]);
      return;
    }
    if (body !== undefined) {
      const take = Math.min(body.length - filled, bytes.length);
      body.set(bytes.subarray(0, take), filled);
      filled += take;
      bytes = bytes.subarray(take);
      if (filled < body.length) return;
      const whole = body;
      body = undefined;
      done = !onFrame(whole);
    }
    if (header.length > 0) {
      bytes = Buffer.concat([header, bytes]);
      header = new Uint8Array(0);
    }
    readAll(bytes);
  };

  const readAll = (chunk: Uint8Array): void => {
    let bytes = chunk;
    while (!done && bytes.length >= FRAME_HEADER_BYTES) {
      const length = lengthAt(bytes);
      if (length > limitBytes) {
        throw new SkeinError(
          'too-large',
          `a frame of ${length} bytes is over the limit of ${limitBytes}: the other side speaks another protocol or is at fault`,
          { length, limitBytes },
        );
      }
      const end = FRAME_HEADER_BYTES + length;
      if (bytes.length < end) {
        body = new Uint8Array(length);
        body.set(bytes.subarray(FRAME_HEADER_BYTES), 0);
        filled = bytes.length - FRAME_HEADER_BYTES;
        return;
      }
      done = !onFrame(bytes.subarray(FRAME_HEADER_BYTES, end));
      bytes = bytes.subarray(end);
    }
    header = bytes;
  };

  return { push, rest: () => header };
}

function lengthAt(bytes: Uint8Array): number {
  return ((bytes[0]! << 24) | (bytes[1]! << 16) | (bytes[2]! << 8) | bytes[3]!) >>> 0;
}
