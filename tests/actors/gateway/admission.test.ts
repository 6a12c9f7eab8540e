// Who may ask, and what there is to ask for.

import assert from 'node:assert/strict';
import { kindDefinition, kindNames } from '../../../actors/objects/kind-table.ts';
import type { ApiRequest } from '../../../actors/gateway/request/api-request.ts';
import type { JsonObject } from '../../../actors/gateway/request/body.ts';
import { failed, ok, SkeinError } from '../../../runtime/index.ts';
import { createFixture, READER_TOKEN, request, pod } from './gateway-fixture.ts';

const AGGREGATED =
  'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,application/json';

describe('a client', () => {
  it('that proves nothing gets health and version and nothing else', async () => {
    const { gateway } = await createFixture({ roles: true });
    const status = async (path: string): Promise<number> =>
      (await gateway.handle(request('GET', path))).status;
    for (const path of ['/healthz', '/livez', '/readyz', '/version', '/healthz/ping']) {
      assert.equal(await status(path), 200, path);
    }
    for (const path of ['/api', '/apis', '/api/v1/pods', '/api/v1', '/metrics', '/', '/nope']) {
      assert.equal(await status(path), 401, path);
    }
  });

  it('with a wrong token gets 401 with a challenge, also for what is public', async () => {
    const { gateway } = await createFixture();
    for (const authorization of ['Bearer wrong', 'Bearer', 'Basic YTpi', 'Bearer a b']) {
      const response = await gateway.handle(request('GET', '/api', undefined, { authorization }));
      assert.equal(response.status, 401, authorization);
      assert.match(String(response.headers['www-authenticate']), /^Bearer/);
    }
  });

  it('with a name but without rights sees discovery and is forbidden the rest, in words', async () => {
    const { json } = await createFixture({ roles: true });
    const reader = { authorization: `Bearer ${READER_TOKEN}` };
    assert.equal((await json('GET', '/api', undefined, reader))['kind'], 'APIVersions');
    const refused = await json('GET', '/api/v1/namespaces/default/pods', undefined, reader);
    assert.equal(refused['code'], 403);
    assert.equal(
      refused['message'],
      'pods is forbidden: User "reader" cannot list resource "pods" in API group "" in the namespace "default"',
    );
  });

  it('with a certificate is who the certificate says, whatever token it sends', async () => {
    const { gateway } = await createFixture();
    const asked: ApiRequest = {
      ...request('GET', '/api/v1/pods', undefined, { authorization: 'Bearer wrong' }),
      certificateUser: { name: 'admin', groups: ['system:masters'] },
    };
    assert.equal((await gateway.handle(asked)).status, 200);
  });

  it('that may not ask makes nobody read its body', async () => {
    const { gateway } = await createFixture();
    let reads = 0;
    const body = JSON.stringify(pod('a'));
    const readBody = (): Promise<Uint8Array> => {
      reads++;
      return Promise.resolve(Buffer.from(body));
    };
    const post = request('POST', '/api/v1/namespaces/default/pods');
    assert.equal((await gateway.handle({ ...post, readBody })).status, 401);
    assert.equal(reads, 0);
  });
});

