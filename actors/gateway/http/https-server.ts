// The gateway on a TLS socket: HTTP/2 and HTTP/1.1, upgrades for exec, attach and port-forward, certificates that can be replaced while it runs.
//
//   listening --close()--> draining: no new connections, watches and logs end --all gone or grace over--> closed

import { createSecureServer } from 'node:http2';
import type { Http2SecureServer, SecureServerOptions } from 'node:http2';
import type { Server } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { Clock, Logger } from '../../../runtime/index.ts';
import { asSkeinError, SkeinError } from '../../../runtime/index.ts';
import type { Gateway } from '../gateway.ts';
import { createHttpProxy } from './http-proxy.ts';
import { createStreamUpgrade } from './stream-upgrade.ts';
import { toApiRequest } from './request-reader.ts';
import { HTTP2_LIMITS, limitStream, trackSessions } from './http2-sessions.ts';
import { writeResponse } from './response-writer.ts';
import type { ServerMessage } from './server-message.ts';
import { isHttp2, serverMessage } from './server-message.ts';

const MAX_CONNECTIONS = 10_000;
const MAX_HEADER_BYTES = 32 * 1024;
const MAX_HEADERS = 100;
/** A client must have sent its headers and its body by then. */
const HEADERS_MS = 10_000;
const REQUEST_MS = 60_000;
const HANDSHAKE_MS = 10_000;
/** A connection without a request is closed after this. */
const IDLE_MS = 120_000;
/** A client that takes none of what waits for it is cut after this. */
const STALLED_MS = 60_000;
/** A silent client is asked by TCP whether it still lives. */
const KEEP_ALIVE_MS = 30_000;

/** PEM texts. */
export interface TlsMaterial {
  readonly key: string;
  /** The serving certificate, with intermediates if there are any. */
  readonly certificate: string;
  /** Whose client certificates name users. */
  readonly clientAuthority: string;
}

export interface ApiServerOptions {
  readonly host: string;
  /** 0 lets the system choose. */
  readonly port: number;
  readonly tls: TlsMaterial;
  readonly gateway: Gateway;
  readonly clock: Clock;
  readonly log: Logger;
}

export interface ApiServer {
  readonly host: string;
  readonly port: number;
  /** For new connections; those that are open stay. Throws `invalid` for material that does not fit together. */
  readonly replaceCertificate: (tls: TlsMaterial) => void;
  /** Ends watches and logs, lets running requests finish, and cuts what is left after `graceMs`. */
  readonly close: (graceMs: number) => Promise<void>;
}

const secureContext = ({ key, certificate, clientAuthority }: TlsMaterial) => ({
  key,
  cert: certificate,
  ca: clientAuthority,
  minVersion: 'TLSv1.2' as const,
});

function listenError(error: NodeJS.ErrnoException, host: string, port: number): SkeinError {
  const at = `${host}:${port}`;
  const remedy = 'choose another with --api-listen HOST:PORT';
  const words =
    error.code === 'EADDRINUSE'
      ? `cannot listen on ${at}: another program uses this port; stop it or ${remedy}`
      : error.code === 'EACCES'
        ? `cannot listen on ${at}: not permitted; ports below 1024 need root, or ${remedy}`
        : error.code === 'EADDRNOTAVAIL'
          ? `cannot listen on ${at}: this machine has no such address; ${remedy}`
          : `cannot listen on ${at}: ${error.message}`;
  return new SkeinError('unavailable', words, { host, port }, error);
}

/** What Node's HTTP/2 server takes for its HTTP/1.1 half, though it is not declared to. */
type BothServer = Http2SecureServer &
  Pick<
    Server,
    'maxHeadersCount' | 'headersTimeout' | 'requestTimeout' | 'keepAliveTimeout' | 'timeout'
  >;

async function listen(server: BothServer, host: string, port: number): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    const onError = (error: Error): void => reject(listenError(error, host, port));
    server.once('error', onError);
    server.listen({ host, port }, () => {
      server.off('error', onError);
      resolve();
    });
  });
}

function limit(server: BothServer): void {
  server.maxConnections = MAX_CONNECTIONS;
  server.maxHeadersCount = MAX_HEADERS;
  server.headersTimeout = HEADERS_MS;
  server.requestTimeout = REQUEST_MS;
  server.keepAliveTimeout = IDLE_MS;
  server.timeout = STALLED_MS;
  // A watch may be silent for long; only a client that leaves bytes waiting is stalled.
  server.on('timeout', (socket: Partial<Socket>) => {
    if ((socket.writableLength ?? 0) > 0) socket.destroy?.();
  });
  server.on('secureConnection', (socket) => {
    socket.setKeepAlive(true, KEEP_ALIVE_MS);
    socket.setNoDelay(true);
  });
  server.on('clientError', (_error: Error, socket: Duplex) => {
    if (socket.writable) socket.end('HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n');
    else socket.destroy();
  });
}

/** Opens the socket. Throws `unavailable` for an address that cannot be had, `invalid` for bad certificates. */
export async function startHttpsServer(options: ApiServerOptions): Promise<ApiServer> {
  const { gateway, log, clock } = options;
  const stops = new Set<() => void>();
  const proxy = createHttpProxy(clock);

  const serve = async (message: ServerMessage): Promise<void> => {
    const { request, response } = message;
    const track = (stop: () => void): void => {
      stops.add(stop);
      response.once('close', () => stops.delete(stop));
    };
    if (isHttp2(message)) limitStream(response, STALLED_MS);
    const handled = await gateway.handle(toApiRequest(request));
    const answer =
      handled.type === 'proxy' ? await proxy.forward(message, handled.target) : handled;
    if (answer === undefined) return;
    // What is left of a body that was not wanted is not waited for.
    if (!request.complete && !isHttp2(message)) response.setHeader('connection', 'close');
    await writeResponse(message, answer, clock, track);
  };

  let server: BothServer;
  try {
    server = createSecureServer({
      ...secureContext(options.tls),
      ...HTTP2_LIMITS,
      allowHTTP1: true,
      requestCert: true,
      rejectUnauthorized: false,
      maxHeaderSize: MAX_HEADER_BYTES,
      handshakeTimeout: HANDSHAKE_MS,
    } as SecureServerOptions) as BothServer;
  } catch (error) {
    throw new SkeinError('invalid', 'the serving key or certificate cannot be read', {}, error);
  }
  limit(server);
  const connections = trackSessions(server);
  server.on('request', (request, response) => {
    serve(serverMessage(request, response)).catch((error: unknown) => {
      log.error('answer failed', { error: asSkeinError(error).message });
      response.destroy();
    });
  });
  const upgrade = createStreamUpgrade({ gateway, proxy, clock, log });
  server.on('upgrade', (message, socket, head) => upgrade.accept(message, socket, head));
  await listen(server, options.host, options.port);
  server.on('error', (error) => log.error('the API socket failed', { error: error.message }));
  const { address, port } = server.address() as AddressInfo;

  return {
    host: address,
    port,
    replaceCertificate: (tls) => {
      try {
        server.setSecureContext(secureContext(tls));
      } catch (error) {
        throw new SkeinError('invalid', 'the new key or certificate cannot be read', {}, error);
      }
    },
    close: async (graceMs) => {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      for (const stop of stops) stop();
      upgrade.close();
      connections.close();
      const timer = clock.setTimer(graceMs, () => {
        upgrade.terminate();
        connections.terminate();
      });
      await closed;
      timer.cancel();
    },
  };
}
