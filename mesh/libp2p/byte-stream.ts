// A libp2p stream as a Node Duplex: back-pressure both ways, each direction ends by itself.

import { Duplex } from 'node:stream';
import type { Stream } from '@libp2p/interface';
import { pipe } from 'it-pipe';
import { Uint8ArrayList } from 'uint8arraylist';

/** Bytes a reader may leave unread before the other side is held up; the muxer's window adds to it. */
const READ_AHEAD_BYTES = 64 * 1024;

/** Bytes a writer may be ahead of the network. */
const WRITE_AHEAD_BYTES = 256 * 1024;

export interface DuplexOptions {
  /** Sent ahead of what is written. */
  readonly before?: Uint8Array;
  /** What was read beyond a header. */
  readonly rest?: Uint8Array;
  /** Told of everything that came, and of everything that the other side made room for. */
  readonly moved: () => void;
}

/** `chunks` is the stream's source, of which a header may have been read already. */
export function toDuplex(
  stream: Stream,
  chunks: AsyncIterator<Uint8ArrayList>,
  { before, rest, moved }: DuplexOptions,
): Duplex {
  let pending: { readonly chunks: readonly Uint8Array[]; readonly done: () => void } | undefined;
  let isEnded = false;
  let wake: (() => void) | undefined;
  let isReading = false;

  const source = async function* (): AsyncGenerator<Uint8Array | Uint8ArrayList> {
    if (before !== undefined) yield before;
    for (;;) {
      if (pending !== undefined) {
        const { chunks, done } = pending;
        pending = undefined;
        yield chunks.length === 1 ? chunks[0]! : new Uint8ArrayList(...chunks);
        // Asked for more: the muxer has taken it.
        done();
        moved();
      } else if (isEnded) {
        return;
      } else {
        await new Promise<void>((resolve) => (wake = resolve));
      }
    }
  };

  const readNext = async (): Promise<void> => {
    isReading = true;
    try {
      for (;;) {
        const next = await chunks.next();
        if (next.done === true) {
          duplex.push(null);
          return;
        }
        moved();
        // Every chunk is pushed, full or not: they are here already, and the muxer's window bounds them.
        let wantsMore = true;
        for (const chunk of next.value) wantsMore = duplex.push(viewOf(chunk));
        if (!wantsMore) return;
      }
    } finally {
      isReading = false;
    }
  };

  const duplex = new Duplex({
    allowHalfOpen: true,
    readableHighWaterMark: READ_AHEAD_BYTES,
    writableHighWaterMark: WRITE_AHEAD_BYTES,
    read() {
      if (!isReading) readNext().catch((error: Error) => duplex.destroy(error));
    },
    write(chunk: Buffer, _encoding, done) {
      pending = { chunks: [chunk], done };
      wake?.();
    },
    writev(items: { readonly chunk: Buffer }[], done) {
      pending = { chunks: items.map(({ chunk }) => chunk), done };
      wake?.();
    },
    final(done) {
      isEnded = true;
      wake?.();
      done();
    },
    destroy(error, done) {
      isEnded = true;
      wake?.();
      // Both directions ended: nothing to reset. Otherwise the other side must learn that it broke.
      if (error !== null || !duplex.readableEnded || !duplex.writableFinished) {
        stream.abort(error ?? new Error('stream closed early'));
      }
      done(error);
    },
  });
  if (rest !== undefined && rest.length > 0) duplex.push(viewOf(rest));
  pipe(source, stream.sink).catch((error: Error) => duplex.destroy(error));
  return duplex;
}

/** The same bytes as a Buffer, not copied. */
function viewOf(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
