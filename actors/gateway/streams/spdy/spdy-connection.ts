// A SPDY session on a byte stream: each stream of the client becomes a Duplex, at the pace of the slowest.
//
// Clients of Kubernetes send no window updates and obey none. What keeps memory bounded is the connection itself:
// as long as one stream's reader is behind, nothing more is read of any.

import { Duplex } from 'node:stream';
import type { Clock } from '../../../../runtime/index.ts';
import type { SpdyHeaders } from './spdy-headers.ts';
import { createSpdySession } from './spdy-session.ts';
import type { SpdyEvent } from './spdy-session.ts';

/** Bytes waiting for the client before nothing more is read of it, so that it cannot have us answer without end. */
const HIGH_WATER_BYTES = 1024 * 1024;

/** A client that went away without a word is found by this: what cannot be sent breaks the connection. */
const PING_MS = 30_000;

export interface SpdyConnection {
  /** Tells the client that nothing more comes and closes once what was written is out. */
  readonly close: () => void;
  /** Resolves when the connection is gone; with a reason when it was not SPDY that came. */
  readonly closed: Promise<string | undefined>;
}

/** `opened` is called with each new stream of the client. */
export function serveSpdy(
  wire: Duplex,
  clock: Clock,
  opened: (headers: SpdyHeaders, stream: Duplex) => void,
): SpdyConnection {
  const session = createSpdySession();
  const streams = new Map<number, Duplex>();
  /** Streams whose reader is behind. */
  const full = new Set<number>();
  let why: string | undefined;

  const send = (bytes: Buffer | undefined, done?: () => void): void => {
    if (bytes === undefined || !wire.writable) done?.();
    else wire.write(bytes, () => done?.());
  };
  const pace = (): void => {
    if (full.size > 0 || wire.writableLength > HIGH_WATER_BYTES) wire.pause();
    else wire.resume();
  };
  const streamOf = (streamId: number): Duplex => {
    const stream = new Duplex({
      read: () => {
        if (full.delete(streamId)) pace();
      },
      write: (chunk: Buffer, _encoding, done) => {
        const frames = [...session.data(streamId, chunk)];
        const last = frames.pop();
        for (const frame of frames) send(frame);
        send(last, done);
      },
      final: (done) => send(session.end(streamId), done),
      destroy: (error, done) => {
        streams.delete(streamId);
        if (full.delete(streamId)) pace();
        send(session.reset(streamId));
        done(error);
      },
    });
    // Whoever uses it may have gone; the stream's end is what is told.
    stream.on('error', () => undefined);
    return stream;
  };

  const take = (event: SpdyEvent): void => {
    switch (event.type) {
      case 'opened': {
        const stream = streamOf(event.streamId);
        streams.set(event.streamId, stream);
        opened(event.headers, stream);
        return;
      }
      case 'data':
        if (streams.get(event.streamId)?.push(event.bytes) === false) full.add(event.streamId);
        return;
      case 'ended':
        streams.get(event.streamId)?.push(null);
        return;
      case 'reset':
        streams.get(event.streamId)?.destroy();
        return;
      case 'send':
        send(event.bytes);
        return;
      case 'broken':
        why = event.why;
        wire.end(event.bytes, () => wire.destroy());
        return;
    }
  };

  wire.on('data', (chunk: Buffer) => {
    for (const event of session.receive(chunk)) take(event);
    pace();
  });
  wire.on('drain', pace);
  wire.on('error', () => wire.destroy());
  // The client sends no more frames of any kind: nobody is there.
  wire.on('end', () => wire.destroy());
  const ping = (): void => {
    send(session.ping());
    timer = clock.setTimer(PING_MS, ping);
  };
  let timer = clock.setTimer(PING_MS, ping);
  const closed = new Promise<string | undefined>((resolve) => {
    wire.once('close', () => {
      timer.cancel();
      for (const stream of streams.values()) stream.destroy();
      resolve(why);
    });
  });
  // An upgraded socket waits to be asked.
  pace();
  return {
    closed,
    close: () => {
      if (wire.writable) wire.end(session.goAway(), () => wire.destroy());
    },
  };
}
