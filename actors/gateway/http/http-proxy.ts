// Passes a request on to a connection of a pod and its answer back, bodies as they come, upgrades included.

import { request as askHttp } from 'node:http';
import type { ClientRequest, IncomingMessage, OutgoingHttpHeaders } from 'node:http';
import type { Http2ServerRequest } from 'node:http2';
import type { Duplex } from 'node:stream';
import { connect as connectTls } from 'node:tls';
import type { Clock } from '../../../runtime/index.ts';
import { refusal } from '../request/api-request.ts';
import type { JsonResponse } from '../request/api-request.ts';
import { tooManyRequests, unavailable } from '../status.ts';
import { joinConnection } from '../streams/port-forward.ts';
import type { ServerMessage } from './server-message.ts';
import type { ProxyTarget } from '../streams/proxy-target.ts';

/** Requests that are passed on at once. */
const MAX_PROXIED = 512;

/** What is asked must begin to answer within this. */
const ANSWER_MS = 60_000;

/** Of one connection only (RFC 9110 section 7.6.1), and what proves the client to this API, which is nobody else's. */
const NOT_PASSED_ON = new Set([
  'authorization',
  'connection',
  'expect',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

export interface HttpProxy {
  /** Resolves once the answer is out, or with a refusal when nothing of an answer is. */
  readonly forward: (
    message: ServerMessage,
    target: ProxyTarget,
  ) => Promise<JsonResponse | undefined>;
  /** The same for a request to upgrade, whatever comes of it. */
  readonly upgrade: (
    message: IncomingMessage,
    socket: Duplex,
    head: Buffer,
    target: ProxyTarget,
  ) => Promise<JsonResponse | undefined>;
}

/** Headers that are passed on, of one side or the other. */
function passedOn(message: IncomingMessage | Http2ServerRequest): OutgoingHttpHeaders {
  const own = (message.headers.connection ?? '').toLowerCase().split(',');
  const named = new Set(own.map((name) => name.trim()));
  const all = 'headersDistinct' in message ? message.headersDistinct : message.headers;
  return Object.fromEntries(
    Object.entries(all).filter(
      // HTTP/2 has its own fields for what HTTP/1.1 has in the first line.
      ([name]) => !name.startsWith(':') && !NOT_PASSED_ON.has(name) && !named.has(name),
    ),
  );
}

/** Whether a body comes whose length is told by nothing but its frames. */
const isFramed = (message: IncomingMessage | Http2ServerRequest): boolean =>
  'stream' in message
    ? !message.stream.endAfterHeaders && message.headers['content-length'] === undefined
    : message.headers['transfer-encoding'] !== undefined;

function requestHeaders(message: IncomingMessage | Http2ServerRequest): OutgoingHttpHeaders {
  const headers = passedOn(message);
  const host = message.headers.host ?? String(message.headers[':authority'] ?? '');
  const from = [headers['x-forwarded-for'], message.socket.remoteAddress].flat();
  return {
    ...headers,
    host,
    // A body without a length needs its frames whatever the method, or it would be read as another request.
    ...(isFramed(message) ? { 'transfer-encoding': 'chunked' } : {}),
    'x-forwarded-for': from.filter((address) => address !== undefined).join(', '),
    'x-forwarded-host': host,
    'x-forwarded-proto': 'https',
    'x-forwarded-uri': message.url ?? '',
  };
}

/** A redirect within what is proxied to stays within the proxy. */
function responseHeaders(answer: IncomingMessage, base: string): OutgoingHttpHeaders {
  const headers = passedOn(answer);
  const { location } = answer.headers;
  if (location?.startsWith('/') !== true || location.startsWith('//')) return headers;
  return { ...headers, location: `${base}${location}` };
}

const queryOf = (message: IncomingMessage | Http2ServerRequest): string => {
  const url = message.url ?? '';
  const mark = url.indexOf('?');
  return mark < 0 ? '' : url.slice(mark);
};

const unreachable = (why: string): JsonResponse =>
  refusal(unavailable(`error trying to reach service: ${why}`).status);

export function createHttpProxy(clock: Clock): HttpProxy {
  let proxied = 0;

  /** Connects and asks. Resolves with the request, or with why there is none. */
  const ask = async (
    message: IncomingMessage | Http2ServerRequest,
    target: ProxyTarget,
    more: OutgoingHttpHeaders,
  ): Promise<ClientRequest | JsonResponse> => {
    const dialled = await target.dial();
    if (!dialled.ok) return unreachable(dialled.error.message);
    const plain = dialled.value;
    // As Kubernetes: whom the certificate of a pod names is not known here.
    const connection = target.isSecure
      ? connectTls({ socket: plain, rejectUnauthorized: false })
      : plain;
    connection.on('error', () => undefined);
    connection.once('close', () => plain.destroy());
    return askHttp({
      createConnection: () => connection,
      method: message.method ?? 'GET',
      path: `${target.path}${queryOf(message)}`,
      headers: { ...requestHeaders(message), ...more },
    });
  };

  const bounded = async (
    pass: () => Promise<JsonResponse | undefined>,
  ): Promise<JsonResponse | undefined> => {
    if (proxied >= MAX_PROXIED) {
      const why = `${MAX_PROXIED} requests are being passed on: ask again in a second`;
      return refusal(tooManyRequests(why).status);
    }
    proxied++;
    return pass().finally(() => proxied--);
  };

  /** Ends `asked` when nothing comes in time. */
  const limited = (asked: ClientRequest): void => {
    const late = clock.setTimer(ANSWER_MS, () => {
      asked.destroy(new Error(`no answer within ${ANSWER_MS / 1_000} s`));
    });
    for (const event of ['response', 'upgrade', 'close']) asked.once(event, () => late.cancel());
  };

  return {
    forward: ({ request: message, response }, target) =>
      bounded(async () => {
        const asked = await ask(message, target, {});
        if (!('destroy' in asked)) return asked;
        limited(asked);
        message.pipe(asked);
        return new Promise((resolve) => {
          response.once('close', () => {
            asked.destroy();
            resolve(undefined);
          });
          asked.on('error', (error) => {
            if (response.headersSent) response.destroy();
            else resolve(unreachable(error.message));
          });
          asked.on('response', (answer) => {
            response.writeHead(answer.statusCode ?? 502, responseHeaders(answer, target.base));
            // A client may wait for the headers before anything happens.
            response.flushHeaders();
            answer.pipe(response);
            // Cut in the middle: the client must not take it for the end.
            answer.on('error', () => response.destroy());
          });
        });
      }),

    upgrade: (message, socket, head, target) =>
      bounded(async () => {
        const asked = await ask(message, target, {
          connection: 'Upgrade',
          upgrade: message.headers.upgrade ?? '',
        });
        if (!('destroy' in asked)) return asked;
        limited(asked);
        asked.end();
        return new Promise((resolve) => {
          socket.once('close', () => {
            asked.destroy();
            resolve(undefined);
          });
          asked.on('error', (error) => resolve(unreachable(error.message)));
          asked.on('upgrade', (answer, connection, first) => {
            socket.write(headText(answer, answer.rawHeaders));
            if (head.length > 0) socket.unshift(head);
            if (first.length > 0) connection.unshift(first);
            socket.resume();
            void joinConnection(socket, connection).then(() => resolve(undefined));
          });
          asked.on('response', (answer) => {
            const kept = Object.entries(responseHeaders(answer, target.base)).flatMap(
              ([name, values]) => [values].flat().flatMap((value) => [name, String(value)]),
            );
            socket.write(headText(answer, [...kept, 'connection', 'close']));
            answer.pipe(socket);
          });
        });
      }),
  };
}

/** The head of an answer as bytes of HTTP/1.1, from names and values in turn. */
function headText(answer: IncomingMessage, pairs: readonly string[]): string {
  const lines = [`HTTP/1.1 ${answer.statusCode} ${answer.statusMessage ?? ''}`];
  for (let at = 0; at + 1 < pairs.length; at += 2) lines.push(`${pairs[at]}: ${pairs[at + 1]}`);
  return `${lines.join('\r\n')}\r\n\r\n`;
}