describe('discovery', () => {
  it('lists groups and resources in the classic form', async () => {
    const { json } = await createFixture();
    const groups = (await json('GET', '/apis/'))['groups'] as { name: string }[];
    const served = new Set(kindNames.map((kind) => kindDefinition(kind).names.group));
    for (const group of served) {
      assert.equal(
        groups.some(({ name }) => name === group),
        group !== '',
        group,
      );
    }
    assert.equal((await json('GET', '/apis/apps'))['kind'], 'APIGroup');
    const core = (await json('GET', '/api/v1'))['resources'] as JsonObject[];
    const pods = core.find((row) => row['name'] === 'pods');
    assert.deepEqual(pods?.['shortNames'], ['po']);
    assert.deepEqual(pods['categories'], ['all']);
    const eviction = core.find((row) => row['name'] === 'pods/eviction');
    assert.deepEqual([eviction?.['group'], eviction?.['version']], ['policy', 'v1']);
    const apps = (await json('GET', '/apis/apps/v1'))['resources'] as JsonObject[];
    const scale = apps.find((row) => row['name'] === 'deployments/scale');
    assert.deepEqual([scale?.['group'], scale?.['kind']], ['autoscaling', 'Scale']);
  });

  it('answers the aggregated form with its own content type, to those who prefer it', async () => {
    const { ask } = await createFixture();
    const response = await ask('GET', '/apis', undefined, { accept: AGGREGATED });
    assert.equal(
      response.headers['content-type'],
      'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList',
    );
    const body = response.type === 'json' ? (response.body as JsonObject) : {};
    assert.equal(body['kind'], 'APIGroupDiscoveryList');
    const plain = await ask('GET', '/apis', undefined, { accept: 'application/json' });
    assert.equal(plain.headers['content-type'], 'application/json');
  });

  it('says 404 for what is not served', async () => {
    const { json } = await createFixture();
    for (const path of [
      '/apis/nope',
      '/apis/nope/v1',
      '/api/v2',
      '/api/v1/componentstatuses',
      '/apis/apps/v1/pods',
      '/api/v1/namespaces/default/pods/a/nope/more',
      '/api/v1/nodes/n/nope',
    ]) {
      const refused = await json('GET', path);
      assert.deepEqual([refused['code'], refused['reason']], [404, 'NotFound'], path);
    }
  });

  it('tells through /readyz why a peer should not be asked', async () => {
    const { ask } = await createFixture({ unready: () => 'the log is replayed' });
    const response = await ask('GET', '/readyz');
    assert.equal(response.status, 503);
    assert.match(response.type === 'text' ? response.text : '', /the log is replayed/);
    assert.equal((await ask('GET', '/livez')).status, 200);
  });
});

describe("Skein's own group", () => {
  const peers = {
    plural: 'peers',
    singular: 'peer',
    kind: 'Peer',
    verbs: ['get', 'list', 'create'] as const,
    columns: [
      {
        name: 'Name',
        type: 'string' as const,
        cell: (object: JsonObject) => String((object['metadata'] as JsonObject)['name']),
      },
    ],
    handler: async ({ name, verb, body }: { name: string; verb: string; body: JsonObject }) => {
      if (name === 'gone') return failed(new SkeinError('not-found', 'no peer is called gone'));
      const items = [{ metadata: { name: 'p1' }, verb, body }];
      return ok({ body: name === '' ? { kind: 'PeerList', items } : items[0] });
    },
  };

  it('is answered by the handlers that are given, and listed in discovery', async () => {
    const { json, ask } = await createFixture({ extras: [peers] });
    const list = await json('GET', '/apis/skein.dev/v1/peers');
    assert.equal(list['kind'], 'PeerList');
    const resources = (await json('GET', '/apis/skein.dev/v1'))['resources'] as JsonObject[];
    assert.deepEqual(
      resources.map(({ name }) => name),
      ['peers'],
    );
    assert.equal((await ask('POST', '/apis/skein.dev/v1/peers', { a: 1 })).status, 201);
    const table = await json('GET', '/apis/skein.dev/v1/peers', undefined, {
      accept: 'application/json;as=Table;v=v1;g=meta.k8s.io',
    });
    assert.deepEqual((table['rows'] as { cells: unknown[] }[])[0]?.cells, ['p1']);
  });

  it('refuses what the handlers refuse and verbs that they do not have', async () => {
    const { json } = await createFixture({ extras: [peers] });
    const gone = await json('GET', '/apis/skein.dev/v1/peers/gone');
    assert.deepEqual([gone['code'], gone['message']], [404, 'no peer is called gone']);
    assert.equal((await json('DELETE', '/apis/skein.dev/v1/peers/p1'))['code'], 405);
    assert.equal((await json('GET', '/apis/skein.dev/v1/zones'))['code'], 404);
  });
});
