// The API over HTTP/2: requests and watches on one connection, its limits and its end.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, constants } from 'node:http2';
import type { ClientHttp2Session, ClientHttp2Stream, IncomingHttpHeaders } from 'node:http2';
import { gunzipSync } from 'node:zlib';
import { pod, settle } from '../gateway-fixture.ts';
import type { HttpsFixture } from './https-fixture.ts';
import { createHttpsFixture } from './https-fixture.ts';

const PODS = '/api/v1/namespaces/default/pods';

interface Answer {
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

describe('the API over HTTP/2', () => {
  let https: HttpsFixture;
  const sessions: ClientHttp2Session[] = [];

  beforeEach(async () => (https = await createHttpsFixture()));
  afterEach(async () => {
    for (const session of sessions.splice(0)) session.destroy();
    await https.server.close(0);
    assert.deepEqual(https.fixture.log.errors, []);
  });

  function open(): ClientHttp2Session {
    const session = connect(`https://127.0.0.1:${https.server.port}`, {
      ca: https.authority.certificate,
      key: https.admin.key,
      cert: https.admin.certificate,
    });
    session.on('error', () => undefined);
    sessions.push(session);
    return session;
  }
  function send(
    session: ClientHttp2Session,
    method: string,
    path: string,
    body?: string | Buffer,
    headers: Record<string, string> = {},
  ): ClientHttp2Stream {
    const stream = session.request({ ':method': method, ':path': path, ...headers });
    stream.end(body);
    return stream;
  }
  async function read(stream: ClientHttp2Stream): Promise<Answer> {
    const [headers] = (await once(stream, 'response')) as [IncomingHttpHeaders];
    let body = '';
    for await (const chunk of stream) body += String(chunk);
    return { headers, body };
  }

  it('creates, reads, and knows its user by certificate', async () => {
    const session = open();
    const created = await read(send(session, 'POST', PODS, JSON.stringify(pod('a'))));
    assert.equal(created.headers[':status'], 201);
    const [one, list] = await Promise.all([
      read(send(session, 'GET', `${PODS}/a`)),
      read(send(session, 'GET', `${PODS}?limit=1`)),
    ]);
    assert.deepEqual(JSON.parse(one.body), JSON.parse(created.body));
    assert.equal((JSON.parse(list.body) as { items: unknown[] }).items.length, 1);
    const head = await read(send(session, 'HEAD', `${PODS}/a`));
    assert.deepEqual([head.headers[':status'], head.body], [200, '']);
    assert.equal((await read(send(session, 'GET', '/healthz'))).body, 'ok');
  });

  it('sends the headers of a watch at once, each event when it happens, and stops when told', async () => {
    const session = open();
    const stream = send(session, 'GET', `${PODS}?watch=1`);
    await once(stream, 'response');
    assert.equal(https.fixture.gateway.counters().watches, 1);
    await https.fixture.json('POST', PODS, pod('a'));
    const [line] = (await once(stream, 'data')) as [Buffer];
    assert.match(line.toString(), /^\{"type":"ADDED"/);
    stream.close(constants.NGHTTP2_CANCEL);
    while (https.fixture.gateway.counters().watches > 0) {
      await read(send(session, 'GET', '/healthz'));
    }
  });

  it('sends a log to its end', async () => {
    const spec = { nodeName: 'n1', containers: [{ name: 'c', image: 'x' }] };
    await https.fixture.json('POST', PODS, { metadata: { name: 'p' }, spec });
    const { headers, body } = await read(send(open(), 'GET', `${PODS}/p/log`));
    assert.deepEqual([headers[':status'], body], [200, 'hello\n']);
  });

  it('refuses a body over 3 MiB, and goes on serving the connection', async () => {
    const session = open();
    const refused = await read(send(session, 'POST', PODS, Buffer.alloc(3 * 1024 * 1024 + 1)));
    assert.equal(refused.headers[':status'], 413);
    assert.equal((await read(send(session, 'GET', '/healthz'))).body, 'ok');
  });

  it('says how many streams a connection may hold, and how large headers may be', async () => {
    const session = open();
    await once(session, 'remoteSettings');
    const { maxConcurrentStreams, maxHeaderListSize } = session.remoteSettings;
    assert.deepEqual([maxConcurrentStreams, maxHeaderListSize], [250, 32 * 1024]);
    const large = send(session, 'GET', '/healthz', undefined, { 'x-large': 'x'.repeat(60_000) });
    await assert.rejects(read(large));
    assert.equal((await read(send(open(), 'GET', '/healthz'))).body, 'ok');
  });

  it('ends a connection that opens and resets streams without end, and serves the others', async () => {
    const session = open();
    await once(session, 'connect');
    const closed = new Promise((resolve) => {
      session.once('close', resolve);
    });
    for (let count = 0; count < 5_000 && !session.closed; count++) {
      const stream = session.request({ ':path': '/healthz' });
      stream.on('error', () => undefined);
      stream.close(constants.NGHTTP2_CANCEL);
      // A client opens no more than it may hold at once, so let these go out.
      if (count % 100 === 99) await settle();
    }
    await closed;
    assert.equal((await read(send(open(), 'GET', '/healthz'))).body, 'ok');
  });

  it('answers a request in HTTP/1.1 beside it, with the same words', async () => {
    await https.fixture.json('POST', PODS, pod('a'));
    const two = await read(send(open(), 'GET', PODS));
    const one = await https.call({ path: PODS, identity: https.admin });
    assert.equal(one.body, two.body);
    assert.equal(one.headers['content-type'], two.headers['content-type']);
  });

  it('sends a long list whole, compressed or not', async () => {
    const annotations = { words: 'goose '.repeat(40_000) };
    for (const name of ['a', 'b', 'c']) {
      await https.fixture.json('POST', PODS, { ...pod(name), metadata: { name, annotations } });
    }
    const session = open();
    const plain = await read(send(session, 'GET', PODS));
    assert.ok(plain.body.length > 700_000);
    const zipped = send(session, 'GET', PODS, undefined, { 'accept-encoding': 'gzip' });
    const [headers] = (await once(zipped, 'response')) as [IncomingHttpHeaders];
    assert.equal(headers['content-encoding'], 'gzip');
    const chunks: Buffer[] = [];
    for await (const chunk of zipped) chunks.push(chunk as Buffer);
    assert.equal(gunzipSync(Buffer.concat(chunks)).toString(), plain.body);
  });

  it('ends its watches and tells its clients to go when it closes', async () => {
    const session = open();
    const watch = send(session, 'GET', `${PODS}?watch=1`);
    await once(watch, 'response');
    const [told, gone] = [once(session, 'goaway'), once(session, 'close')];
    const ended = once(watch.resume(), 'end');
    await https.server.close(10_000);
    await Promise.all([told, ended, gone]);
  });
});
