// A stream that begins with a few small messages and goes on as bytes: for what travels through a relay.

import type { Stream } from '@libp2p/interface';
import type { Uint8ArrayList } from 'uint8arraylist';
import type { z } from 'zod';
import { pack, SkeinError, unpack } from '../../runtime/index.ts';
import { createFrameReader, framed } from '../messages/framing.ts';

/** A message, encoded: a peer id, or why not. */
const GREETING_LIMIT_BYTES = 2_048;

export type Bytes = AsyncIterable<Uint8Array | Uint8ArrayList>;

export interface GreetedStream {
  readonly write: (message: unknown) => void;
  /** The next message. Rejects: corrupt (does not fit), too-large, stopped (stream ended, or the signal aborted). */
  readonly read: <T>(schema: z.ZodType<T>) => Promise<T>;
  /** What comes after the last message that was read. Once. */
  readonly source: () => AsyncGenerator<Uint8Array | Uint8ArrayList>;
  /** Sends what was written, then these bytes, and ends this direction. Once. */
  readonly sink: (bytes: Iterable<never> | Bytes) => Promise<void>;
  readonly abort: (error: Error) => void;
}

/** Owns both directions of `stream`. `signal` bounds the messages in time, not the bytes. */
export function createGreetedStream(stream: Stream, signal: AbortSignal): GreetedStream {
  const greetings: Uint8Array[] = [];
  let bytes: Iterable<never> | Bytes | undefined;
  let wake: (() => void) | undefined;

  const outgoing = async function* (): AsyncGenerator<Uint8Array | Uint8ArrayList> {
    for (;;) {
      const next = greetings.shift();
      if (next !== undefined) yield next;
      else if (bytes !== undefined) {
        yield* bytes;
        return;
      } else await new Promise<void>((resolve) => (wake = resolve));
    }
  };
  const sent = stream.sink(outgoing());
  // Told to whoever reads as well; until there are bytes nobody waits for this.
  sent.catch(() => undefined);

  const chunks = stream.source[Symbol.asyncIterator]();
  const messages: Uint8Array[] = [];
  // One message at a time: what follows may be bytes already.
  let reader = oneFrame(messages);
  const onAbort = (): void => stream.abort(new SkeinError('timeout', 'the greeting took too long'));

  return {
    write: (message) => {
      greetings.push(framed(pack(message)));
      wake?.();
    },
    read: async (schema) => {
      signal.addEventListener('abort', onAbort, { once: true });
      try {
        while (messages.length === 0) {
          const next = await chunks.next();
          if (next.done === true)
            throw new SkeinError('stopped', 'the stream ended in its greeting');
          for (const chunk of next.value) reader.push(chunk);
        }
      } finally {
        signal.removeEventListener('abort', onAbort);
      }
      const parsed = schema.safeParse(unpack(messages.shift()!));
      if (!parsed.success) {
        throw new SkeinError('corrupt', `a greeting is malformed: ${parsed.error.message}`);
      }
      const rest = reader.rest();
      reader = oneFrame(messages);
      if (rest.length > 0) reader.push(rest);
      return parsed.data;
    },
    source: async function* () {
      // A message that nobody read is bytes.
      for (const message of messages.splice(0)) yield framed(message);
      const rest = reader.rest();
      if (rest.length > 0) yield rest;
      for (;;) {
        const next = await chunks.next();
        if (next.done === true) return;
        yield next.value;
      }
    },
    sink: (source) => {
      bytes = source;
      wake?.();
      return sent;
    },
    abort: (error) => {
      bytes ??= [];
      wake?.();
      stream.abort(error);
    },
  };
}

const oneFrame = (into: Uint8Array[]): ReturnType<typeof createFrameReader> =>
  createFrameReader(GREETING_LIMIT_BYTES, (frame) => {
    into.push(frame);
    return false;
  });
