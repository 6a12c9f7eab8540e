// Server-side apply and managedFields as clients of a peer see them.

import assert from 'node:assert/strict';
import type { JsonObject } from '../../../actors/gateway/request/body.ts';
import type { Fixture } from './gateway-fixture.ts';
import { createFixture, deployment, pod } from './gateway-fixture.ts';

const PODS = '/api/v1/namespaces/default/pods';
const DEPLOYMENTS = '/apis/apps/v1/namespaces/default/deployments';
const APPLY = { 'content-type': 'application/apply-patch+yaml' };
const MERGE = { 'content-type': 'application/merge-patch+json' };

interface Entry {
  readonly manager?: string;
  readonly operation: string;
  readonly subresource?: string;
  readonly time?: string;
  readonly fieldsV1: JsonObject;
}

const metadataOf = (object: JsonObject): JsonObject => object['metadata'] as JsonObject;
const specOf = (object: JsonObject): JsonObject => object['spec'] as JsonObject;
const entriesOf = (object: JsonObject): readonly Entry[] =>
  (metadataOf(object)['managedFields'] ?? []) as readonly Entry[];
const namesOf = (object: JsonObject): string[] =>
  entriesOf(object).map(
    ({ manager, operation, subresource }) =>
      `${manager} ${operation}${subresource === undefined ? '' : ` ${subresource}`}`,
  );

/** What an applier may want of the deployment `web`. */
const wanted = (spec: JsonObject, metadata: JsonObject = {}): JsonObject => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'web', ...metadata },
  spec,
});

