// Get and list: freshness, selectors, pages, tables.

import assert from 'node:assert/strict';
import type { JsonObject } from '../../../actors/gateway/request/body.ts';
import type { Fixture } from './gateway-fixture.ts';
import { createFixture, pod, settle } from './gateway-fixture.ts';

const PODS = '/api/v1/namespaces/default/pods';
const TABLE = { accept: 'application/json;as=Table;v=v1;g=meta.k8s.io,application/json' };

const namesOf = (list: JsonObject): string[] =>
  (list['items'] as { metadata: { name: string } }[]).map(({ metadata }) => metadata.name);
const metadataOf = (object: JsonObject): JsonObject => object['metadata'] as JsonObject;

describe('a read', () => {
  let fixture: Fixture;

  beforeEach(async () => {
    fixture = await createFixture();
    for (const name of ['a', 'b', 'c', 'd', 'e']) await fixture.json('POST', PODS, pod(name));
  });

  it('answers one object, and 404 with details for one that is not there', async () => {
    const found = await fixture.json('GET', `${PODS}/a`);
    assert.equal(metadataOf(found)['name'], 'a');
    assert.equal(found['kind'], 'Pod');
    const missing = await fixture.json('GET', `${PODS}/nope`);
    assert.deepEqual(missing, {
      kind: 'Status',
      apiVersion: 'v1',
      metadata: {},
      status: 'Failure',
      message: 'pods "nope" not found',
      reason: 'NotFound',
      details: { name: 'nope', kind: 'pods' },
      code: 404,
    });
  });

  it('selects by label and by field', async () => {
    assert.deepEqual(namesOf(await fixture.json('GET', `${PODS}?labelSelector=app%20in%20(a,c)`)), [
      'a',
      'c',
    ]);
    const byField = `${PODS}?fieldSelector=metadata.name!=a,status.phase=Pending`;
    assert.deepEqual(namesOf(await fixture.json('GET', byField)), ['b', 'c', 'd', 'e']);
    for (const bad of ['labelSelector=a%20in%20b', 'fieldSelector=spec.wrong=1']) {
      const refused = await fixture.json('GET', `${PODS}?${bad}`);
      assert.equal(refused['reason'], 'BadRequest', bad);
    }
  });

  it('shows the revision of the first page on all pages, whatever is written between them', async () => {
    const first = await fixture.json('GET', `${PODS}?limit=2`);
    const { continue: token, resourceVersion } = metadataOf(first);
    assert.deepEqual(namesOf(first), ['a', 'b']);
    assert.equal(metadataOf(first)['remainingItemCount'], 3);
    await fixture.json('POST', PODS, pod('bb'));
    await fixture.json('DELETE', `${PODS}/c`);
    const second = await fixture.json('GET', `${PODS}?limit=2&continue=${String(token)}`);
    assert.deepEqual(namesOf(second), ['c', 'd']);
    assert.equal(metadataOf(second)['resourceVersion'], resourceVersion);
    const rest = `${PODS}?limit=2&continue=${String(metadataOf(second)['continue'])}`;
    const third = await fixture.json('GET', rest);
    assert.deepEqual(namesOf(third), ['e']);
    assert.equal(metadataOf(third)['continue'], undefined);
  });

  it('pages by what a selector matches', async () => {
    const query = 'labelSelector=app!%3Da&limit=2';
    const first = await fixture.json('GET', `${PODS}?${query}`);
    assert.deepEqual(namesOf(first), ['b', 'c']);
    const token = String(metadataOf(first)['continue']);
    const second = await fixture.json('GET', `${PODS}?${query}&continue=${token}`);
    assert.deepEqual(namesOf(second), ['d', 'e']);
    assert.equal(metadataOf(second)['continue'], undefined);
  });

  it('refuses a page of a revision that is no longer kept with 410 Expired', async () => {
    const first = await fixture.json('GET', `${PODS}?limit=2`);
    await fixture.json('POST', PODS, pod('f'));
    fixture.store.compact(fixture.store.view.revision());
    const token = String(metadataOf(first)['continue']);
    const refused = await fixture.json('GET', `${PODS}?limit=2&continue=${token}`);
    assert.equal(refused['reason'], 'Expired');
    assert.equal(refused['code'], 410);
  });

  it('refuses a continue token that was not given for this collection', async () => {
    const forged = Buffer.from(
      JSON.stringify({ v: 1, revision: 2, after: '/registry/secrets/' }),
    ).toString('base64url');
    for (const token of ['x', forged, '%00']) {
      const refused = await fixture.json('GET', `${PODS}?limit=2&continue=${token}`);
      assert.equal(refused['code'], 400, token);
    }
  });

  it('shows an exact revision of the past', async () => {
    const { resourceVersion } = metadataOf(await fixture.json('GET', PODS));
    await fixture.json('DELETE', `${PODS}/a`);
    const query = `resourceVersion=${String(resourceVersion)}&resourceVersionMatch=Exact`;
    const past = await fixture.json('GET', `${PODS}?${query}`);
    assert.deepEqual(namesOf(past), ['a', 'b', 'c', 'd', 'e']);
    assert.equal(metadataOf(past)['resourceVersion'], resourceVersion);
  });

  it('waits for a revision that is not applied here yet, and gives up with 504 after 3 s', async () => {
    const ahead = fixture.store.view.revision() + 1;
    const waiting = fixture.json('GET', `${PODS}?resourceVersion=${ahead}`);
    await settle();
    await fixture.json('POST', PODS, pod('f'));
    assert.equal(namesOf(await waiting).length, 6);

    const never = fixture.json('GET', `${PODS}?resourceVersion=${ahead + 100}`);
    await fixture.clock.advance(3_000);
    const refused = await never;
    assert.equal(refused['code'], 504);
    assert.equal(refused['reason'], 'Timeout');
    const { causes } = refused['details'] as { causes: { reason: string }[] };
    assert.equal(causes[0]?.reason, 'ResourceVersionTooLarge');
  });

  it('answers what is here, with a warning that says how old, while there is no quorum', async () => {
    fixture.store.setStatus({ staleMs: 42_000 });
    const { store } = fixture;
    const cut = await createFixture({ store, noQuorum: true });
    const response = await cut.ask('GET', PODS);
    assert.equal(response.status, 200);
    const [warning] = (response.headers['warning'] ?? []) as string[];
    assert.match(warning ?? '', /^299 - ".*no contact with a quorum.*42s old"$/);
    const local = await cut.ask('GET', `${PODS}?resourceVersion=0`);
    assert.equal(local.headers['warning'], undefined);
  });

  it('prints tables with metadata of the objects, or whole objects, or none', async () => {
    const table = await fixture.json('GET', PODS, undefined, TABLE);
    assert.equal(table['kind'], 'Table');
    const columns = table['columnDefinitions'] as { name: string }[];
    assert.deepEqual(
      columns.slice(0, 5).map(({ name }) => name),
      ['Name', 'Ready', 'Status', 'Restarts', 'Age'],
    );
    const rows = table['rows'] as { cells: unknown[]; object: JsonObject }[];
    assert.deepEqual(rows[0]?.cells.slice(0, 3), ['a', '0/1', 'Pending']);
    assert.equal(rows[0]?.object['kind'], 'PartialObjectMetadata');
    const whole = await fixture.json('GET', `${PODS}?includeObject=Object`, undefined, TABLE);
    assert.equal((whole['rows'] as { object: JsonObject }[])[0]?.object['kind'], 'Pod');
    const none = await fixture.json('GET', `${PODS}?includeObject=None`, undefined, TABLE);
    assert.equal((none['rows'] as { object?: JsonObject }[])[0]?.object, undefined);
  });

  it('answers metadata only when asked, and 406 when nothing acceptable is left', async () => {
    const partial = await fixture.json('GET', PODS, undefined, {
      accept: 'application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1',
    });
    assert.equal(partial['kind'], 'PartialObjectMetadataList');
    assert.deepEqual(Object.keys((partial['items'] as JsonObject[])[0]!), [
      'kind',
      'apiVersion',
      'metadata',
    ]);
    const refused = await fixture.json('GET', PODS, undefined, { accept: 'text/html' });
    assert.equal(refused['reason'], 'NotAcceptable');
    const both = await fixture.json('GET', PODS, undefined, {
      accept: 'application/vnd.kubernetes.protobuf, */*',
    });
    assert.equal(both['kind'], 'PodList');
  });

  it('lists over all namespaces and in one', async () => {
    await fixture.json('POST', '/api/v1/namespaces', { metadata: { name: 'other' } });
    await fixture.json('POST', '/api/v1/namespaces/other/pods', pod('z'));
    assert.equal(namesOf(await fixture.json('GET', '/api/v1/pods')).length, 6);
    assert.deepEqual(namesOf(await fixture.json('GET', '/api/v1/namespaces/other/pods')), ['z']);
  });
});
