// One store, two places of the API: events of core/v1 and of events.k8s.io/v1 are the same objects.

import assert from 'node:assert/strict';
import type { ApiEvent } from '../../../actors/gateway/request/api-request.ts';
import type { JsonObject } from '../../../actors/gateway/request/body.ts';
import type { Fixture } from './gateway-fixture.ts';
import { createFixture, settle } from './gateway-fixture.ts';

const OLD = '/api/v1/namespaces/default/events';
const NEW = '/apis/events.k8s.io/v1/namespaces/default/events';
const TABLE = { accept: 'application/json;as=Table;v=v1;g=meta.k8s.io' };
const PARTIAL = { accept: 'application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io' };
const MERGE = { 'content-type': 'application/merge-patch+json' };
const STRATEGIC = { 'content-type': 'application/strategic-merge-patch+json' };
const JSON_PATCH = { 'content-type': 'application/json-patch+json' };

const regarding = { kind: 'Pod', namespace: 'default', name: 'web-1' };

const newEvent = (name: string, fields: JsonObject = {}): JsonObject => ({
  apiVersion: 'events.k8s.io/v1',
  kind: 'Event',
  metadata: { name },
  eventTime: '2026-11-22T12:00:00.000000Z',
  reportingController: 'example.com/tester',
  reportingInstance: 'tester-1',
  action: 'Look',
  reason: 'Seen',
  type: 'Normal',
  note: 'all is well',
  regarding,
  ...fields,
});

const oldEvent = (name: string): JsonObject => ({
  metadata: { name },
  involvedObject: regarding,
  reason: 'Pulled',
  message: 'there',
  type: 'Normal',
  count: 3,
  firstTimestamp: '2026-11-22T11:00:00Z',
  lastTimestamp: '2026-11-22T11:59:00Z',
  source: { component: 'kubelet', host: 'n1' },
});

const items = (list: JsonObject): JsonObject[] => list['items'] as JsonObject[];
const causesOf = (status: JsonObject): string[] => {
  const { causes } = status['details'] as { causes: { field: string; message: string }[] };
  return causes.map(({ field, message }) => `${field}: ${message}`);
};

