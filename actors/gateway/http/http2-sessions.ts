// Connections that speak HTTP/2: what one may hold, and how they end in order.

import type { ServerResponse } from 'node:http';
import type {
  Http2SecureServer,
  Http2ServerResponse,
  SecureServerOptions,
  ServerHttp2Session,
} from 'node:http2';
import { constants } from 'node:http2';
import type { Socket } from 'node:net';

/** Requests of one connection at once; a client with more opens another connection. */
const MAX_STREAMS = 250;

/**
 * Beside these, Node ends connections that open and reset streams faster than 33 a second once 1,000 were (the
 * rapid reset attack), and those that flood it with settings, pings or empty frames.
 */
export const HTTP2_LIMITS = {
  settings: { maxConcurrentStreams: MAX_STREAMS, maxHeaderListSize: 32 * 1024 },
  maxHeaderListPairs: 104,
  /** Memory of one connection, in MB: its frames, headers and what waits to be sent. */
  maxSessionMemory: 32,
  maxSessionInvalidFrames: 100,
  maxSessionRejectedStreams: 100,
} as const satisfies SecureServerOptions;

export interface Connections {
  /** Tells clients to open no more streams (GOAWAY); those that are open go on. */
  readonly close: () => void;
  /** Cuts every connection, of both versions. */
  readonly terminate: () => void;
}

/** Knows the open connections of a server. */
export function trackSessions(server: Http2SecureServer): Connections {
  const sessions = new Set<ServerHttp2Session>();
  const sockets = new Set<Socket>();
  server.on('secureConnection', (socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  server.on('session', (session) => {
    sessions.add(session);
    session.once('close', () => sessions.delete(session));
    // The client's fault, or its end; the streams of the session learn of it themselves.
    session.on('error', () => session.destroy());
  });
  return {
    close: () => {
      for (const session of sessions) session.close();
    },
    terminate: () => {
      for (const session of sessions) session.destroy();
      for (const socket of sockets) socket.destroy();
    },
  };
}

/** Resets the stream of a client that takes none of what waits for it for `stalledMs`. */
export function limitStream(response: ServerResponse, stalledMs: number): void {
  const { stream } = response as ServerResponse & Pick<Http2ServerResponse, 'stream'>;
  stream.setTimeout(stalledMs, () => {
    if (stream.writableLength > 0) stream.close(constants.NGHTTP2_CANCEL);
  });
}
