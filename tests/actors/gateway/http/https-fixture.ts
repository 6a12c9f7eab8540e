// The gateway on a real socket of loopback, and clients of it.

import { request } from 'node:https';
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import { WebSocket } from 'ws';
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
