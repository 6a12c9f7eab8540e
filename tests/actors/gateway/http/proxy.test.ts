// Requests that are passed on to a pod: any method and body, headers of one hop, upgrades, and what cannot be reached.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { IncomingMessage, Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { connect, createServer as createTcpServer } from 'node:net';
import type { WebSocket } from 'ws';
import { WebSocketServer } from 'ws';
import type { Status } from '../../../../actors/gateway/status.ts';
import { failed, ok, SkeinError } from '../../../../runtime/index.ts';
import type { HttpsFixture } from './https-fixture.ts';
import { createHttpsFixture } from './https-fixture.ts';

const DEFAULT = '/api/v1/namespaces/default';
const PROXY = `${DEFAULT}/pods/p:8080/proxy`;

describe('a proxied request', () => {
  let https: HttpsFixture;
  let backend: Server;
  let asked: IncomingMessage[];
  let dialled: number[];

  beforeEach(async () => {
    https = await createHttpsFixture();
    const ports = [{ containerPort: 8080 }];
    const spec = { nodeName: 'n1', containers: [{ name: 'c', image: 'x', ports }] };
    await https.fixture.json('POST', `${DEFAULT}/pods`, { metadata: { name: 'p' }, spec });
    asked = [];
    dialled = [];
    backend = createServer((message, response) => {
      asked.push(message);
      if (message.url === '/moved') {
        response.writeHead(302, { location: '/there' }).end();
        return;
      }
      response.writeHead(207, { 'x-mine': ['a', 'b'], connection: 'x-hop', 'x-hop': 'secret' });
      response.write(`${message.method} ${message.url} `);
      message.pipe(response);
    });
    backend.listen(0, '127.0.0.1');
    await once(backend, 'listening');
    const { port } = backend.address() as AddressInfo;
    https.streams.dial = (wanted) => {
      dialled.push(wanted);
      if (wanted === 9) return failed(new SkeinError('unavailable', 'connection refused'));
      return ok(connect(port, '127.0.0.1'));
    };
  });

  afterEach(async () => {
    await https.server.close(0);
    backend.closeAllConnections();
    backend.close();
    assert.deepEqual(https.fixture.log.errors, []);
  });

  const call = (method: string, path: string, body?: string | Buffer, headers = {}) =>
    https.call({
      method,
      path,
      headers,
      identity: https.admin,
      ...(body === undefined ? {} : { body }),
    });

  for (const method of ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']) {
    it(`goes through with ${method}: path and query as they were sent, body and status`, async () => {
      const body = method === 'GET' || method === 'OPTIONS' ? undefined : 'a body';
      const path = '/a%2Fb//c/?watch=true&resourceVersion=x&q=%20';
      // Without a length: Node's client sends no body of a DELETE in frames by itself.
      const framed = method === 'DELETE' ? { 'transfer-encoding': 'chunked' } : {};
      const answer = await call(method, `${PROXY}${path}`, body, framed);
      assert.equal(answer.status, 207);
      assert.equal(answer.body, `${method} ${path} ${body ?? ''}`);
      assert.deepEqual(dialled, [8080]);
    });
  }

  it('carries a large body both ways as it comes', async () => {
    const body = Buffer.alloc(8 * 1024 * 1024, 'x');
    const answer = await call('POST', `${PROXY}/`, body);
    assert.equal(answer.body, `POST / ${body.toString()}`);
  });

  it('keeps the headers of one hop, and what proves the client, to itself', async () => {
    const answer = await call('GET', `${PROXY}/`, undefined, {
      authorization: 'Bearer admin-token',
      connection: 'x-private',
      'x-private': '1',
      'x-public': '2',
      te: 'trailers',
    });
    const { headers } = asked[0]!;
    assert.equal(headers['x-public'], '2');
    assert.deepEqual(
      [headers.authorization, headers['x-private'], headers['te']],
      [undefined, undefined, undefined],
    );
    assert.equal(headers['x-forwarded-uri'], `${PROXY}/`);
    assert.equal(headers['x-forwarded-for'], '127.0.0.1');
    assert.equal(answer.headers['x-mine'], 'a, b');
    assert.equal(answer.headers['x-hop'], undefined);
  });

  it('is sent to the path with a slash, and stays within the proxy when it is redirected', async () => {
    const bare = await call('GET', `${PROXY}?a=b`);
    assert.deepEqual([bare.status, bare.headers.location], [301, `${PROXY}/?a=b`]);
    const moved = await call('GET', `${PROXY}/moved`);
    assert.deepEqual([moved.status, moved.headers.location], [302, `${PROXY}/there`]);
  });

  it('goes to the first port that the pod declares when it names none', async () => {
    await call('GET', `${DEFAULT}/pods/p/proxy/`);
    assert.deepEqual(dialled, [8080]);
  });

  it('goes to a ready endpoint of a Service, by the name or number of its port', async () => {
    const ports = [{ name: 'web', port: 80, targetPort: 8080 }];
    await https.fixture.json('POST', `${DEFAULT}/services`, {
      metadata: { name: 's' },
      spec: { ports },
    });
    const none = await call('GET', `${DEFAULT}/services/s:web/proxy/`);
    assert.equal(none.status, 503);
    assert.match(none.body, /no endpoints available for service \\"s\\"/);
    const slices = '/apis/discovery.k8s.io/v1/namespaces/default/endpointslices';
    const endpoint = (uid: string, ready: boolean) => ({
      addresses: ['10.0.0.1'],
      conditions: { ready },
      nodeName: 'n1',
      targetRef: { kind: 'Pod', name: 'p', namespace: 'default', uid },
    });
    const made = await https.fixture.json('POST', slices, {
      metadata: { name: 's-1', labels: { 'kubernetes.io/service-name': 's' } },
      addressType: 'IPv4',
      ports: [{ name: 'web', port: 8080, protocol: 'TCP' }],
      endpoints: [endpoint('u1', true), endpoint('u2', false)],
    });
    assert.equal(made['kind'], 'EndpointSlice');
    for (const name of ['s:web', 's:80', 'http:s:web']) {
      assert.equal((await call('GET', `${DEFAULT}/services/${name}/proxy/`)).status, 207, name);
    }
    assert.deepEqual(dialled, [8080, 8080, 8080]);
    const other = await call('GET', `${DEFAULT}/services/s:81/proxy/`);
    assert.match(other.body, /no service port 81 found for service \\"s\\"/);
  });

  const refusals: readonly (readonly [string, string, number, RegExp])[] = [
    [
      'nothing that listens',
      `${DEFAULT}/pods/p:9/proxy/`,
      503,
      /error trying to reach service: connection refused/,
    ],
    ['a pod that is not there', `${DEFAULT}/pods/q:80/proxy/`, 404, /pods "q" not found/],
    ['a port that is none', `${DEFAULT}/pods/p:x/proxy/`, 400, /invalid port "x"/],
    ['a scheme that is none', `${DEFAULT}/pods/ftp:p:80/proxy/`, 400, /invalid proxy request/],
    ['a node', '/api/v1/nodes/n1/proxy/pods', 405, /nodes have no API of their own/],
  ];
  for (const [what, path, code, words] of refusals) {
    it(`is refused in words for ${what}`, async () => {
      const answer = await call('GET', path);
      const status = JSON.parse(answer.body) as Status;
      assert.equal(answer.status, code);
      assert.match(status.message ?? '', words);
    });
  }

  it('is refused in words when what listens speaks no HTTP', async () => {
    const other = createTcpServer((socket) => socket.end('220 mail\r\n'));
    other.listen(0, '127.0.0.1');
    await once(other, 'listening');
    const { port } = other.address() as AddressInfo;
    https.streams.dial = () => ok(connect(port, '127.0.0.1'));
    const answer = await call('GET', `${PROXY}/`);
    assert.equal(answer.status, 503);
    assert.match(answer.body, /error trying to reach service: /);
    other.close();
  });

  it('of nobody in particular goes nowhere', async () => {
    assert.equal((await https.call({ path: `${PROXY}/` })).status, 401);
    assert.deepEqual(dialled, []);
  });

  it('upgrades to a WebSocket of the pod', async () => {
    const sockets = new WebSocketServer({ server: backend });
    sockets.on('connection', (socket: WebSocket) => {
      socket.on('message', (data: Buffer) => socket.send(`echo ${data.toString()}`));
    });
    const socket = https.webSocket(`${PROXY}/chat`, []);
    await once(socket, 'open');
    socket.send('hello');
    const [data] = (await once(socket, 'message')) as [Buffer];
    assert.equal(String(data), 'echo hello');
    const [server] = [...sockets.clients] as [WebSocket];
    const closed = once(server, 'close');
    socket.terminate();
    await closed;
  });

  it('that asks to upgrade is answered as the pod answers', async () => {
    const socket = https.webSocket(`${PROXY}/plain`, []);
    const [, response] = (await once(socket, 'unexpected-response')) as [unknown, IncomingMessage];
    let body = '';
    for await (const chunk of response) body += String(chunk);
    assert.equal(response.statusCode, 207);
    assert.equal(body, 'GET /plain ');
  });
});
