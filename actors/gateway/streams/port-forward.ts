// Connections to a pod's ports: what is asked, and how a connection is joined with a client's stream.

import type { Duplex } from 'node:stream';
import type { Result } from '../../../runtime/index.ts';
import { badRequest } from '../status.ts';

/** Connects to a port of the pod. */
export type PortDialer = (port: number) => Promise<Result<Duplex>>;

/** Ports of one request over WebSocket channels. */
const MAX_PORTS = 64;

const LARGEST_PORT = 65_535;

/** A port as text; undefined for what is none. */
export function portNumber(text: string): number | undefined {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : 0;
  return port >= 1 && port <= LARGEST_PORT ? port : undefined;
}

/** The ports of a query. Throws 400. */
export function forwardedPorts(query: URLSearchParams): readonly number[] {
  const texts = query.getAll('ports').flatMap((text) => text.split(','));
  if (texts.length > MAX_PORTS) {
    throw badRequest(`query parameter "ports" names ${texts.length}; ${MAX_PORTS} are allowed`);
  }
  return texts.map((text) => {
    const port = portNumber(text.trim());
    if (port !== undefined) return port;
    throw badRequest(
      `query parameter "ports" holds ${JSON.stringify(text.slice(0, 32))}: ` +
        `a port is a number from 1 to ${LARGEST_PORT}`,
    );
  });
}

/** What a client reads of a connection that could not be made, or broke. */
export const forwardingError = (port: number, why: string): string =>
  `error forwarding port ${port}: ${why}`;

/**
 * Joins both ways: each end passes on, each reset cuts the other side.
 * Resolves once both are gone, with the words of the connection's failure if it failed.
 */
export function joinConnection(stream: Duplex, connection: Duplex): Promise<string | undefined> {
  let why: string | undefined;
  stream.pipe(connection);
  connection.pipe(stream);
  connection.on('error', (error: Error) => {
    why = error.message;
    stream.destroy();
  });
  stream.on('error', () => connection.destroy());
  const gone = (one: Duplex, other: Duplex): Promise<void> =>
    new Promise((resolve) => {
      const cut = (): void => {
        // Cut before both sides had said all they had: the other side has nobody to talk to.
        if (!one.readableEnded || !one.writableFinished) other.destroy();
        resolve();
      };
      if (one.closed) cut();
      else one.once('close', cut);
    });
  return Promise.all([gone(stream, connection), gone(connection, stream)]).then(() => why);
}
