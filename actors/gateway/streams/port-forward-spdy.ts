// Port-forwarding over a SPDY session: for each connection the client opens an error and a data stream.

import type { Duplex } from 'node:stream';
import type { Clock, Timer } from '../../../runtime/index.ts';
import type { PortDialer } from './port-forward.ts';
import { forwardingError, joinConnection, portNumber } from './port-forward.ts';
import type { SpdyHeaders } from './spdy/spdy-headers.ts';
import { serveSpdy } from './spdy/spdy-connection.ts';

/** The second stream of a connection must follow the first within this. */
const PAIR_WAIT_MS = 30_000;

/** Characters of a request's id. */
const MAX_ID_LENGTH = 64;

/** The streams of one connection, as far as they are there. */
interface Pair {
  readonly port: number;
  readonly streams: Map<string, Duplex>;
  readonly late: Timer;
}

/** Runs until the client goes. The reason of a broken session, if any. */
export async function forwardPortsSpdy(
  wire: Duplex,
  dial: PortDialer,
  clock: Clock,
): Promise<string | undefined> {
  const pairs = new Map<string, Pair>();

  const pairOf = (id: string, port: number): Pair => {
    const found = pairs.get(id);
    if (found !== undefined) return found;
    const streams = new Map<string, Duplex>();
    const late = clock.setTimer(PAIR_WAIT_MS, () => {
      pairs.delete(id);
      for (const stream of streams.values()) stream.destroy();
    });
    const pair = { port, streams, late };
    pairs.set(id, pair);
    return pair;
  };
  const take = (headers: SpdyHeaders, stream: Duplex): void => {
    const type = headers.get('streamtype') ?? '';
    const id = headers.get('requestid') ?? '';
    const port = portNumber(headers.get('port') ?? '');
    const isKnown = (type === 'error' || type === 'data') && id !== '';
    if (!isKnown || id.length > MAX_ID_LENGTH || port === undefined) {
      stream.destroy();
      return;
    }
    const pair = pairOf(id, port);
    if (pair.streams.has(type) || pair.port !== port) {
      stream.destroy();
      return;
    }
    pair.streams.set(type, stream);
    if (pair.streams.size < 2) return;
    pair.late.cancel();
    pairs.delete(id);
    void forward(port, pair.streams.get('data')!, pair.streams.get('error')!, dial);
  };

  const why = await serveSpdy(wire, clock, take).closed;
  for (const { late } of pairs.values()) late.cancel();
  return why;
}

async function forward(
  port: number,
  data: Duplex,
  errors: Duplex,
  dial: PortDialer,
): Promise<void> {
  // The client says nothing on it.
  errors.resume();
  const dialled = await dial(port);
  if (!dialled.ok) {
    errors.end(forwardingError(port, dialled.error.message));
    data.resume();
    data.end();
    return;
  }
  if (data.destroyed) {
    dialled.value.destroy();
    errors.end();
    return;
  }
  const why = await joinConnection(data, dialled.value);
  errors.end(why === undefined ? undefined : forwardingError(port, why));
}
