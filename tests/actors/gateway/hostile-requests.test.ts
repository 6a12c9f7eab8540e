// Whatever is sent, the answer is a refusal in words: never a 500, never a changed object.

import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import type { JsonObject } from '../../../actors/gateway/request/body.ts';
import type { Fixture } from './gateway-fixture.ts';
import { createFixture, deployment, pod } from './gateway-fixture.ts';

const RUNS = 300;

const TARGETS = [
  '/api/v1/namespaces/default/pods/a',
  '/api/v1/namespaces/default/services/s',
  '/apis/apps/v1/namespaces/default/deployments/web',
  '/apis/apps/v1/namespaces/default/deployments/web/scale',
  '/apis/apps/v1/namespaces/default/deployments/web/status',
  '/api/v1/namespaces/default',
] as const;

const PATCH_TYPES = [
  'application/json-patch+json',
  'application/merge-patch+json',
  'application/strategic-merge-patch+json',
  'application/apply-patch+yaml',
  '',
] as const;

/** Names that matter to the machinery, so that random objects reach deep. */
const key = fc.oneof(
  fc.constantFrom(
    'metadata',
    'spec',
    'status',
    'template',
    'containers',
    'name',
    'namespace',
    'uid',
    'resourceVersion',
    'labels',
    'finalizers',
    'ownerReferences',
    'ports',
    'replicas',
    'selector',
    'type',
    'clusterIP',
    '$patch',
    '$retainKeys',
    '$setElementOrder/containers',
    '$deleteFromPrimitiveList/finalizers',
    '__proto__',
    'constructor',
    'toString',
    'op',
    'path',
    'value',
    'from',
  ),
  fc.string(),
);
const { value: anyJson } = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'medium' },
    fc.constantFrom(
      null,
      '',
      'delete',
      'replace',
      '/spec',
      '-1',
      true,
      -1,
      0,
      1e21,
      2 ** 31,
      'NodePort',
    ),
    fc.string(),
    fc.double(),
    fc.array(tie('value'), { maxLength: 4 }),
    fc.dictionary(key, tie('value'), { maxKeys: 5 }),
  ),
}));

const query = fc.dictionary(
  fc.constantFrom(
    'labelSelector',
    'fieldSelector',
    'limit',
    'continue',
    'resourceVersion',
    'resourceVersionMatch',
    'fieldValidation',
    'includeObject',
    'dryRun',
    'propagationPolicy',
    'gracePeriodSeconds',
    'tailLines',
  ),
  fc.oneof(fc.string(), fc.constantFrom('0', '1', '-1', 'All', 'Exact', 'a=b', '!', 'a in (', '%')),
  { maxKeys: 3 },
);
const printQuery = (values: Record<string, string>): string =>
  new URLSearchParams(values).toString();