describe('server-side apply', () => {
  let fixture: Fixture;
  const apply = (
    manager: string,
    body: unknown,
    more = '',
    path = `${DEPLOYMENTS}/web`,
  ): Promise<JsonObject> =>
    fixture.json('PATCH', `${path}?fieldManager=${manager}${more}`, body, APPLY);

  beforeEach(async () => {
    fixture = await createFixture();
  });

  it('creates what is not there with 201, and names its manager', async () => {
    const target = `${DEPLOYMENTS}/web?fieldManager=helm`;
    const response = await fixture.ask('PATCH', target, deployment('web'), APPLY);
    assert.equal(response.status, 201);
    const web = await fixture.json('GET', `${DEPLOYMENTS}/web`);
    assert.deepEqual(entriesOf(web), [
      {
        manager: 'helm',
        operation: 'Apply',
        apiVersion: 'apps/v1',
        time: '2026-11-22T12:00:00Z',
        fieldsType: 'FieldsV1',
        fieldsV1: {
          'f:spec': {
            'f:replicas': {},
            'f:selector': {},
            'f:template': {
              'f:metadata': { 'f:labels': { 'f:app': {} } },
              'f:spec': {
                'f:containers': {
                  'k:{"name":"main"}': { '.': {}, 'f:command': {}, 'f:image': {}, 'f:name': {} },
                },
              },
            },
          },
        },
      },
    ]);
    assert.equal(specOf(web)['revisionHistoryLimit'], 10);
  });

  it('takes YAML, and what is not there yet keeps to the dry run', async () => {
    const yaml =
      'apiVersion: v1\nkind: Pod\nmetadata:\n  name: p\nspec:\n  containers:\n  - name: c\n    image: i\n';
    const tried = await apply('a', yaml, '&dryRun=All', `${PODS}/p`);
    assert.equal(tried['kind'], 'Pod');
    assert.equal((await fixture.json('GET', `${PODS}/p`))['code'], 404);
    assert.equal((await apply('a', yaml, '', `${PODS}/p`))['kind'], 'Pod');
    const flow =
      '{apiVersion: v1, kind: Pod, metadata: {name: q}, spec: {containers: [{name: c, image: i}]}}';
    assert.equal((await apply('a', flow, '', `${PODS}/q`))['kind'], 'Pod');
  });

  it('that changes nothing writes nothing, at any later time', async () => {
    const first = await apply('a', deployment('web'));
    await fixture.clock.advance(60_000);
    const again = await apply('a', deployment('web'));
    assert.deepEqual(again, first);
  });

  it('refuses what others manage with 409 and a cause for each field, and forces it when asked', async () => {
    await fixture.json('POST', `${DEPLOYMENTS}?fieldManager=creator`, deployment('web'));
    const image = { containers: [{ name: 'main', image: 'other' }] };
    const body = wanted({ replicas: 3, template: { spec: image } });
    const refused = await apply('b', body);
    assert.deepEqual(
      [refused['code'], refused['reason'], refused['message']],
      [
        409,
        'Conflict',
        'Apply failed with 2 conflicts: conflicts with "creator" using apps/v1:\n' +
          '- .spec.replicas\n- .spec.template.spec.containers[name="main"].image',
      ],
    );
    const cause = {
      reason: 'FieldManagerConflict',
      message: 'conflict with "creator" using apps/v1',
    };
    assert.deepEqual(refused['details'], {
      causes: [
        { ...cause, field: '.spec.replicas' },
        { ...cause, field: '.spec.template.spec.containers[name="main"].image' },
      ],
    });
    const one = await apply('b', wanted({ replicas: 3 }));
    assert.equal(
      one['message'],
      'Apply failed with 1 conflict: conflict with "creator" using apps/v1: .spec.replicas',
    );
    const forced = await apply('b', body, '&force=true');
    assert.equal(specOf(forced)['replicas'], 3);
    assert.deepEqual(namesOf(forced), ['b Apply', 'creator Update']);
    const back = await fixture.json(
      'PATCH',
      `${DEPLOYMENTS}/web?fieldManager=editor`,
      { spec: { replicas: 5 } },
      MERGE,
    );
    assert.deepEqual(namesOf(back), ['b Apply', 'creator Update', 'editor Update']);
  });

  it('takes out what it wants no more, and the default comes back', async () => {
    await apply('a', deployment('web', 4));
    const { replicas: _gone, ...spec } = specOf(deployment('web'));
    const after = await apply('a', wanted(spec));
    assert.equal(specOf(after)['replicas'], 1);
  });

  it('of the status and of the scale has entries of their own', async () => {
    await apply('a', deployment('web', 4));
    const status = { ...wanted({}), spec: undefined, status: { replicas: 2 } };
    const told = await apply('s', status, '', `${DEPLOYMENTS}/web/status`);
    assert.deepEqual(namesOf(told), ['a Apply', 's Apply status']);
    assert.equal(specOf(told)['replicas'], 4);
    assert.equal((told['status'] as JsonObject)['replicas'], 2);
    const scale = { apiVersion: 'autoscaling/v1', kind: 'Scale', spec: { replicas: 5 } };
    const refused = await apply('h', scale, '', `${DEPLOYMENTS}/web/scale`);
    assert.equal(
      refused['message'],
      'Apply failed with 1 conflict: conflict with "a": .spec.replicas',
    );
    await apply('h', scale, '&force=true', `${DEPLOYMENTS}/web/scale`);
    const scaled = await fixture.json('GET', `${DEPLOYMENTS}/web`);
    assert.equal(specOf(scaled)['replicas'], 5);
    assert.deepEqual(namesOf(scaled), ['a Apply', 'h Apply scale', 's Apply status']);
    const words = (await apply('a', deployment('web', 4)))['message'];
    assert.equal(
      words,
      'Apply failed with 1 conflict: conflict with "h" with subresource "scale": .spec.replicas',
    );
  });

  it('of an object that was never tracked counts all of it as an update before', async () => {
    await fixture.json('POST', `${DEPLOYMENTS}?fieldManager=x`, deployment('web'));
    const reset = { metadata: { managedFields: [{}] } };
    const bare = await fixture.json('PATCH', `${DEPLOYMENTS}/web`, reset, MERGE);
    assert.deepEqual(entriesOf(bare), []);
    const scaled = await fixture.json(
      'PATCH',
      `${DEPLOYMENTS}/web`,
      { spec: { replicas: 2 } },
      MERGE,
    );
    assert.deepEqual(entriesOf(scaled), []);
    const refused = await apply('a', wanted({ replicas: 3 }));
    assert.match(String(refused['message']), /conflict with "before-first-apply" using apps\/v1/);
    const agreed = await apply('a', wanted({ replicas: 2 }));
    assert.deepEqual(namesOf(agreed), ['a Apply', 'before-first-apply Update']);
  });

  it('by kubectl takes over what kubectl applied from the client, and nothing that changed since', async () => {
    const body = deployment('web', 2);
    const last = 'kubectl.kubernetes.io/last-applied-configuration';
    const annotated = {
      ...body,
      metadata: { name: 'web', annotations: { [last]: JSON.stringify(body) } },
    };
    await fixture.json('POST', `${DEPLOYMENTS}?fieldManager=kubectl-client-side-apply`, annotated);
    const stranger = await apply('other', deployment('web', 3));
    assert.equal(stranger['code'], 409);
    const next = await apply('kubectl', deployment('web', 3));
    assert.equal(specOf(next)['replicas'], 3, JSON.stringify(next));
    const text = (metadataOf(next)['annotations'] as JsonObject)[last];
    assert.equal(specOf(JSON.parse(String(text)) as JsonObject)['replicas'], 3);
    await fixture.json(
      'PATCH',
      `${DEPLOYMENTS}/web?fieldManager=e`,
      { spec: { replicas: 7 } },
      MERGE,
    );
    const changed = await apply('kubectl', deployment('web', 4));
    assert.equal(
      changed['message'],
      'Apply failed with 1 conflict: conflict with "e" using apps/v1: .spec.replicas',
    );
  });

  it('refuses what it cannot be, in words', async () => {
    const rows: readonly (readonly [string, unknown, number, RegExp])[] = [
      ['', deployment('web'), 422, /fieldManager: Required value: is required for apply patch/],
      [`fieldManager=${'x'.repeat(129)}`, deployment('web'), 422, /may not be more than 128 bytes/],
      ['fieldManager=a%07', deployment('web'), 422, /should only contain printable characters/],
      ['fieldManager=a', wanted({}, { managedFields: [] }), 400, /managedFields must be nil/],
      [
        'fieldManager=a',
        { ...wanted({}), kind: 'Pod' },
        400,
        /invalid object type: apps\/v1, Kind=Pod/,
      ],
      [
        'fieldManager=a',
        { ...wanted({}), apiVersion: 'apps/v2' },
        400,
        /Incorrect version specified/,
      ],
      ['fieldManager=a', wanted({ nope: 1 }), 400, /\.spec\.nope: field not declared in schema/],
      ['fieldManager=a', wanted({ replicas: 'x' }), 400, /\.spec\.replicas/],
      ['fieldManager=a', '{', 400, /body/],
      ['fieldManager=a', wanted({}, { name: 'other' }), 400, /does not match the name on the URL/],
      ['fieldManager=a', wanted({}, { uid: 'u' }), 409, /uid mismatch/],
      ['fieldManager=a', wanted({}, { resourceVersion: '1' }), 409, /has been modified/],
      ['fieldManager=a', wanted({}), 422, /spec\.selector/],
    ];
    for (const [query, body, code, words] of rows) {
      const refused = await fixture.json('PATCH', `${DEPLOYMENTS}/web?${query}`, body, APPLY);
      assert.equal(refused['code'], code, JSON.stringify([body, refused]));
      assert.match(String(refused['message']), words);
    }
    const status = await apply('a', deployment('web'), '', `${DEPLOYMENTS}/web/status`);
    assert.equal(status['code'], 404);
    const containers = [{ name: 'c' }, { name: 'c' }];
    const double = { ...pod('p'), spec: { containers } };
    const refused = await apply('a', double, '', `${PODS}/p`);
    assert.match(String(refused['message']), /duplicate entries for key \[name="c"\]/);
    const forced = await fixture.json('PATCH', `${PODS}/p?force=true`, {}, MERGE);
    assert.match(String(forced['message']), /force: Forbidden: may not be specified/);
  });
});

