// Yamux streams whose windows are widened late: fewer packets, the same bytes.

import { equal, ok } from 'node:assert/strict';
import { yamux } from '@chainsafe/libp2p-yamux';
import type { ComponentLogger, Logger, StreamMuxerFactory } from '@libp2p/interface';
import { pipe } from 'it-pipe';
import type { Uint8ArrayList } from 'uint8arraylist';
import { withLazyWindows } from '../../../mesh/libp2p/lazy-window.ts';

const silent = (): void => undefined;
const line: Logger = Object.assign(silent, {
  error: silent,
  trace: silent,
  enabled: false,
  newScope: () => line,
});
const logger: ComponentLogger = { forComponent: () => line };
const muxers = (): StreamMuxerFactory =>
  yamux({ enableKeepAlive: false, initialStreamWindowSize: windowBytes })({ logger });

const windowBytes = 256 * 1024;
const windowUpdate = 1;

/** Sends `pieces`, one after the other was read; counts the window updates that came back. */
async function transfer(factory: StreamMuxerFactory, pieces: readonly Uint8Array[]) {
  let read = 0;
  let updates = 0;
  let wake: () => void = silent;
  const server = factory.createStreamMuxer({
    direction: 'inbound',
    onIncomingStream: (stream) => {
      void (async () => {
        for await (const chunk of stream.source) {
          read += chunk.byteLength;
          wake();
        }
      })();
    },
  });
  const client = factory.createStreamMuxer({ direction: 'outbound' });
  const counted = async function* (source: AsyncIterable<Uint8ArrayList | Uint8Array>) {
    for await (const frame of source) {
      if (frame.subarray(1, 2)[0] === windowUpdate) updates++;
      yield frame;
    }
  };
  void pipe(client.source, server.sink);
  void pipe(server.source, counted, client.sink);
  const stream = await client.newStream('test');
  await stream.sink(
    (async function* () {
      let sent = 0;
      for (const piece of pieces) {
        yield piece;
        sent += piece.length;
        // What is larger than the window arrives only as it is widened.
        if (piece.length < windowBytes) {
          while (read < sent) await new Promise<void>((resolve) => (wake = resolve));
        }
      }
    })(),
  );
  while (read < pieces.reduce((sum, piece) => sum + piece.length, 0)) {
    await new Promise<void>((resolve) => (wake = resolve));
  }
  return { read, updates };
}

const small = Array.from({ length: 100 }, () => new Uint8Array(200));

describe('a stream with a lazy window', () => {
  it('is opened with one update, and small messages call for no more', async () => {
    const eager = await transfer(muxers(), small);
    const lazy = await transfer(withLazyWindows(muxers()), small);
    equal(lazy.read, 100 * 200);
    equal(lazy.updates, 1);
    ok(eager.updates > 50, `the library became lazy itself: ${eager.updates} updates`);
  });

  it('carries what is many times its window', async () => {
    const large = [new Uint8Array(20 * windowBytes), ...small];
    const { read, updates } = await transfer(withLazyWindows(muxers()), large);
    equal(read, 20 * windowBytes + 100 * 200);
    ok(updates > 1 && updates < 60, `${updates} updates`);
  });
});
