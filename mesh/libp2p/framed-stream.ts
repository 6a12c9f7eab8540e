// Small messages over one libp2p stream, for handshakes: each bounded in size, all bounded in time.

import type { Stream } from '@libp2p/interface';
import { pipe } from 'it-pipe';
import type { z } from 'zod';
import { pack, SkeinError, unpack } from '../../runtime/index.ts';
import { createFrameReader, framed } from '../messages/framing.ts';

/** The largest message of a handshake, either way: 64 KiB. */
export const HANDSHAKE_LIMIT_BYTES = 64 * 1024;

export interface FramedStream {
  readonly write: (message: unknown) => void;
  /** The next message. Rejects: corrupt (does not fit), too-large, stopped (stream ended). */
  readonly read: <T>(schema: z.ZodType<T>) => Promise<T>;
  /** Sends what is written and ends this side. */
  readonly end: () => void;
  readonly abort: (error: Error) => void;
}

/** Owns both directions of `stream`. */
export function createFramedStream(stream: Stream): FramedStream {
  const outgoing: Uint8Array[] = [];
  const incoming: Uint8Array[] = [];
  let isEnded = false;
  let wake: (() => void) | undefined;

  const source = async function* (): AsyncGenerator<Uint8Array> {
    for (;;) {
      const next = outgoing.shift();
      if (next !== undefined) yield next;
      else if (isEnded) return;
      else await new Promise<void>((resolve) => (wake = resolve));
    }
  };
  // A stream that breaks is told to the reader; the writer needs no second word.
  pipe(source, stream.sink).catch(() => undefined);

  const reader = createFrameReader(HANDSHAKE_LIMIT_BYTES, (frame) => {
    incoming.push(frame);
    return true;
  });
  const chunks = stream.source[Symbol.asyncIterator]();

  return {
    write: (message) => {
      outgoing.push(framed(pack(message)));
      wake?.();
    },
    read: async (schema) => {
      while (incoming.length === 0) {
        const next = await chunks.next();
        if (next.done === true) {
          throw new SkeinError('stopped', 'the other side ended the handshake');
        }
        for (const chunk of next.value) reader.push(chunk);
      }
      const parsed = schema.safeParse(unpack(incoming.shift()!));
      if (parsed.success) return parsed.data;
      throw new SkeinError(
        'corrupt',
        `a message of the handshake is malformed: ${parsed.error.message}`,
      );
    },
    end: () => {
      isEnded = true;
      wake?.();
    },
    abort: (error) => {
      isEnded = true;
      wake?.();
      stream.abort(error);
    },
  };
}