describe('a hostile request', () => {
  let fixture: Fixture;

  beforeEach(async () => {
    fixture = await createFixture();
    await fixture.json('POST', '/api/v1/namespaces/default/pods', pod('a'));
    await fixture.json('POST', '/apis/apps/v1/namespaces/default/deployments', deployment('web'));
    const service = { metadata: { name: 's' }, spec: { ports: [{ port: 80 }] } };
    await fixture.json('POST', '/api/v1/namespaces/default/services', service);
  });

  afterEach(() => {
    assert.deepEqual(fixture.log.errors, []);
  });

  const refused = async (
    method: string,
    target: string,
    body?: unknown,
    headers?: Record<string, string>,
  ): Promise<void> => {
    const before = fixture.store.view.revision();
    const response = await fixture.ask(method, target, body, headers);
    assert.ok(response.status < 500, `${method} ${target}: ${JSON.stringify(response)}`);
    if (response.status >= 400) assert.equal(fixture.store.view.revision(), before);
  };

  it('with any patch is refused or does what it says', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...TARGETS),
        fc.constantFrom(...PATCH_TYPES),
        anyJson,
        async (target, type, patch) => {
          await refused('PATCH', target, JSON.stringify(patch), { 'content-type': type });
        },
      ),
      { numRuns: RUNS },
    );
  });

  it('with any JSON patch operation is refused or does what it says', async () => {
    const pointer = fc.array(key, { maxLength: 4 }).map((parts) => ['', ...parts].join('/'));
    const operation = fc.record(
      {
        op: fc.constantFrom('add', 'remove', 'replace', 'move', 'copy', 'test', 'x'),
        path: fc.oneof(pointer, fc.string()),
        from: pointer,
        value: anyJson,
      },
      { requiredKeys: ['op', 'path'] },
    );
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...TARGETS), fc.array(operation), async (target, patch) => {
        const headers = { 'content-type': 'application/json-patch+json' };
        await refused('PATCH', target, JSON.stringify(patch), headers);
      }),
      { numRuns: RUNS },
    );
  });

  it('with any body is refused or stored as the kind it is', async () => {
    const collection = fc.constantFrom(
      '/api/v1/namespaces/default/pods',
      '/api/v1/namespaces/default/services',
      '/apis/apps/v1/namespaces/default/deployments',
      '/api/v1/namespaces',
      '/api/v1/nodes',
      '/api/v1/namespaces/default/events',
      '/apis/discovery.k8s.io/v1/namespaces/default/endpointslices',
      '/api/v1/namespaces/default/pods/a/eviction',
    );
    const nearly = fc.record({
      metadata: fc.record({ name: fc.constantFrom('x', 'y', '') }),
      spec: anyJson,
      status: anyJson,
    });
    await fc.assert(
      fc.asyncProperty(collection, fc.oneof(anyJson, nearly), async (target, body) => {
        await refused('POST', target, JSON.stringify(body));
        await refused('PUT', `${target}/x`, JSON.stringify(body));
      }),
      { numRuns: RUNS },
    );
  });

  it('with any apply, and any managedFields, is refused or does what it says', async () => {
    const wanted = fc.record({
      apiVersion: fc.constantFrom('v1', 'apps/v1', 'autoscaling/v1', 'v2'),
      kind: fc.constantFrom('Pod', 'Deployment', 'Scale', 'Service'),
      metadata: fc.oneof(anyJson, fc.constant({})),
      spec: fc.oneof(
        anyJson,
        fc.record({ containers: anyJson, ports: anyJson, template: anyJson, replicas: anyJson }),
      ),
      status: anyJson,
    });
    const element = fc.oneof(
      key.map((name) => `f:${name}`),
      fc.constantFrom('.', 'k:{"name":"main"}', 'k:{}', 'k:[]', 'v:1', 'i:0', 'x'),
    );
    const fields = fc.dictionary(element, fc.dictionary(element, fc.constant({})));
    const managed = fc.record({
      manager: fc.oneof(anyJson, fc.constant('f')),
      operation: fc.constantFrom('Apply', 'Update', 'X'),
      apiVersion: fc.constantFrom('v1', 'apps/v1'),
      fieldsType: fc.constant('FieldsV1'),
      fieldsV1: fc.oneof(
        fields,
        fields.map((spec) => ({ 'f:spec': spec })),
        anyJson,
      ),
      time: fc.oneof(anyJson, fc.constant('2026-01-01T00:00:00Z')),
    });
    const targets = fc.constantFrom(...TARGETS, '/api/v1/namespaces/default/pods/a/resize');
    const apply = { 'content-type': 'application/apply-patch+yaml' };
    const merge = { 'content-type': 'application/merge-patch+json' };
    await fc.assert(
      fc.asyncProperty(targets, wanted, fc.array(managed), async (target, body, managedFields) => {
        await refused('PATCH', target, { metadata: { managedFields } }, merge);
        await refused('PATCH', `${target}?fieldManager=f&force=true`, body, apply);
      }),
      { numRuns: RUNS },
    );
  });

  it('with any bytes and any content type is refused', async () => {
    const type = fc.oneof(
      fc.constantFrom(
        'application/json',
        'application/yaml',
        'application/vnd.kubernetes.protobuf',
      ),
      fc.string(),
    );
    await fc.assert(
      fc.asyncProperty(fc.uint8Array(), type, async (bytes, contentType) => {
        const headers = { 'content-type': contentType };
        await refused('POST', '/api/v1/namespaces/default/pods', bytes, headers);
        await refused('DELETE', '/api/v1/namespaces/default/pods/zz', bytes, headers);
      }),
      { numRuns: RUNS },
    );
  });

  it('with any path, method, query and headers is answered in words', async () => {
    const path = fc.oneof(
      fc.constantFrom(...TARGETS, '/api/v1/pods', '/apis', '/api/v1/namespaces/default/pods/a/log'),
      fc
        .array(fc.oneof(key, fc.constantFrom('api', 'apis', 'v1', 'namespaces', 'pods', '%', '..')))
        .map((parts) => `/${parts.join('/')}`),
    );
    const method = fc.constantFrom('GET', 'HEAD', 'POST', 'DELETE', 'OPTIONS', 'CONNECT');
    await fc.assert(
      fc.asyncProperty(path, method, query, fc.string(), async (target, verb, values, accept) => {
        const before = await fixture.ask('GET', '/healthz');
        assert.equal(before.status, 200);
        const asked = `${target.replaceAll('?', '')}?${printQuery(values)}`;
        const promise = fixture.ask(verb, asked, undefined, { accept });
        await fixture.clock.advance(3_000);
        const { status } = await promise;
        assert.ok(status < 500 || status === 504, `${verb} ${asked}: ${status}`);
      }),
      { numRuns: RUNS },
    );
  });

  it('that is too large or too deep is refused', async () => {
    const big = Buffer.alloc(3 * 1024 * 1024 + 1, ' ');
    const pods = '/api/v1/namespaces/default/pods';
    assert.equal((await fixture.json('POST', pods, big))['code'], 413);
    const deep = `${'{"a":'.repeat(10_000)}1${'}'.repeat(10_000)}`;
    assert.equal((await fixture.json('POST', pods, deep))['code'], 400);
    const bomb = ['a: &a [x,x,x,x,x,x,x,x,x]'];
    for (let level = 0; level < 8; level++) {
      const [from, to] = [String.fromCharCode(97 + level), String.fromCharCode(98 + level)];
      bomb.push(`${to}: &${to} [${Array.from({ length: 9 }, () => `*${from}`).join(',')}]`);
    }
    const yaml = { 'content-type': 'application/yaml' };
    assert.equal((await fixture.json('POST', pods, bomb.join('\n'), yaml))['code'], 400);
    const long = `/api/v1/pods/${'x'.repeat(5_000)}`;
    assert.equal((await fixture.json('GET', long))['code'], 400);
  });

  it('cannot reach the prototype of anything', async () => {
    const patch =
      '{"metadata":{"labels":{"__proto__":{"polluted":"yes"}}},"__proto__":{"polluted":1}}';
    const headers = { 'content-type': 'application/merge-patch+json' };
    await fixture.json('PATCH', '/api/v1/namespaces/default/pods/a', patch, headers);
    const operations = [{ op: 'add', path: '/__proto__/polluted', value: 1 }];
    const type = { 'content-type': 'application/json-patch+json' };
    await fixture.json('PATCH', '/api/v1/namespaces/default/pods/a', operations, type);
    assert.equal(({} as JsonObject)['polluted'], undefined);
  });
});
