// The gateway on a real socket of loopback, and clients of it.

import { request } from 'node:https';
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { WebSocket } from 'ws';
import { overBinaryMessages } from './binary-messages.ts';
import type { ApiServer } from '../../../../actors/gateway/http/https-server.ts';
import { startHttpsServer } from '../../../../actors/gateway/http/https-server.ts';
import type { Clock } from '../../../../runtime/index.ts';
import type { Issued, TestAuthority } from '../certificates.ts';
import { createAuthority } from '../certificates.ts';
import type { FakeStreams } from '../fake-streams.ts';
import { createFakeStreams } from '../fake-streams.ts';
import type { Fixture } from '../gateway-fixture.ts';
import { createFixture } from '../gateway-fixture.ts';

const realClock: Clock = {
  monotonicMs: () => performance.now(),
  wallMs: () => Date.now(),
  setTimer: (delayMs, fire) => {
    const timer = setTimeout(fire, delayMs);
    return { cancel: () => clearTimeout(timer) };
  },
};

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

export interface Call {
  readonly method?: string;
  readonly path: string;
  readonly body?: string | Buffer;
  readonly headers?: Record<string, string>;
  readonly identity?: Issued;
}

export interface HttpsFixture {
  readonly fixture: Fixture;
  readonly streams: FakeStreams;
  readonly server: ApiServer;
  readonly authority: TestAuthority;
  readonly admin: Issued;
  /** The response as soon as its headers are there. */
  readonly open: (call: Call) => Promise<IncomingMessage>;
  readonly call: (call: Call) => Promise<Answer>;
  readonly webSocket: (path: string, protocols: string[]) => WebSocket;
  /** The socket once it has been upgraded. */
  readonly spdy: (path: string, protocol: string) => Promise<Duplex>;
  /** The binary messages of a WebSocket as a byte stream. */
  readonly tunnel: (path: string, protocol: string) => Promise<Duplex>;
}

export async function createHttpsFixture(): Promise<HttpsFixture> {
  const streams = createFakeStreams();
  const fixture = await createFixture({ streams });
  const authority = await createAuthority();
  const serving = await authority.issue('CN=peer', 'server', ['127.0.0.1']);
  const admin = await authority.issue('CN=admin, O=system:masters', 'client');
  const server = await startHttpsServer({
    host: '127.0.0.1',
    port: 0,
    tls: { ...serving, clientAuthority: authority.certificate },
    gateway: fixture.gateway,
    clock: realClock,
    log: fixture.log,
  });
  const ca = authority.certificate;
  const open: HttpsFixture['open'] = ({ method = 'GET', path, body, headers, identity }) =>
    new Promise((resolve, reject) => {
      const asked = request(
        {
          host: '127.0.0.1',
          port: server.port,
          method,
          path,
          headers,
          ca,
          agent: false,
          ...(identity === undefined ? {} : { key: identity.key, cert: identity.certificate }),
        },
        resolve,
      );
      asked.on('error', reject);
      asked.end(body);
    });
  /** The socket once the server has agreed to `protocol`, which is asked for and told in the header `name`. */
  const upgraded = (
    method: string,
    path: string,
    name: string,
    protocol: string,
    headers: Readonly<Record<string, string>>,
  ): Promise<Duplex> =>
    new Promise((resolve, reject) => {
      const asked = request({
        host: '127.0.0.1',
        port: server.port,
        method,
        path,
        headers: { ...headers, connection: 'Upgrade', [name]: protocol },
        ca,
        agent: false,
        key: admin.key,
        cert: admin.certificate,
      });
      asked.on('error', reject);
      asked.on('response', ({ statusCode }) => reject(new Error(`refused: ${statusCode}`)));
      asked.on('upgrade', (response, socket, head) => {
        if (head.length > 0) socket.unshift(head);
        if (response.headers[name] === protocol) resolve(socket);
        else reject(new Error(`agreed to ${String(response.headers[name])}`));
      });
      asked.end();
    });
  return {
    fixture,
    streams,
    server,
    authority,
    admin,
    open,
    call: async (call) => {
      const response = await open(call);
      let body = '';
      for await (const chunk of response) body += String(chunk);
      return { status: response.statusCode ?? 0, headers: response.headers, body };
    },
    spdy: (path, protocol) =>
      upgraded('POST', path, 'x-stream-protocol-version', protocol, { upgrade: 'SPDY/3.1' }),
    tunnel: async (path, protocol) =>
      overBinaryMessages(
        await upgraded('GET', path, 'sec-websocket-protocol', protocol, {
          upgrade: 'websocket',
          'sec-websocket-version': '13',
          'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==',
        }),
      ),
    webSocket: (path, protocols) =>
      new WebSocket(`wss://127.0.0.1:${server.port}${path}`, protocols, {
        ca,
        key: admin.key,
        cert: admin.certificate,
      }),
  };
}

/** Lines of a response as they come. */
export async function* linesOf(response: IncomingMessage): AsyncGenerator<string> {
  let rest = '';
  for await (const chunk of response) {
    const lines = (rest + String(chunk)).split('\n');
    rest = lines.pop()!;
    yield* lines;
  }
}
