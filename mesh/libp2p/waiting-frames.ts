// Frames for peers whose link is still being made: few, small, and not for long. Pure.

import type { Lane, PeerId } from '../transport.ts';

/** Frames that may wait for one peer. */
const WAITING_LIMIT = 256;

/** Their bytes. */
const WAITING_LIMIT_BYTES = 1024 * 1024;

/** Bytes that may wait for all peers together. */
const WAITING_TOTAL_LIMIT_BYTES = 16 * 1024 * 1024;

/** What waited longer is old news: whoever sent it has given up. */
export const WAITING_LIMIT_MS = 5_000;

export interface WaitingFrame {
  readonly lane: Lane;
  readonly frame: Uint8Array;
  readonly sinceMs: number;
}

export interface WaitingFrames {
  /** False when a limit is reached: the frame does not wait. */
  readonly add: (peer: PeerId, lane: Lane, frame: Uint8Array, nowMs: number) => boolean;
  /** Those that did not wait too long, in order; none of them waits any more. */
  readonly take: (peer: PeerId, nowMs: number) => readonly WaitingFrame[];
  readonly has: (peer: PeerId) => boolean;
}

export function createWaitingFrames(): WaitingFrames {
  const byPeer = new Map<PeerId, { readonly frames: WaitingFrame[]; bytes: number }>();
  let totalBytes = 0;

  return {
    add: (peer, lane, frame, nowMs) => {
      const waiting = byPeer.get(peer) ?? { frames: [], bytes: 0 };
      const isFull =
        waiting.frames.length >= WAITING_LIMIT ||
        waiting.bytes + frame.length > WAITING_LIMIT_BYTES ||
        totalBytes + frame.length > WAITING_TOTAL_LIMIT_BYTES;
      if (isFull) return false;
      waiting.frames.push({ lane, frame, sinceMs: nowMs });
      waiting.bytes += frame.length;
      totalBytes += frame.length;
      byPeer.set(peer, waiting);
      return true;
    },
    take: (peer, nowMs) => {
      const waiting = byPeer.get(peer);
      if (waiting === undefined) return [];
      byPeer.delete(peer);
      totalBytes -= waiting.bytes;
      return waiting.frames.filter(({ sinceMs }) => nowMs - sinceMs <= WAITING_LIMIT_MS);
    },
    has: (peer) => byPeer.has(peer),
  };
}
