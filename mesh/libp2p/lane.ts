// One lane to one peer: a bounded queue of frames that leaves in large pieces, and the frames that arrive.

import type { Stream } from '@libp2p/interface';
import { pipe } from 'it-pipe';
import { Uint8ArrayList } from 'uint8arraylist';
import {
  FRAME_HEADER_BYTES,
  FRAME_LIMIT_BYTES,
  createFrameReader,
  joinedFrames,
} from '../messages/framing.ts';
import type { Lane as LaneName } from '../transport.ts';

/** Bytes that may wait for the network per lane; what is more is refused by `send`. */
export const LANE_LIMIT_BYTES: Readonly<Record<LaneName, number>> = {
  control: 8 * 1024 * 1024,
  log: 32 * 1024 * 1024,
  bulk: 32 * 1024 * 1024,
};

/** Frames are joined up to this size, so that one encryption and one write carries many. */
const PIECE_BYTES = 64 * 1024;

export interface Lane {
  /** False when the queue is full. Frames over the limit are a caller's bug and refused alike. */
  readonly send: (frame: Uint8Array) => boolean;
  /** Takes nothing more; what waits goes out, then this direction ends. What comes in is still received. */
  readonly finish: () => void;
  /** Resolves when nothing more comes in. */
  readonly ended: Promise<void>;
  /** Lets the queue end; frames not yet handed over are dropped. */
  readonly close: () => void;
}

/**
 * Frames of one lane handled before everybody else has a turn: what comes faster than it is dealt with stays with its
 * sender, held up by the window of the stream, and not in the mailboxes of actors that others want to reach too.
 */
const FRAMES_PER_TURN = 256;

/**
 * `lost` is called once, when either direction ends or a frame is over the limit. Nothing is received before `after`: the
 * lane that this one takes the place of is heard to its end first.
 */
export function openLane(
  stream: Stream,
  name: LaneName,
  received: (frame: Uint8Array) => void,
  lost: (error: Error) => void,
  after: Promise<void> = Promise.resolve(),
): Lane {
  let queue: Uint8Array[] = [];
  let queuedBytes = 0;
  let isClosed = false;
  let isFinishing = false;
  let wake: (() => void) | undefined;

  const end = (error: Error): void => {
    if (isClosed) return;
    isClosed = true;
    queue = [];
    wake?.();
    lost(error);
  };

  /** All that waits when the stream asks, at most a piece: what is told in one turn leaves in one write. */
  const nextPiece = (): Uint8ArrayList => {
    let taken = 0;
    let bytes = 0;
    while (taken < queue.length && bytes < PIECE_BYTES) {
      bytes += FRAME_HEADER_BYTES + queue[taken++]!.length;
    }
    const frames = taken === queue.length ? queue : queue.slice(0, taken);
    queue = taken === queue.length ? [] : queue.slice(taken);
    queuedBytes -= bytes;
    return new Uint8ArrayList(...joinedFrames(frames));
  };

  const source = async function* (): AsyncGenerator<Uint8ArrayList> {
    for (;;) {
      if (isClosed) return;
      if (queue.length > 0) yield nextPiece();
      else if (isFinishing) return;
      else await new Promise<void>((resolve) => (wake = resolve));
    }
  };

  const read = async (): Promise<void> => {
    await after;
    let frames = 0;
    const reader = createFrameReader(FRAME_LIMIT_BYTES, (frame) => {
      frames += 1;
      received(frame);
      return !isClosed;
    });
    for await (const list of stream.source) {
      for (const chunk of list) {
        reader.push(chunk);
        if (isClosed) return;
        if (frames < FRAMES_PER_TURN) continue;
        frames = 0;
        await new Promise((resolve) => setImmediate(resolve));
      }
    }
    end(new Error('the other side ended the lane'));
  };

  pipe(source, stream.sink).catch(end);
  const ended = read().catch(end);

  return {
    send: (frame) => {
      const bytes = frame.length + FRAME_HEADER_BYTES;
      if (isClosed || isFinishing || frame.length > FRAME_LIMIT_BYTES) return false;
      if (queuedBytes + bytes > LANE_LIMIT_BYTES[name]) return false;
      queue.push(frame);
      queuedBytes += bytes;
      wake?.();
      return true;
    },
    finish: () => {
      isFinishing = true;
      wake?.();
    },
    ended,
    close: () => {
      isClosed = true;
      queue = [];
      wake?.();
    },
  };
}
