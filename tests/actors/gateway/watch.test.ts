// Watches: what is sent, in which order, and how a client resumes.

import assert from 'node:assert/strict';
import type { ApiEvent } from '../../../actors/gateway/request/api-request.ts';
import type { JsonObject } from '../../../actors/gateway/request/body.ts';
import type { Fixture } from './gateway-fixture.ts';
import { createFixture, pod, settle } from './gateway-fixture.ts';

const PODS = '/api/v1/namespaces/default/pods';
const MERGE = { 'content-type': 'application/merge-patch+json' };

const metadataOf = ({ object }: ApiEvent): JsonObject =>
  (object as JsonObject)['metadata'] as JsonObject;
const brief = (events: readonly ApiEvent[]): string[] =>
  events.map((event) => `${event.type} ${(metadataOf(event)['name'] ?? '') as string}`);

describe('a watch', () => {
  let fixture: Fixture;

  beforeEach(async () => {
    fixture = await createFixture();
  });

  const label = (name: string, value: string | null): Promise<JsonObject> =>
    fixture.json('PATCH', `${PODS}/${name}`, { metadata: { labels: { app: value } } }, MERGE);

  it('sends what is there when it starts from nowhere, then changes in order', async () => {
    await fixture.json('POST', PODS, pod('a'));
    const { events } = await fixture.watch(`${PODS}?watch=1`);
    await settle();
    await fixture.json('POST', PODS, pod('b'));
    await label('a', 'x');
    await fixture.json('DELETE', `${PODS}/b`);
    assert.deepEqual(brief(events), ['ADDED a', 'ADDED b', 'MODIFIED a', 'DELETED b']);
    const revisions = events.map((event) => Number(metadataOf(event)['resourceVersion']));
    assert.deepEqual(
      revisions,
      revisions.toSorted((a, b) => a - b),
    );
    assert.equal(new Set(revisions).size, revisions.length);
  });

  it('resumes after a revision without gap and without repetition', async () => {
    await fixture.json('POST', PODS, pod('a'));
    const first = await fixture.watch(`${PODS}?watch=1`);
    await settle();
    first.stop();
    await fixture.json('POST', PODS, pod('b'));
    await fixture.json('POST', PODS, pod('c'));
    const seen = String(metadataOf(first.events.at(-1)!)['resourceVersion']);
    const second = await fixture.watch(`${PODS}?watch=1&resourceVersion=${seen}`);
    await settle();
    assert.deepEqual(brief(second.events), ['ADDED b', 'ADDED c']);
    assert.equal(first.ended(), true);
  });

  it('ends with an ERROR event of 410 when its revision is no longer kept', async () => {
    await fixture.json('POST', PODS, pod('a'));
    await fixture.json('POST', PODS, pod('b'));
    fixture.store.compact(fixture.store.view.revision());
    const { events, ended } = await fixture.watch(`${PODS}?watch=1&resourceVersion=1`);
    await settle();
    assert.equal(events[0]?.type, 'ERROR');
    const status = events[0].object as JsonObject;
    assert.deepEqual([status['code'], status['reason']], [410, 'Expired']);
    assert.equal(ended(), true);
  });

  it('turns changes into comings and goings of what a selector matches', async () => {
    const { resourceVersion } = (await fixture.json('GET', PODS))['metadata'] as JsonObject;
    const query = `watch=1&labelSelector=app%3Dx&resourceVersion=${String(resourceVersion)}`;
    const { events } = await fixture.watch(`${PODS}?${query}`);
    await fixture.json('POST', PODS, pod('a'));
    await label('a', 'x');
    await fixture.json('PATCH', `${PODS}/a`, { metadata: { labels: { b: '1' } } }, MERGE);
    const gone = await label('a', 'y');
    await fixture.json('DELETE', `${PODS}/a`);
    await settle();
    assert.deepEqual(brief(events), ['ADDED a', 'MODIFIED a', 'DELETED a']);
    const last = metadataOf(events.at(-1)!);
    assert.equal(last['resourceVersion'], (gone['metadata'] as JsonObject)['resourceVersion']);
    assert.equal((last['labels'] as JsonObject)['app'], 'x', 'its last state that matched');
  });

  it('watches one object by name', async () => {
    const { events } = await fixture.watch(`${PODS}/a?watch=1`);
    await fixture.json('POST', PODS, pod('a'));
    await fixture.json('POST', PODS, pod('b'));
    await settle();
    assert.deepEqual(brief(events), ['ADDED a']);
  });

  it('tells the end of the initial events to a WatchList client', async () => {
    await fixture.json('POST', PODS, pod('a'));
    const query =
      'watch=1&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true';
    const { events } = await fixture.watch(`${PODS}?${query}`);
    await settle();
    assert.deepEqual(brief(events), ['ADDED a', 'BOOKMARK ']);
    const bookmark = events[1]!;
    assert.deepEqual(metadataOf(bookmark)['annotations'], {
      'k8s.io/initial-events-end': 'true',
    });
    assert.equal((bookmark.object as JsonObject)['kind'], 'Pod');
    await fixture.json('POST', PODS, pod('b'));
    assert.deepEqual(brief(events).slice(2), ['ADDED b']);
  });

  it('refuses sendInitialEvents without its match with 422, so that clients fall back to list', async () => {
    const refused = await fixture.json('GET', `${PODS}?watch=1&sendInitialEvents=true`);
    assert.equal(refused['code'], 422);
  });

  it('sends bookmarks that an idle client can resume from', async () => {
    const { events } = await fixture.watch(`${PODS}?watch=1&allowWatchBookmarks=true`);
    await settle();
    for (const name of ['x', 'y']) {
      await fixture.json('POST', '/api/v1/namespaces', { metadata: { name } });
    }
    fixture.store.tellProgress();
    await fixture.clock.advance(60_000);
    const last = events.at(-1)!;
    assert.equal(last.type, 'BOOKMARK');
    assert.equal(Number(metadataOf(last)['resourceVersion']), fixture.store.view.revision());
  });

  it('ends by itself after timeoutSeconds', async () => {
    const { ended } = await fixture.watch(`${PODS}?watch=1&timeoutSeconds=5`);
    await fixture.clock.advance(4_999);
    assert.equal(ended(), false);
    assert.equal(fixture.gateway.counters().watches, 1);
    await fixture.clock.advance(1);
    assert.equal(ended(), true);
    assert.equal(fixture.gateway.counters().watches, 0);
  });

  it('is cut when its client is too slow', async () => {
    const response = await fixture.ask('GET', `${PODS}?watch=1`);
    assert.equal(response.type, 'watch');
    let sent = 0;
    let ended = 0;
    response.start({
      event: () => ++sent < 2,
      ready: () => Promise.resolve(),
      end: () => ended++,
    });
    for (const name of ['a', 'b', 'c']) await fixture.json('POST', PODS, pod(name));
    await settle();
    assert.deepEqual([sent, ended], [2, 1]);
  });

  it('sends tables when tables are asked for', async () => {
    const accept = 'application/json;as=Table;v=v1;g=meta.k8s.io';
    const { events } = await fixture.watch(`${PODS}?watch=1`, { accept });
    await fixture.json('POST', PODS, pod('a'));
    await settle();
    assert.deepEqual(
      events.map(({ object }) => (object as JsonObject)['kind']),
      ['Table'],
    );
  });

  it('ends when the replica stops', async () => {
    const { ended } = await fixture.watch(`${PODS}?watch=1`);
    await settle();
    fixture.store.stop();
    await settle();
    assert.equal(ended(), true);
  });
});
