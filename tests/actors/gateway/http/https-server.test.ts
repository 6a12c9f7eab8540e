// The API over TLS on loopback: certificates, tokens, watches, limits, the end.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { connect } from 'node:tls';
import { startHttpsServer } from '../../../../actors/gateway/http/https-server.ts';
import type { KubernetesObject } from '../../../../actors/objects/kinds.ts';
import { encodeObject } from '../../../../actors/objects/object-codec.ts';
import { SkeinError } from '../../../../runtime/index.ts';
import { createAuthority } from '../certificates.ts';
import { ADMIN_TOKEN, pod } from '../gateway-fixture.ts';
import type { HttpsFixture } from './https-fixture.ts';
import { createHttpsFixture, linesOf } from './https-fixture.ts';

const PODS = '/api/v1/namespaces/default/pods';
const BEARER = { authorization: `Bearer ${ADMIN_TOKEN}` };

describe('the API over TLS', () => {
  let https: HttpsFixture;

  beforeEach(async () => {
    https = await createHttpsFixture();
  });

  afterEach(async () => {
    await https.server.close(0);
    assert.deepEqual(https.fixture.log.errors, []);
  });

  it('knows a user by a certificate of its authority, and groups by its organisations', async () => {
    const identity = https.admin;
    assert.equal((await https.call({ path: PODS, identity })).status, 200);
    const plain = await https.authority.issue('CN=somebody', 'client');
    const refused = await https.call({ path: PODS, identity: plain });
    assert.equal(refused.status, 403);
    assert.match(refused.body, /User \\"somebody\\" cannot list/);
  });

  it('takes no certificate of another authority, and none that was issued to a server', async () => {
    const other = await createAuthority('CN=another');
    const foreign = await other.issue('CN=admin, O=system:masters', 'client');
    assert.equal((await https.call({ path: PODS, identity: foreign })).status, 401);
    const serving = await https.authority.issue('CN=admin, O=system:masters', 'server');
    assert.equal((await https.call({ path: PODS, identity: serving })).status, 401);
  });

  it('knows a user by a bearer token, and nobody without', async () => {
    assert.equal((await https.call({ path: PODS, headers: BEARER })).status, 200);
    assert.equal((await https.call({ path: PODS })).status, 401);
    const healthy = await https.call({ path: '/healthz' });
    assert.deepEqual([healthy.status, healthy.body], [200, 'ok']);
  });

  /** Beyond what waits for a client at a time. */
  const fill = async (count: number): Promise<void> => {
    const one = await https.fixture.json('POST', PODS, pod('pattern'));
    await https.fixture.json('DELETE', `${PODS}/pattern`);
    const { metadata, ...rest } = one as { metadata: Record<string, unknown> };
    for (let from = 0; from < count; from += 500) {
      https.fixture.store.apply({
        compare: [],
        success: Array.from({ length: 500 }, (_, i) => {
          const name = `pod-${String(from + i).padStart(6, '0')}`;
          const object = {
            ...rest,
            metadata: { ...metadata, name, uid: name },
          } as KubernetesObject;
          const value = encodeObject('Pod', object);
          return { type: 'put', key: `/registry/pods/default/${name}`, value };
        }),
        failure: [],
      });
    }
  };

  it('sends a long list whole to a client that reads slowly, while it answers others', async () => {
    await fill(4_000);
    const identity = https.admin;
    const slow = await https.open({ path: PODS, identity });
    slow.pause();
    const other = await https.call({ path: `${PODS}/pod-000007`, identity });
    assert.equal(other.status, 200);
    const parts: Buffer[] = [];
    for await (const part of slow) parts.push(part as Buffer);
    const { items } = JSON.parse(Buffer.concat(parts).toString()) as { items: unknown[] };
    assert.equal(items.length, 4_000);
    assert.deepEqual(items[7], JSON.parse(other.body));
  });

  it('stops putting a list into words for a client that has gone', async () => {
    await fill(4_000);
    const gone = await https.open({ path: PODS, identity: https.admin });
    gone.destroy();
    await once(gone, 'close');
    assert.equal((await https.call({ path: '/healthz' })).status, 200);
  });

  it('creates and reads', async () => {
    const identity = https.admin;
    const body = JSON.stringify(pod('a'));
    const created = await https.call({ method: 'POST', path: PODS, body, identity });
    assert.equal(created.status, 201);
    const read = await https.call({ path: `${PODS}/a`, identity });
    assert.deepEqual(JSON.parse(read.body), JSON.parse(created.body));
    const head = await https.call({ method: 'HEAD', path: `${PODS}/a`, identity });
    assert.deepEqual([head.status, head.body], [200, '']);
  });

  it('answers in lines when that is asked for, and to those who look with curl', async () => {
    const identity = https.admin;
    await https.fixture.json('POST', PODS, pod('a'));
    const isPretty = async (query: string, agent = ''): Promise<boolean> => {
      const headers = { 'user-agent': agent };
      const { body } = await https.call({ path: `${PODS}/${query}`, headers, identity });
      const list = JSON.parse(body) as { kind: string };
      assert.equal(list.kind, 'PodList');
      return body === JSON.stringify(list, null, 2);
    };
    assert.equal(await isPretty('?pretty=true'), true);
    assert.equal(await isPretty('', 'curl/8.0'), true);
    assert.equal(await isPretty('?pretty=false', 'curl/8.0'), false);
    assert.equal(await isPretty(''), false);
    assert.equal(await isPretty('?pretty=1&labelSelector=no'), true);
  });

  it('opens no watch for a HEAD', async () => {
    const path = `${PODS}?watch=1`;
    const { status } = await https.call({ method: 'HEAD', path, identity: https.admin });
    assert.equal(status, 200);
    assert.equal(https.fixture.gateway.counters().watches, 0);
  });

  it('sends the headers of a watch at once and each event as a line when it happens', async () => {
    const response = await https.open({ path: `${PODS}?watch=1`, identity: https.admin });
    assert.equal(response.statusCode, 200);
    const lines = linesOf(response);
    for (const name of ['a', 'b']) {
      await https.fixture.json('POST', PODS, pod(name));
      const { value } = await lines.next();
      const event = JSON.parse(String(value)) as { type: string; object: { metadata: object } };
      assert.equal(event.type, 'ADDED');
      assert.equal((event.object.metadata as { name: string }).name, name);
    }
    response.destroy();
  });

  it('stops a watch when its client goes', async () => {
    const response = await https.open({ path: `${PODS}?watch=1`, identity: https.admin });
    const lines = linesOf(response);
    await https.fixture.json('POST', PODS, pod('a'));
    await lines.next();
    assert.equal(https.fixture.gateway.counters().watches, 1);
    response.destroy();
    // The server has heard of it when it answers on a connection that was made later.
    while (https.fixture.gateway.counters().watches > 0) await https.call({ path: '/healthz' });
  });

  it('sends a log to its end', async () => {
    const spec = { nodeName: 'n1', containers: [{ name: 'c', image: 'x' }] };
    await https.fixture.json('POST', PODS, { metadata: { name: 'p' }, spec });
    const answer = await https.call({ path: `${PODS}/p/log`, identity: https.admin });
    assert.deepEqual([answer.status, answer.body], [200, 'hello\n']);
  });

  it('refuses a body over 3 MiB with 413 without waiting for its end', async () => {
    const length = String(3 * 1024 * 1024 + 1);
    const socket = connect({
      host: '127.0.0.1',
      port: https.server.port,
      ca: https.authority.certificate,
      key: https.admin.key,
      cert: https.admin.certificate,
    });
    await once(socket, 'secureConnect');
    socket.write(`POST ${PODS} HTTP/1.1\r\nHost: x\r\nContent-Length: ${length}\r\n\r\n{`);
    const [answer] = (await once(socket, 'data')) as [Buffer];
    assert.match(answer.toString(), /^HTTP\/1.1 413 /);
    socket.destroy();
  });

  it('serves with a new certificate once it is replaced, and keeps the old when the new is broken', async () => {
    const next = await createAuthority('CN=next');
    const serving = await next.issue('CN=peer', 'server', ['127.0.0.1']);
    const tls = { ...serving, clientAuthority: next.certificate };
    assert.throws(
      () => https.server.replaceCertificate({ ...tls, key: 'not a key' }),
      (error) => error instanceof SkeinError && error.code === 'invalid',
    );
    assert.equal((await https.call({ path: '/healthz' })).status, 200);
    https.server.replaceCertificate(tls);
    await assert.rejects(
      https.call({ path: '/healthz' }),
      'the old authority is not served any more',
    );
    const socket = connect({ host: '127.0.0.1', port: https.server.port, ca: next.certificate });
    await once(socket, 'secureConnect');
    assert.equal(socket.authorized, true);
    socket.destroy();
  });

  it('says which address is taken and what to do', async () => {
    const blocker = createServer();
    blocker.listen(0, '127.0.0.1');
    await once(blocker, 'listening');
    const { port } = blocker.address() as AddressInfo;
    const serving = await https.authority.issue('CN=peer', 'server', ['127.0.0.1']);
    await assert.rejects(
      startHttpsServer({
        host: '127.0.0.1',
        port,
        tls: { ...serving, clientAuthority: https.authority.certificate },
        gateway: https.fixture.gateway,
        clock: https.fixture.clock,
        log: https.fixture.log,
      }),
      (error) =>
        error instanceof SkeinError &&
        error.message.includes(`127.0.0.1:${port}`) &&
        error.message.includes('--api-listen'),
    );
    blocker.close();
  });

  it('ends its watches when it closes', async () => {
    const response = await https.open({ path: `${PODS}?watch=1`, identity: https.admin });
    const ended = once(response.resume(), 'end');
    await https.server.close(10_000);
    await ended;
  });
});
