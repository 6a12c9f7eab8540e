// The published documents hold all that is served, whole, and clients may keep them.

import assert from 'node:assert/strict';
import { Reader } from 'protobufjs/minimal.js';
import { kindDefinition, kindNames } from '../../../../actors/objects/kind-table.ts';
import type { ApiResponse } from '../../../../actors/gateway/request/api-request.ts';
import type { JsonObject } from '../../../../actors/gateway/request/body.ts';
import { eachField } from '../../../../actors/gateway/protobuf/decode.ts';
import { createFixture } from '../gateway-fixture.ts';
import type { Fixture } from '../gateway-fixture.ts';

const V2_PROTOBUF = 'application/com.github.proto-openapi.spec.v2@v1.0+protobuf';

/** Turns of a build are timers of the clock: they come when it moves. */
async function ask(
  fixture: Fixture,
  target: string,
  headers: Record<string, string> = {},
): Promise<ApiResponse> {
  const answer = fixture.ask('GET', target, undefined, headers);
  await fixture.clock.advance(1);
  return answer;
}

async function read(fixture: Fixture, target: string): Promise<JsonObject> {
  const answer = await ask(fixture, target);
  assert.ok(answer.type === 'bytes', JSON.stringify(answer));
  assert.equal(answer.status, 200);
  return JSON.parse(Buffer.from(answer.bytes).toString()) as JsonObject;
}

async function index(fixture: Fixture): Promise<Map<string, string>> {
  const answer = await ask(fixture, '/openapi/v3');
  assert.ok(answer.type === 'json');
  const { paths } = answer.body as { paths: Record<string, { serverRelativeURL: string }> };
  return new Map(
    Object.entries(paths).map(([name, { serverRelativeURL }]) => [name, serverRelativeURL]),
  );
}

function* referencesIn(value: unknown): Generator<string> {
  if (typeof value !== 'object' || value === null) return;
  for (const [key, inner] of Object.entries(value)) {
    if (key === '$ref') yield String(inner);
    else yield* referencesIn(inner);
  }
}

const at = (document: JsonObject, path: string): unknown =>
  path
    .split('/')
    .slice(1)
    .reduce<unknown>((value, key) => (value as JsonObject | undefined)?.[key], document);