describe('managedFields', () => {
  let fixture: Fixture;

  beforeEach(async () => {
    fixture = await createFixture();
  });

  const web = (): Promise<JsonObject> => fixture.json('GET', `${DEPLOYMENTS}/web`);

  it('name who writes by the fieldManager parameter, else by the program that asks', async () => {
    const agent = { 'user-agent': 'prog/v1.2 (linux)' };
    await fixture.json('POST', DEPLOYMENTS, deployment('web'), agent);
    const patch = { metadata: { labels: { x: 'y' } } };
    await fixture.json('PATCH', `${DEPLOYMENTS}/web?fieldManager=m`, patch, { ...MERGE, ...agent });
    assert.deepEqual(namesOf(await web()), ['m Update', 'prog Update']);
    await fixture.json('PUT', `${DEPLOYMENTS}/web`, deployment('web', 9));
    assert.deepEqual(namesOf(await web()), ['prog Update', 'unknown Update']);
  });

  it('have an entry for each subresource that was written', async () => {
    await fixture.json('POST', `${DEPLOYMENTS}?fieldManager=m`, deployment('web'));
    const status = { status: { replicas: 1 } };
    await fixture.json('PATCH', `${DEPLOYMENTS}/web/status?fieldManager=m`, status, MERGE);
    const scale = { spec: { replicas: 3 } };
    await fixture.json('PATCH', `${DEPLOYMENTS}/web/scale?fieldManager=m`, scale, MERGE);
    assert.deepEqual(namesOf(await web()), ['m Update', 'm Update scale', 'm Update status']);
    const [, scaled, told] = entriesOf(await web());
    assert.deepEqual(scaled!.fieldsV1, { 'f:spec': { 'f:replicas': {} } });
    assert.deepEqual(told!.fieldsV1, { 'f:status': { 'f:replicas': {} } });
  });

  it('and the object stay as they are when a write changes nothing', async () => {
    await fixture.json('POST', DEPLOYMENTS, deployment('web'));
    const before = await web();
    await fixture.clock.advance(60_000);
    await fixture.json('PUT', `${DEPLOYMENTS}/web`, deployment('web'));
    await fixture.json('PATCH', `${DEPLOYMENTS}/web`, { spec: { replicas: 1 } }, MERGE);
    assert.deepEqual(await web(), before);
  });

  it('are kept when an update leaves them out, and taken from it when it has them', async () => {
    await fixture.json('POST', `${DEPLOYMENTS}?fieldManager=m`, deployment('web'));
    const updated = await fixture.json(
      'PUT',
      `${DEPLOYMENTS}/web?fieldManager=n`,
      deployment('web', 2),
    );
    assert.deepEqual(namesOf(updated), ['m Update', 'n Update']);
    const managedFields = entriesOf(updated).filter(({ manager }) => manager === 'n');
    const edited = await fixture.json('PUT', `${DEPLOYMENTS}/web?fieldManager=o`, {
      ...deployment('web', 2),
      metadata: { name: 'web', managedFields },
    });
    assert.deepEqual(namesOf(edited), ['n Update']);
  });

  it('that cannot be read are as if they were not sent', async () => {
    await fixture.json('POST', `${DEPLOYMENTS}?fieldManager=m`, deployment('web'));
    for (const entry of [{ operation: 'Other' }, { operation: 'Update', fieldsV1: { x: {} } }]) {
      const updated = await fixture.json('PUT', `${DEPLOYMENTS}/web?fieldManager=m`, {
        ...deployment('web'),
        metadata: { name: 'web', managedFields: [entry] },
      });
      assert.deepEqual(namesOf(updated), ['m Update']);
    }
  });
});