describe('a kind that is served in two forms', () => {
  let fixture: Fixture;
  let json: Fixture['json'];

  beforeEach(async () => {
    fixture = await createFixture();
    ({ json } = fixture);
  });

  it('is written in either and read in either, as one object', async () => {
    const made = await json('POST', NEW, newEvent('a'));
    assert.deepEqual(
      [made['apiVersion'], made['kind'], made['note'], made['regarding']],
      ['events.k8s.io/v1', 'Event', 'all is well', regarding],
    );
    assert.equal(made['message'], undefined);

    const old = await json('GET', `${OLD}/a`);
    assert.deepEqual(old['metadata'], made['metadata']);
    assert.deepEqual(
      [old['apiVersion'], old['message'], old['involvedObject'], old['reportingComponent']],
      ['v1', 'all is well', regarding, 'example.com/tester'],
    );
    assert.equal(old['note'], undefined);
    assert.equal(fixture.store.view.range('/registry/events/', '/registry/events0').kvs.length, 1);

    await json('POST', OLD, oldEvent('b'));
    const seen = await json('GET', `${NEW}/b`);
    assert.deepEqual(seen['deprecatedSource'], { component: 'kubelet', host: 'n1' });
    assert.deepEqual(
      [
        seen['deprecatedCount'],
        seen['deprecatedFirstTimestamp'],
        seen['deprecatedLastTimestamp'],
        seen['note'],
      ],
      [3, '2026-11-22T11:00:00Z', '2026-11-22T11:59:00Z', 'there'],
    );
    const twice = await json('POST', NEW, newEvent('b'));
    assert.deepEqual(
      [twice['code'], twice['message']],
      [409, 'events.events.k8s.io "b" already exists'],
    );
  });

  it('is listed as what the place says, whole, as rows and as metadata', async () => {
    await json('POST', OLD, oldEvent('b'));
    await json('POST', NEW, newEvent('a'));
    const list = await json('GET', NEW);
    assert.deepEqual([list['kind'], list['apiVersion']], ['EventList', 'events.k8s.io/v1']);
    assert.deepEqual(
      items(list).map((one) => [one['apiVersion'], one['note']]),
      [
        ['events.k8s.io/v1', 'all is well'],
        ['events.k8s.io/v1', 'there'],
      ],
    );
    const paged = await json('GET', `${NEW}?limit=1`);
    const { continue: token } = paged['metadata'] as { continue: string };
    const rest = await json('GET', `${NEW}?limit=1&continue=${token}`);
    assert.deepEqual(items(rest), items(list).slice(1));

    const table = await json('GET', `${NEW}?includeObject=Object`, undefined, TABLE);
    const rows = table['rows'] as { cells: unknown[]; object: JsonObject }[];
    assert.deepEqual(rows[1]!.cells.slice(1, 4), ['Normal', 'Pulled', 'pod/web-1']);
    assert.equal(rows[1]!.object['note'], 'there');
    const partial = await json('GET', NEW, undefined, PARTIAL);
    assert.deepEqual(Object.keys(items(partial)[0]!), ['kind', 'apiVersion', 'metadata']);
  });

  it('is selected by the fields of the place that is asked', async () => {
    await json('POST', NEW, newEvent('a'));
    await json('POST', OLD, oldEvent('b'));
    const found = async (path: string, selector: string): Promise<unknown[]> => {
      const list = await json('GET', `${path}?fieldSelector=${encodeURIComponent(selector)}`);
      return items(list).map(({ metadata }) => (metadata as JsonObject)['name']);
    };
    assert.deepEqual(await found(NEW, 'regarding.name=web-1,reason=Seen'), ['a']);
    assert.deepEqual(await found(OLD, 'involvedObject.name=web-1,reason=Pulled'), ['b']);
    const refused = await json('GET', `${NEW}?fieldSelector=involvedObject.name%3Dx`);
    assert.equal(refused['code'], 400);
    assert.match(String(refused['message']), /"involvedObject.name" is not a known field selector/);
  });

  it('is updated and patched in the form of the place, and nothing of the rest is lost', async () => {
    await json('POST', OLD, oldEvent('b'));
    for (const [headers, body, note] of [
      [MERGE, { note: 'one' }, 'one'],
      [STRATEGIC, { note: 'two' }, 'two'],
      [JSON_PATCH, [{ op: 'replace', path: '/note', value: 'three' }], 'three'],
    ] as const) {
      const patched = await json('PATCH', `${NEW}/b`, body, headers);
      assert.deepEqual([patched['note'], patched['apiVersion']], [note, 'events.k8s.io/v1']);
    }
    const seen = await json('GET', `${NEW}/b`);
    const put = await json('PUT', `${NEW}/b`, { ...seen, reason: 'Again' });
    assert.equal(put['reason'], 'Again');
    const { metadata: _m, apiVersion: _a, kind: _k, ...stored } = await json('GET', `${OLD}/b`);
    const { metadata: _old, ...written } = oldEvent('b');
    assert.deepEqual(stored, { ...written, message: 'three', reason: 'Again' });
    const stale = await json('PUT', `${NEW}/b`, seen);
    assert.deepEqual([stale['code'], stale['reason']], [409, 'Conflict']);
  });

  it('is applied in the stored form alone, and says so', async () => {
    const headers = { 'content-type': 'application/apply-patch+yaml' };
    const refused = await json('PATCH', `${NEW}/b?fieldManager=me`, newEvent('b'), headers);
    assert.equal(refused['code'], 400);
    assert.equal(
      refused['message'],
      'events are applied as v1, in which they are stored: events.k8s.io/v1 has no server-side apply',
    );
  });

  it('is held against the schema and the rules of the place', async () => {
    const unknown = await json(
      'POST',
      `${NEW}?fieldValidation=Strict`,
      newEvent('a', { message: 'x' }),
    );
    assert.equal(unknown['code'], 400);
    assert.match(String(unknown['message']), /strict decoding error: unknown field "message"/);
    const warned = await fixture.ask(
      'POST',
      `${NEW}?fieldValidation=Warn`,
      newEvent('w', { message: 'x' }),
    );
    assert.equal(warned.status, 201);
    assert.deepEqual(warned.headers['warning'], ['299 - "unknown field \\"message\\""']);
    const wrong = await json('POST', NEW, { ...newEvent('a'), apiVersion: 'v1' });
    assert.equal(wrong['code'], 400);
    const bare = await json('POST', NEW, {
      metadata: { name: 'a' },
      deprecatedCount: 1,
      regarding,
    });
    assert.equal(bare['code'], 422);
    assert.match(String(bare['message']), /^Event\.events\.k8s\.io "a" is invalid: \[/);
    assert.deepEqual(causesOf(bare), [
      'eventTime: Required value',
      'reportingController: Required value',
      'reportingInstance: Required value',
      'action: Required value',
      'reason: Required value',
      'type: Invalid value: "": has invalid value: ',
      'count: Invalid value: "": needs to be unset',
    ]);
    const astray = newEvent('a', { regarding: { ...regarding, namespace: 'other' } });
    assert.deepEqual(causesOf(await json('POST', NEW, astray)), [
      'involvedObject.namespace: Invalid value: "other": does not match event.namespace',
    ]);
  });

  it('is watched at both places, each in its form, with bookmarks and the last state', async () => {
    const newer = await fixture.watch(`${NEW}?watch=1&allowWatchBookmarks=true`);
    const older = await fixture.watch(`${OLD}?watch=1`);
    await settle();
    await json('POST', OLD, oldEvent('b'));
    await json('PATCH', `${NEW}/b`, { note: 'changed' }, MERGE);
    await json('DELETE', `${NEW}/b`);
    await settle();
    const told = (events: readonly ApiEvent[], field: string): unknown[][] =>
      events.map(({ type, object }) => {
        const one = object as JsonObject;
        return [type, one['apiVersion'], one[field]];
      });
    assert.deepEqual(told(newer.events, 'note'), [
      ['ADDED', 'events.k8s.io/v1', 'there'],
      ['MODIFIED', 'events.k8s.io/v1', 'changed'],
      ['DELETED', 'events.k8s.io/v1', 'changed'],
    ]);
    assert.deepEqual(told(older.events, 'message'), [
      ['ADDED', 'v1', 'there'],
      ['MODIFIED', 'v1', 'changed'],
      ['DELETED', 'v1', 'changed'],
    ]);
    const revisions = [newer, older].map(({ events }) =>
      events.map(
        ({ object }) => ((object as JsonObject)['metadata'] as JsonObject)['resourceVersion'],
      ),
    );
    assert.deepEqual(revisions[0], revisions[1]);
    await fixture.clock.advance(61_000);
    const bookmark = newer.events.at(-1)!;
    assert.equal(bookmark.type, 'BOOKMARK');
    assert.deepEqual(Object.keys(bookmark.object as JsonObject).toSorted(), [
      'apiVersion',
      'kind',
      'metadata',
    ]);
  });

  it('sends what is there and marks its end, as rows too', async () => {
    await json('POST', NEW, newEvent('a'));
    const query =
      'watch=1&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true';
    const { events } = await fixture.watch(`${NEW}?${query}`, TABLE);
    await settle();
    assert.deepEqual(
      events.map(({ type, object }) => [type, (object as JsonObject)['kind']]),
      [
        ['ADDED', 'Table'],
        ['BOOKMARK', 'Table'],
      ],
    );
    const plain = await fixture.watch(`${NEW}?${query}`);
    await settle();
    assert.equal((plain.events[0]!.object as JsonObject)['note'], 'all is well');
  });

  it('is deleted by selector in the form of the place', async () => {
    await json('POST', NEW, newEvent('a'));
    await json('POST', NEW, newEvent('b', { reason: 'Other' }));
    const gone = await json('DELETE', `${NEW}?fieldSelector=reason%3DSeen`);
    assert.deepEqual(
      items(gone).map((one) => one['note']),
      ['all is well'],
    );
    assert.equal(items(await json('GET', OLD)).length, 1);
  });

  it('is told by discovery at each of its places', async () => {
    const groups = (await json('GET', '/apis'))['groups'] as { name: string }[];
    assert.ok(groups.some(({ name }) => name === 'events.k8s.io'));
    for (const path of ['/api/v1', '/apis/events.k8s.io/v1']) {
      const { resources } = (await json('GET', path)) as unknown as {
        resources: { name: string; kind: string; verbs: string[] }[];
      };
      const events = resources.find(({ name }) => name === 'events');
      assert.equal(events?.kind, 'Event', path);
      assert.ok(events.verbs.includes('watch'));
    }
    assert.equal((await json('GET', '/apis/events.k8s.io/v1beta1/events'))['code'], 404);
  });
});

describe('the scale of a ReplicationController', () => {
  it('names its labels and sets its replicas', async () => {
    const { json } = await createFixture();
    const at = '/api/v1/namespaces/default/replicationcontrollers';
    const template = {
      metadata: { labels: { app: 'web', tier: 'front' } },
      spec: { containers: [{ name: 'c', image: 'x' }] },
    };
    await json('POST', at, { metadata: { name: 'web' }, spec: { template } });
    const scale = await json('GET', `${at}/web/scale`);
    assert.deepEqual(
      [scale['spec'], scale['status']],
      [{ replicas: 1 }, { replicas: 0, selector: 'app=web,tier=front' }],
    );
    await json('PATCH', `${at}/web/scale`, { spec: { replicas: 4 } }, MERGE);
    const { spec, metadata } = await json('GET', `${at}/web`);
    assert.equal((spec as JsonObject)['replicas'], 4);
    assert.equal((metadata as JsonObject)['generation'], 2);
  });
});
