// What a request for a log asks of the pod's peer.

import assert from 'node:assert/strict';
import { Readable } from 'node:stream';
import type { JsonObject } from '../../../../actors/gateway/request/body.ts';
import { createFakeStreams } from '../fake-streams.ts';
import type { FakeStreams } from '../fake-streams.ts';
import type { Fixture } from '../gateway-fixture.ts';
import { createFixture } from '../gateway-fixture.ts';

const PODS = '/api/v1/namespaces/default/pods';
const container = (name: string): JsonObject => ({ name, image: 'none', command: ['true'] });

describe("a pod's log", () => {
  let fixture: Fixture;
  let streams: FakeStreams;

  beforeEach(async () => {
    streams = createFakeStreams();
    fixture = await createFixture({ streams });
    const make = (name: string, spec: JsonObject): Promise<JsonObject> =>
      fixture.json('POST', PODS, { metadata: { name }, spec });
    await make('one', { nodeName: 'n1', containers: [container('main')] });
    await make('two', { nodeName: 'n1', containers: [container('a'), container('b')] });
    await make('loose', { containers: [container('main')] });
  });

  it('is asked of the node that the pod is bound to, with what the query says', async () => {
    const query =
      'follow=true&previous=1&timestamps=true&tailLines=5&limitBytes=100&sinceSeconds=10';
    const response = await fixture.ask('GET', `${PODS}/one/log?${query}`);
    assert.equal(response.type, 'stream');
    assert.equal(response.headers['content-type'], 'text/plain');
    const [asked] = streams.logRequests;
    assert.equal(asked?.target.node, 'n1');
    assert.deepEqual(asked.options, {
      container: 'main',
      follow: true,
      previous: true,
      timestamps: true,
      tailLines: 5,
      limitBytes: 100,
      sinceMs: 10_000,
    });
  });

  it('counts sinceTime from now', async () => {
    await fixture.ask('GET', `${PODS}/one/log?sinceTime=2026-11-22T11:59:00Z`);
    assert.equal(streams.logRequests[0]?.options.sinceMs, 60_000);
  });

  it('needs a container where there are several', async () => {
    const refused = await fixture.json('GET', `${PODS}/two/log`);
    assert.equal(
      refused['message'],
      'a container name must be specified for pod two, choose one of: [a b]',
    );
    await fixture.ask('GET', `${PODS}/two/log?container=b`);
    assert.equal(streams.logRequests[0]?.options.container, 'b');
  });

  it('is refused with 400 for an unbound pod, an unknown container and wrong values', async () => {
    for (const target of [
      'loose/log',
      'one/log?container=x',
      'one/log?tailLines=-1',
      'one/log?limitBytes=0',
      'one/log?follow=perhaps',
      'one/log?sinceTime=yesterday',
      'one/log?sinceTime=2026-11-22T11:59:00Z&sinceSeconds=1',
    ]) {
      assert.equal((await fixture.json('GET', `${PODS}/${target}`))['code'], 400, target);
    }
    assert.equal((await fixture.json('GET', `${PODS}/nope/log`))['code'], 404);
    assert.deepEqual(streams.logRequests, []);
  });

  it('hands on what the peer sends', async () => {
    streams.log = Readable.from(['a\n', 'b\n']);
    const response = await fixture.ask('GET', `${PODS}/one/log`);
    const chunks: string[] = [];
    if (response.type === 'stream') for await (const chunk of response.stream) chunks.push(chunk);
    assert.deepEqual(chunks, ['a\n', 'b\n']);
  });
});