describe('OpenAPI', () => {
  let fixture: Fixture;
  beforeEach(async () => (fixture = await createFixture()));

  it('has every reference of every document in it', async () => {
    const targets = ['/openapi/v2', ...(await index(fixture)).values()];
    for (const target of targets) {
      const document = await read(fixture, target);
      for (const reference of referencesIn(document)) {
        const name = reference.split('/').at(-1)!;
        const schemas = at(
          document,
          target === '/openapi/v2' ? '/definitions' : '/components/schemas',
        );
        assert.ok(Object.hasOwn(schemas as object, name), `${target} lacks ${reference}`);
      }
    }
  });

  it('names every kind, with its paths and what a patch of it may hold', async () => {
    const urls = await index(fixture);
    for (const kind of kindNames) {
      const { group, version, plural, namespaced } = kindDefinition(kind).names;
      const root = group === '' ? `api/${version}` : `apis/${group}/${version}`;
      const document = await read(fixture, urls.get(root)!);
      const place = namespaced ? 'namespaces/{namespace}/' : '';
      const paths = document['paths'] as Record<string, Record<string, JsonObject>>;
      const patch = paths[`/${root}/${place}${plural}/{name}`]!['patch']!;
      assert.deepEqual(patch['x-kubernetes-group-version-kind'], { group, version, kind });
      const names = (patch['parameters'] as { name: string }[]).map(({ name }) => name);
      assert.ok(names.includes('fieldValidation') && names.includes('dryRun'), kind);
      const { content } = patch['requestBody'] as { content: object };
      assert.ok(Object.hasOwn(content, 'application/strategic-merge-patch+json'));
    }
  });

  it('tells how lists merge', async () => {
    const document = await read(fixture, '/openapi/v2');
    const definitions = document['definitions'] as Record<string, { properties: JsonObject }>;
    const { containers, volumes } = definitions['io.k8s.api.core.v1.PodSpec']!.properties;
    assert.deepEqual(containers, {
      type: 'array',
      items: { $ref: '#/definitions/io.k8s.api.core.v1.Container' },
      'x-kubernetes-list-type': 'map',
      'x-kubernetes-list-map-keys': ['name'],
      'x-kubernetes-patch-strategy': 'merge',
      'x-kubernetes-patch-merge-key': 'name',
    });
    assert.equal((volumes as JsonObject)['x-kubernetes-patch-strategy'], 'merge,retainKeys');
  });

  it('is the same in protobuf, under a type that Go can read', async () => {
    const document = await read(fixture, '/openapi/v2');
    const answer = await ask(fixture, '/openapi/v2', { accept: V2_PROTOBUF });
    assert.ok(answer.type === 'bytes');
    assert.equal(
      answer.headers['content-type'],
      'application/com.github.proto-openapi.spec.v2.v1.0+protobuf',
    );
    const found: Record<number, string[]> = { 8: [], 9: [] };
    eachField(answer.bytes, (reader, number) => {
      if (number !== 8 && number !== 9) return false;
      eachField(reader.bytes(), (inner, innerNumber) => {
        assert.equal(innerNumber, number === 8 ? 2 : 1);
        const entry = Reader.create(inner.bytes());
        assert.equal(entry.tag() >>> 3, 1);
        found[number]!.push(entry.string());
        return true;
      });
      return true;
    });
    assert.deepEqual(found[8], Object.keys(document['paths'] as object));
    assert.deepEqual(found[9], Object.keys(document['definitions'] as object));
  });

  it('may be kept under its hash, and is asked for again under another', async () => {
    const url = (await index(fixture)).get('apis/apps/v1')!;
    const answer = await ask(fixture, url);
    assert.match(String(answer.headers['cache-control']), /immutable/);
    const etag = String(answer.headers['etag']);
    const again = await ask(fixture, url, { 'if-none-match': etag });
    assert.equal(again.status, 304);
    const old = await ask(fixture, `${url.split('?')[0]}?hash=0123`);
    assert.deepEqual([old.status, old.headers['location']], [301, url]);
    const other = await createFixture();
    assert.equal((await index(other)).get('apis/apps/v1'), url);
  });

  it('refuses what it has not', async () => {
    const status = async (target: string, accept = 'application/json'): Promise<number> =>
      (await ask(fixture, target, { accept })).status;
    assert.equal(await status('/openapi'), 404);
    assert.equal(await status('/openapi/v3/apis/none/v1'), 404);
    assert.equal(await status('/openapi/v2', 'text/html'), 406);
    assert.equal((await fixture.ask('POST', '/openapi/v2', {})).status, 405);
  });

  it('is true about fieldValidation, for create, update and every patch', async () => {
    const path = '/api/v1/namespaces';
    const wrong = { metadata: { name: 'n' }, spek: {} };
    await fixture.json('POST', path, { metadata: { name: 'n' } });
    const asked = async (validation: string): Promise<(number | boolean)[][]> => {
      const query = `fieldValidation=${validation}&dryRun=All`;
      const patch = (type: string, body: unknown): Promise<ApiResponse> =>
        fixture.ask('PATCH', `${path}/n?${query}`, body, { 'content-type': `application/${type}` });
      const answers = [
        await fixture.ask('POST', `${path}?${query}`, { ...wrong, metadata: { name: 'new' } }),
        await fixture.ask('PUT', `${path}/n?${query}`, wrong),
        await patch('merge-patch+json', { spek: {} }),
        await patch('strategic-merge-patch+json', { spek: {} }),
        await patch('json-patch+json', [{ op: 'add', path: '/spek', value: {} }]),
      ];
      return answers.map(({ status, headers }) => [status, headers['warning'] !== undefined]);
    };
    const [no, told, silent] = [await asked('Strict'), await asked('Warn'), await asked('Ignore')];
    assert.deepEqual(no, [
      [400, false],
      [400, false],
      [422, false],
      [422, false],
      [422, false],
    ]);
    assert.deepEqual(told, [
      [201, true],
      [200, true],
      [200, true],
      [200, true],
      [200, true],
    ]);
    assert.deepEqual(silent, [
      [201, false],
      [200, false],
      [200, false],
      [200, false],
      [200, false],
    ]);
  });
});
