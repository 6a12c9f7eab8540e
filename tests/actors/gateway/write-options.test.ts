// What the parameters of a write change: field validation, dry runs, preconditions, generated names.

import assert from 'node:assert/strict';
import type { JsonObject } from '../../../actors/gateway/request/body.ts';
import type { Fixture } from './gateway-fixture.ts';
import { createFixture, deployment, pod } from './gateway-fixture.ts';

const PODS = '/api/v1/namespaces/default/pods';
const DEPLOYMENTS = '/apis/apps/v1/namespaces/default/deployments';
const WEB = `${DEPLOYMENTS}/web`;
const MERGE = 'application/merge-patch+json';
const STRATEGIC = 'application/strategic-merge-patch+json';
const JSON_PATCH = 'application/json-patch+json';
const APPLY = 'application/apply-patch+yaml';

const metadataOf = (object: JsonObject): JsonObject => object['metadata'] as JsonObject;

describe('field validation', () => {
  let fixture: Fixture;

  beforeEach(async () => {
    fixture = await createFixture();
    await fixture.json('POST', DEPLOYMENTS, deployment('web'));
  });

  const whole = (spec: string): string => {
    const text = JSON.stringify(deployment('web'));
    return text.replace('"spec":{', `"spec":{${spec},`);
  };

  const rows: readonly (readonly [string, string, string | undefined, string, number, string])[] = [
    [
      'POST',
      DEPLOYMENTS,
      undefined,
      whole('"paused":false,"paused":false'),
      400,
      'duplicate field "spec.paused"',
    ],
    [
      'PUT',
      WEB,
      undefined,
      whole('"paused":false,"paused":false'),
      400,
      'duplicate field "spec.paused"',
    ],
    ['PUT', WEB, undefined, whole('"nope":1'), 400, 'unknown field "spec.nope"'],
    [
      'PATCH',
      WEB,
      MERGE,
      '{"spec":{"paused":true,"paused":false}}',
      422,
      'duplicate field "spec.paused"',
    ],
    ['PATCH', WEB, MERGE, '{"spec":{"nope":1}}', 422, 'unknown field "spec.nope"'],
    [
      'PATCH',
      WEB,
      STRATEGIC,
      '{"spec":{"paused":true,"paused":false}}',
      422,
      'duplicate field "spec.paused"',
    ],
    ['PATCH', WEB, STRATEGIC, '{"spec":{"nope":1}}', 422, 'unknown field "spec.nope"'],
    [
      'PATCH',
      WEB,
      JSON_PATCH,
      '[{"op":"test","op":"add","path":"/spec/paused","value":true}]',
      422,
      'duplicate field "[0].op"',
    ],
    [
      'PATCH',
      WEB,
      JSON_PATCH,
      '[{"op":"add","path":"/spec/nope","value":true}]',
      422,
      'unknown field "spec.nope"',
    ],
  ];
  for (const [method, path, type, body, code, words] of rows) {
    it(`of ${method} ${type ?? ''} with ${words} refuses, warns or ignores as asked`, async () => {
      const headers = type === undefined ? undefined : { 'content-type': type };
      const target = (how: string): string => `${path}?dryRun=All&fieldValidation=${how}`;
      const refused = await fixture.json(method, target('Strict'), body, headers);
      assert.equal(refused['code'], code, JSON.stringify(refused));
      assert.ok(String(refused['message']).includes(`strict decoding error: ${words}`));
      const warned = await fixture.ask(method, target('Warn'), body, headers);
      const { headers: told } = warned;
      assert.match(String(told['warning']), new RegExp(words.replaceAll(/[[\]"\\]/g, '.+?')));
      const ignored = await fixture.ask(method, target('Ignore'), body, headers);
      assert.equal(ignored.headers['warning'], undefined);
    });
  }

  it('of an apply refuses what is given twice', async () => {
    const body =
      '{"apiVersion":"apps/v1","kind":"Deployment","spec":{"paused":true,"paused":false}}';
    const target = `${WEB}?fieldManager=a&fieldValidation=Strict`;
    const refused = await fixture.json('PATCH', target, body, { 'content-type': APPLY });
    assert.equal(refused['code'], 422);
    assert.match(String(refused['message']), /duplicate field "spec.paused"/);
  });

  it('refuses a patch that makes what cannot be read, naming the patch', async () => {
    const body = { spec: { replicas: 'many' } };
    const refused = await fixture.json('PATCH', WEB, body, { 'content-type': MERGE });
    const details = refused['details'] as { causes: readonly JsonObject[] };
    assert.deepEqual([refused['code'], refused['reason']], [422, 'Invalid']);
    assert.equal(details.causes[0]!['field'], 'patch');
    assert.match(
      String(refused['message']),
      /^ "" is invalid: patch: Invalid value: .*spec\.replicas/,
    );
  });
});

describe('a dry run', () => {
  const writes: readonly (readonly [string, string, unknown, string | undefined])[] = [
    ['POST', DEPLOYMENTS, deployment('other'), undefined],
    ['PUT', WEB, deployment('web', 5), undefined],
    ['PATCH', WEB, { spec: { replicas: 5 } }, MERGE],
    ['PATCH', `${WEB}/scale`, { spec: { replicas: 5 } }, MERGE],
    ['PATCH', `${WEB}/status`, { status: { replicas: 5 } }, MERGE],
    ['PATCH', `${WEB}?fieldManager=a&force=true`, deployment('web', 5), APPLY],
    ['PATCH', `${DEPLOYMENTS}/new?fieldManager=a`, deployment('new'), APPLY],
    ['DELETE', WEB, undefined, undefined],
    ['DELETE', DEPLOYMENTS, undefined, undefined],
  ];
  for (const [method, path, body, type] of writes) {
    it(`of ${method} ${type ?? ''} ${path} answers as the write would, and writes nothing`, async () => {
      const fixture = await createFixture();
      await fixture.json('POST', DEPLOYMENTS, deployment('web'));
      const before = await fixture.json('GET', DEPLOYMENTS);
      const proposed = fixture.store.proposed.length;
      const query = path.includes('?') ? '&dryRun=All' : '?dryRun=All';
      const headers = type === undefined ? undefined : { 'content-type': type };
      const response = await fixture.ask(method, path + query, body, headers);
      assert.ok(response.status < 300, JSON.stringify(response));
      assert.equal(fixture.store.proposed.length, proposed);
      assert.deepEqual(await fixture.json('GET', DEPLOYMENTS), before);
    });
  }
});

describe('a generated name', () => {
  it('that is taken each time is refused with words that say so, and when to come back', async () => {
    const fixture = await createFixture();
    const { options } = fixture;
    const taken = await createFixture({ store: fixture.store });
    Object.assign(taken.options, { random: { ...options.random, integer: () => 0 } });
    const body = pod('', { metadata: { generateName: 'p-' } });
    const first = await taken.json('POST', PODS, body);
    assert.equal(metadataOf(first)['name'], 'p-bbbbb');
    const refused = await taken.json('POST', PODS, body);
    assert.deepEqual([refused['code'], refused['reason']], [409, 'AlreadyExists']);
    assert.equal(
      refused['message'],
      'pods "p-bbbbb" already exists, the server was not able to generate a unique name for the object',
    );
    assert.equal((refused['details'] as JsonObject)['retryAfterSeconds'], 1);
  });
});

describe('a patch', () => {
  const META = [
    ['uid', 'other', 409],
    ['name', 'other', 400],
    ['namespace', 'other', 400],
    ['resourceVersion', '1', 409],
  ] as const;
  for (const [field, value, code] of META) {
    it(`of metadata.${field} is refused with ${code}`, async () => {
      const fixture = await createFixture();
      await fixture.json('POST', DEPLOYMENTS, deployment('web'));
      for (const type of [MERGE, STRATEGIC]) {
        const body = { metadata: { [field]: value } };
        const refused = await fixture.json('PATCH', WEB, body, { 'content-type': type });
        assert.equal(refused['code'], code, JSON.stringify(refused));
      }
      const operations = [{ op: 'add', path: `/metadata/${field}`, value }];
      const refused = await fixture.json('PATCH', WEB, operations, { 'content-type': JSON_PATCH });
      assert.equal(refused['code'], code, JSON.stringify(refused));
    });
  }

  it('of metadata.creationTimestamp and generation changes nothing', async () => {
    const fixture = await createFixture();
    await fixture.json('POST', DEPLOYMENTS, deployment('web'));
    const before = await fixture.json('GET', WEB);
    const body = { metadata: { creationTimestamp: '2020-01-01T00:00:00Z', generation: 9 } };
    const patched = await fixture.json('PATCH', WEB, body, { 'content-type': MERGE });
    assert.deepEqual(patched, before);
  });

  it('of what is not there is 404, of an unknown type 415 with the types that are known', async () => {
    const fixture = await createFixture();
    for (const type of [MERGE, STRATEGIC]) {
      const gone = await fixture.json('PATCH', WEB, {}, { 'content-type': type });
      assert.equal(gone['code'], 404);
    }
    const unknown = await fixture.json('PATCH', WEB, {}, { 'content-type': 'text/plain' });
    assert.equal(unknown['code'], 415);
    for (const type of [MERGE, STRATEGIC, JSON_PATCH, APPLY]) {
      assert.ok(String(unknown['message']).includes(type));
    }
  });
});
