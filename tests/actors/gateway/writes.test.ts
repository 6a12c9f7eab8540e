// Create, update, patch, delete: what is accepted, what is refused and in which words.

import assert from 'node:assert/strict';
import type { JsonObject } from '../../../actors/gateway/request/body.ts';
import { SkeinError } from '../../../runtime/index.ts';
import type { Fixture } from './gateway-fixture.ts';
import { createFixture, deployment, pod } from './gateway-fixture.ts';

const PODS = '/api/v1/namespaces/default/pods';
const DEPLOYMENTS = '/apis/apps/v1/namespaces/default/deployments';
const MERGE = { 'content-type': 'application/merge-patch+json' };
const STRATEGIC = { 'content-type': 'application/strategic-merge-patch+json' };
const JSON_PATCH = { 'content-type': 'application/json-patch+json' };

const metadataOf = (object: JsonObject): JsonObject => object['metadata'] as JsonObject;
const specOf = (object: JsonObject): JsonObject => object['spec'] as JsonObject;

/** A pod that somebody runs. */
const boundPod = (name: string, grace: number): JsonObject =>
  pod(name, {
    spec: {
      nodeName: 'n1',
      terminationGracePeriodSeconds: grace,
      containers: [{ name: 'main', image: 'none', command: ['sleep', '1'] }],
    },
  });

describe('a write', () => {
  let fixture: Fixture;

  beforeEach(async () => {
    fixture = await createFixture();
  });

  describe('that creates', () => {
    it('answers 201 with defaults, uid, time and the revision that it can be watched from', async () => {
      const response = await fixture.ask('POST', PODS, pod('a'));
      assert.equal(response.status, 201);
      const created = response.type === 'json' ? (response.body as JsonObject) : {};
      const { uid, creationTimestamp, resourceVersion } = metadataOf(created);
      assert.match(String(uid), /^[0-9a-f-]{36}$/);
      assert.equal(creationTimestamp, '2026-11-22T12:00:00Z');
      assert.equal(specOf(created)['restartPolicy'], 'Always');
      assert.equal(resourceVersion, String(fixture.store.view.revision()));
      assert.deepEqual(await fixture.json('GET', `${PODS}/a`), created);
    });

    it('refuses a name that is taken with 409 AlreadyExists', async () => {
      await fixture.json('POST', PODS, pod('a'));
      const refused = await fixture.json('POST', PODS, pod('a'));
      assert.deepEqual([refused['code'], refused['reason']], [409, 'AlreadyExists']);
      assert.equal(refused['message'], 'pods "a" already exists');
    });

    it('makes a name from generateName, another one each time', async () => {
      const body = { ...pod('x'), metadata: { generateName: 'job-' } };
      const names = new Set<unknown>();
      for (let round = 0; round < 5; round++) {
        names.add(metadataOf(await fixture.json('POST', PODS, body))['name']);
      }
      assert.equal(names.size, 5);
      for (const name of names) assert.match(String(name), /^job-[a-z0-9]{5}$/);
    });

    it('refuses a namespace that is not there, another one than the path says, or one that ends', async () => {
      const nowhere = await fixture.json('POST', '/api/v1/namespaces/nope/pods', pod('a'));
      assert.equal(nowhere['code'], 404);
      assert.equal(nowhere['message'], 'namespaces "nope" not found');
      const astray = { ...pod('a'), metadata: { name: 'a', namespace: 'elsewhere' } };
      assert.equal((await fixture.json('POST', PODS, astray))['code'], 400);
      await fixture.json('POST', '/api/v1/namespaces', { metadata: { name: 'old' } });
      await fixture.json('DELETE', '/api/v1/namespaces/old');
      const ending = await fixture.json('POST', '/api/v1/namespaces/old/pods', pod('a'));
      assert.equal(ending['code'], 403);
      assert.match(String(ending['message']), /because it is being terminated/);
    });

    it('writes nothing on a dry run, and still refuses what it would refuse', async () => {
      const before = fixture.store.view.revision();
      const tried = await fixture.json('POST', `${PODS}?dryRun=All`, pod('a'));
      assert.equal(metadataOf(tried)['name'], 'a');
      assert.equal(metadataOf(tried)['resourceVersion'], undefined);
      assert.equal(fixture.store.view.revision(), before);
      await fixture.json('POST', PODS, pod('b'));
      assert.equal((await fixture.json('POST', `${PODS}?dryRun=All`, pod('b')))['code'], 409);
      assert.equal((await fixture.json('POST', `${PODS}?dryRun=Some`, pod('c')))['code'], 400);
    });

    it('refuses, warns of, or ignores unknown fields as fieldValidation says', async () => {
      const body = deployment('web');
      specOf(body)['replicaz'] = 3;
      const strict = await fixture.json('POST', `${DEPLOYMENTS}?fieldValidation=Strict`, body);
      assert.equal(strict['code'], 400);
      assert.equal(
        strict['message'],
        'Deployment in version "v1" cannot be handled as a Deployment: ' +
          'strict decoding error: unknown field "spec.replicaz"',
      );
      const warned = await fixture.ask('POST', DEPLOYMENTS, body);
      assert.equal(warned.status, 201);
      assert.deepEqual(warned.headers['warning'], [
        String.raw`299 - "unknown field \"spec.replicaz\""`,
      ]);
      const stored = await fixture.json('GET', `${DEPLOYMENTS}/web`);
      assert.equal(specOf(stored)['replicaz'], undefined);
      const other = deployment('web2');
      specOf(other)['replicaz'] = 3;
      const silent = await fixture.ask('POST', `${DEPLOYMENTS}?fieldValidation=Ignore`, other);
      assert.equal(silent.headers['warning'], undefined);
    });

    it('tells each broken rule with its field: 422 Invalid', async () => {
      const refused = await fixture.json('POST', PODS, {
        ...pod('Bad_Name'),
        spec: { containers: [] },
      });
      assert.deepEqual([refused['code'], refused['reason']], [422, 'Invalid']);
      assert.match(String(refused['message']), /^Pod "Bad_Name" is invalid: \[/);
      const { causes, kind } = refused['details'] as JsonObject;
      assert.equal(kind, 'Pod');
      const fields = (causes as { field: string }[]).map(({ field }) => field);
      assert.deepEqual(fields.toSorted(), ['metadata.name', 'spec.containers']);
    });

    it('refuses a body that is no object of the kind with 400, and other formats with 415', async () => {
      for (const body of ['{', '[]', '"x"', 'null', '{"kind":"Service"}', '{"metadata":1}', '']) {
        assert.equal((await fixture.json('POST', PODS, body))['code'], 400, body);
      }
      const type = { 'content-type': 'application/cbor' };
      const refused = await fixture.json('POST', PODS, pod('a'), type);
      assert.deepEqual([refused['code'], refused['reason']], [415, 'UnsupportedMediaType']);
      assert.equal(
        refused['message'],
        'the body of the request was in an unknown format - accepted media types include: ' +
          'application/json, application/yaml, application/vnd.kubernetes.protobuf',
      );
    });

    it('takes YAML', async () => {
      const yaml = 'metadata: {name: y}\nspec: {containers: [{name: c, image: x}]}\n';
      const type = { 'content-type': 'application/yaml' };
      assert.equal(metadataOf(await fixture.json('POST', PODS, yaml, type))['name'], 'y');
    });
  });

  describe('that updates', () => {
    it('replaces the object that was read, and refuses one that changed meanwhile with 409', async () => {
      const read = await fixture.json('POST', DEPLOYMENTS, deployment('web'));
      const next = structuredClone(read);
      specOf(next)['replicas'] = 4;
      const updated = await fixture.json('PUT', `${DEPLOYMENTS}/web`, next);
      assert.equal(specOf(updated)['replicas'], 4);
      assert.equal(metadataOf(updated)['generation'], 2);
      const refused = await fixture.json('PUT', `${DEPLOYMENTS}/web`, next);
      assert.deepEqual([refused['code'], refused['reason']], [409, 'Conflict']);
      assert.match(String(refused['message']), /the object has been modified/);
    });

    it('replaces whatever is there when it names no revision, and nothing when nothing changes', async () => {
      const read = await fixture.json('POST', DEPLOYMENTS, deployment('web'));
      const revision = fixture.store.view.revision();
      const same = await fixture.json('PUT', `${DEPLOYMENTS}/web`, deployment('web'));
      assert.deepEqual(same, read);
      assert.equal(fixture.store.view.revision(), revision, 'nothing was written');
      assert.equal((await fixture.json('PUT', `${DEPLOYMENTS}/no`, deployment('no')))['code'], 404);
      assert.equal((await fixture.json('PUT', `${DEPLOYMENTS}/b`, deployment('web')))['code'], 400);
    });

    it('keeps spec and status apart', async () => {
      await fixture.json('POST', DEPLOYMENTS, deployment('web'));
      const body = { ...deployment('web', 9), status: { replicas: 7 } };
      const status = await fixture.json('PUT', `${DEPLOYMENTS}/web/status`, body);
      assert.deepEqual(
        [specOf(status)['replicas'], (status['status'] as JsonObject)['replicas']],
        [1, 7],
      );
      const spec = await fixture.json('PUT', `${DEPLOYMENTS}/web`, {
        ...body,
        status: { replicas: 1 },
      });
      assert.deepEqual(
        [specOf(spec)['replicas'], (spec['status'] as JsonObject)['replicas']],
        [9, 7],
      );
    });

    it('scales', async () => {
      await fixture.json('POST', DEPLOYMENTS, deployment('web', 2));
      const scale = await fixture.json('GET', `${DEPLOYMENTS}/web/scale`);
      assert.equal(scale['apiVersion'], 'autoscaling/v1');
      assert.deepEqual(scale['status'], { replicas: 0, selector: 'app=web' });
      specOf(scale)['replicas'] = 5;
      const put = await fixture.json('PUT', `${DEPLOYMENTS}/web/scale`, scale);
      assert.deepEqual(put['spec'], { replicas: 5 });
      const patch = { spec: { replicas: 3 } };
      const patched = await fixture.json('PATCH', `${DEPLOYMENTS}/web/scale`, patch, MERGE);
      assert.deepEqual(patched['spec'], { replicas: 3 });
      assert.equal(specOf(await fixture.json('GET', `${DEPLOYMENTS}/web`))['replicas'], 3);
      const negative = { spec: { replicas: -1 } };
      const refused = await fixture.json('PATCH', `${DEPLOYMENTS}/web/scale`, negative, MERGE);
      assert.equal(refused['code'], 422);
      assert.equal((await fixture.json('GET', `${PODS}/web/scale`))['code'], 404);
    });
  });

  describe('that patches', () => {
    beforeEach(async () => {
      await fixture.json('POST', DEPLOYMENTS, deployment('web', 2));
    });

    it('speaks JSON patch, merge patch and strategic merge patch', async () => {
      const path = `${DEPLOYMENTS}/web`;
      const replace = [{ op: 'replace', path: '/spec/replicas', value: 3 }];
      assert.equal(specOf(await fixture.json('PATCH', path, replace, JSON_PATCH))['replicas'], 3);
      const merge = { spec: { replicas: 4 }, metadata: { labels: { a: 'b' } } };
      assert.equal(specOf(await fixture.json('PATCH', path, merge, MERGE))['replicas'], 4);
      const image = {
        spec: { template: { spec: { containers: [{ name: 'main', image: 'new' }] } } },
      };
      const patched = await fixture.json('PATCH', path, image, STRATEGIC);
      const template = specOf(patched)['template'] as JsonObject;
      const [container] = specOf(template)['containers'] as JsonObject[];
      assert.equal(container?.['image'], 'new');
      assert.deepEqual(container?.['command'], ['sleep', '1'], 'the rest of the container stays');
    });

    it('refuses what is no patch with 400, what does not fit with 422, other types with 415', async () => {
      const path = `${DEPLOYMENTS}/web`;
      const rows: readonly (readonly [unknown, Record<string, string>, number])[] = [
        ['{', MERGE, 400],
        [[1], JSON_PATCH, 400],
        [{ op: 'add' }, JSON_PATCH, 400],
        [[{ op: 'test', path: '/spec/replicas', value: 9 }], JSON_PATCH, 422],
        [[{ op: 'remove', path: '/spec/nope/deeper' }], JSON_PATCH, 422],
        [[{ op: 'replace', path: '', value: 3 }], JSON_PATCH, 422],
        [[{ op: 'copy', path: '', from: '/nope' }], JSON_PATCH, 422],
        [[{ op: 'move', path: '', from: '/nope' }], JSON_PATCH, 422],
        [[{ op: 'copy', path: '/metadata/x', from: '/toString' }], JSON_PATCH, 422],
        [[{ op: 'add', path: '/toString/x', value: 1 }], JSON_PATCH, 422],
        [[{ op: 'test', path: '/toString/length', value: 0 }], JSON_PATCH, 422],
        [{ spec: { replicas: 'many' } }, MERGE, 422],
        [{ spec: { replicas: -1 } }, MERGE, 422],
        [{ metadata: { name: 'other' } }, MERGE, 400],
        [{ spec: {} }, { 'content-type': 'application/apply-patch+cbor' }, 415],
        [{ spec: {} }, { 'content-type': 'application/json' }, 415],
      ];
      for (const [body, headers, code] of rows) {
        const refused = await fixture.json('PATCH', path, body, headers);
        assert.equal(refused['code'], code, JSON.stringify([body, refused]));
      }
    });

    it('is made again from the newest state when somebody else writes in between', async () => {
      const held = fixture.store.hold();
      const mine = fixture.json(
        'PATCH',
        `${DEPLOYMENTS}/web`,
        { metadata: { labels: { a: '1' } } },
        MERGE,
      );
      const other = { metadata: { labels: { b: '2' } } };
      const theirs = fixture.json('PATCH', `${DEPLOYMENTS}/web`, other, MERGE);
      held.release();
      await Promise.all([mine, theirs]);
      const { labels } = metadataOf(await fixture.json('GET', `${DEPLOYMENTS}/web`));
      assert.deepEqual(labels, { a: '1', b: '2' });
    });

    it('is refused with 409 when it names a revision that is not the newest', async () => {
      const patch = { metadata: { resourceVersion: '1', labels: { a: '1' } } };
      const refused = await fixture.json('PATCH', `${DEPLOYMENTS}/web`, patch, MERGE);
      assert.deepEqual([refused['code'], refused['reason']], [409, 'Conflict']);
    });
  });

  describe('that deletes', () => {
    it('removes an unbound pod at once and gives a bound one its time', async () => {
      await fixture.json('POST', PODS, pod('loose'));
      await fixture.json('DELETE', `${PODS}/loose`);
      assert.equal((await fixture.json('GET', `${PODS}/loose`))['code'], 404);

      await fixture.json('POST', PODS, boundPod('bound', 20));
      const marked = await fixture.json('DELETE', `${PODS}/bound`);
      assert.equal(metadataOf(marked)['deletionTimestamp'], '2026-11-22T12:00:20Z');
      assert.equal(metadataOf(marked)['deletionGracePeriodSeconds'], 20);
      const longer = await fixture.json('DELETE', `${PODS}/bound`, { gracePeriodSeconds: 100 });
      assert.equal(metadataOf(longer)['deletionGracePeriodSeconds'], 20, 'never longer');
      const shorter = await fixture.json('DELETE', `${PODS}/bound?gracePeriodSeconds=5`);
      assert.equal(metadataOf(shorter)['deletionGracePeriodSeconds'], 5);
      await fixture.json('DELETE', `${PODS}/bound`, { gracePeriodSeconds: 0 });
      assert.equal((await fixture.json('GET', `${PODS}/bound`))['code'], 404);
    });

    it('answers a Status with the uid for what leaves nothing behind', async () => {
      const { uid } = metadataOf(await fixture.json('POST', DEPLOYMENTS, deployment('web')));
      assert.deepEqual(await fixture.json('DELETE', `${DEPLOYMENTS}/web`), {
        kind: 'Status',
        apiVersion: 'v1',
        metadata: {},
        status: 'Success',
        details: { name: 'web', group: 'apps', kind: 'deployments', uid },
        code: 200,
      });
      assert.equal((await fixture.json('DELETE', `${DEPLOYMENTS}/web`))['code'], 404);
    });

    it('keeps an object until its last finalizer is gone', async () => {
      const body = deployment('web');
      metadataOf(body)['finalizers'] = ['example.com/wait'];
      await fixture.json('POST', DEPLOYMENTS, body);
      const marked = await fixture.json('DELETE', `${DEPLOYMENTS}/web`);
      assert.equal(typeof metadataOf(marked)['deletionTimestamp'], 'string');
      const free = { metadata: { finalizers: null } };
      await fixture.json('PATCH', `${DEPLOYMENTS}/web`, free, MERGE);
      assert.equal((await fixture.json('GET', `${DEPLOYMENTS}/web`))['code'], 404);
    });

    it('leaves dependents to the garbage collector through its finalizers', async () => {
      for (const [policy, finalizer] of [
        ['Foreground', 'foregroundDeletion'],
        ['Orphan', 'orphan'],
      ] as const) {
        await fixture.json('POST', DEPLOYMENTS, deployment('web'));
        const body = { propagationPolicy: policy };
        const marked = await fixture.json('DELETE', `${DEPLOYMENTS}/web`, body);
        assert.deepEqual(metadataOf(marked)['finalizers'], [finalizer]);
        await fixture.json('PATCH', `${DEPLOYMENTS}/web`, { metadata: { finalizers: [] } }, MERGE);
      }
      await fixture.json('POST', DEPLOYMENTS, deployment('web'));
      await fixture.json('DELETE', `${DEPLOYMENTS}/web?propagationPolicy=Background`);
      assert.equal((await fixture.json('GET', `${DEPLOYMENTS}/web`))['code'], 404);
      const wrong = await fixture.json('DELETE', `${DEPLOYMENTS}/web?propagationPolicy=Some`);
      assert.equal(wrong['code'], 400);
    });

    it('holds to its preconditions', async () => {
      await fixture.json('POST', DEPLOYMENTS, deployment('web'));
      for (const preconditions of [{ uid: 'x' }, { resourceVersion: '1' }]) {
        const refused = await fixture.json('DELETE', `${DEPLOYMENTS}/web`, { preconditions });
        assert.equal(refused['reason'], 'Conflict');
      }
    });

    it('deletes what a selector finds and nothing else', async () => {
      for (const name of ['a', 'b', 'c']) await fixture.json('POST', PODS, pod(name));
      const deleted = await fixture.json('DELETE', `${PODS}?labelSelector=app!%3Db`);
      assert.equal((deleted['items'] as unknown[]).length, 2);
      const left = (await fixture.json('GET', PODS))['items'] as JsonObject[];
      assert.deepEqual(
        left.map((object) => metadataOf(object)['name']),
        ['b'],
      );
    });

    it('gives back the room of a bound pod that goes at once', async () => {
      const created = await fixture.json('POST', PODS, boundPod('a', 20));
      const uid = String(metadataOf(created)['uid']);
      const other = { cpuMillis: 1, memoryBytes: 1, hostPorts: [] };
      const key = '/skein/allocations/n1';
      const value = JSON.stringify({ [uid]: other, other });
      await fixture.store.transact({ compare: [], success: [{ type: 'put', key, value }] });
      await fixture.json('DELETE', `${PODS}/a?gracePeriodSeconds=0`);
      assert.equal((await fixture.json('GET', `${PODS}/a`))['code'], 404);
      assert.equal(fixture.store.view.get(key)?.value, JSON.stringify({ other }));
    });

    it('evicts through the eviction subresource', async () => {
      await fixture.json('POST', PODS, boundPod('a', 20));
      const body = { kind: 'Eviction', apiVersion: 'policy/v1', metadata: { name: 'a' } };
      const response = await fixture.ask('POST', `${PODS}/a/eviction`, body);
      assert.equal(response.status, 201);
      const marked = await fixture.json('GET', `${PODS}/a`);
      assert.equal(typeof metadataOf(marked)['deletionTimestamp'], 'string');
    });

    it('marks a namespace Terminating until it is finalized, and keeps the ones a zone needs', async () => {
      await fixture.json('POST', '/api/v1/namespaces', { metadata: { name: 'old' } });
      const marked = await fixture.json('DELETE', '/api/v1/namespaces/old');
      assert.deepEqual(marked['status'], { phase: 'Terminating' });
      const done = { ...marked, spec: { finalizers: [] } };
      await fixture.json('PUT', '/api/v1/namespaces/old/finalize', done);
      assert.equal((await fixture.json('GET', '/api/v1/namespaces/old'))['code'], 404);
      assert.equal((await fixture.json('DELETE', '/api/v1/namespaces/default'))['code'], 403);
    });
  });

  it('without a quorum is refused with 503 in time, and a lost answer with 504 within 5 s', async () => {
    const cut = await createFixture({ store: fixture.store, noQuorum: true });
    const refused = await cut.ask('POST', PODS, pod('a'));
    assert.equal(refused.status, 503);
    assert.equal(refused.headers['retry-after'], undefined, 'the client tells its user at once');
    fixture.store.hold();
    const waiting = fixture.ask('POST', PODS, pod('b'));
    await fixture.clock.advance(5_000);
    assert.equal((await waiting).status, 504);
  });

  it('tells what the store refuses', async () => {
    for (const [code, status] of [
      ['too-large', 413],
      ['overloaded', 429],
      ['unavailable', 503],
      ['timeout', 504],
    ] as const) {
      fixture.store.failNext(new SkeinError(code, 'why'));
      assert.equal((await fixture.ask('POST', PODS, pod('a'))).status, status);
    }
    assert.deepEqual(fixture.log.errors, []);
  });

  it('is refused with 507 while the disks of the zone are full, and told whose', async () => {
    const why =
      'the zone takes no writes, the disks of most of its voters are full: free some at b';
    fixture.store.failNext(new SkeinError('overloaded', why, { reason: 'disk-full', peers: 'b' }));
    const refused = await fixture.ask('POST', PODS, pod('a'));
    assert.equal(refused.status, 507);
    assert.equal(refused.headers['retry-after'], undefined, 'the client tells its user at once');
    fixture.store.failNext(new SkeinError('overloaded', why, { reason: 'disk-full', peers: 'b' }));
    const told = await fixture.json('POST', PODS, pod('a'));
    assert.deepEqual([told['reason'], told['message']], ['InsufficientStorage', why]);
  });

  it('refuses to bind, politely, and to write where nothing can be written', async () => {
    await fixture.json('POST', PODS, pod('a'));
    const bound = await fixture.json('POST', `${PODS}/a/binding`, { target: { name: 'n' } });
    assert.equal(bound['code'], 405);
    assert.match(String(bound['message']), /schedulers/);
    for (const [method, path] of [
      ['POST', `${PODS}/a`],
      ['PUT', PODS],
      ['PATCH', PODS],
      ['POST', '/api/v1/pods'],
      ['DELETE', '/api/v1/pods'],
      ['TRACE', PODS],
    ] as const) {
      assert.equal((await fixture.json(method, path, {}))['code'], 405, `${method} ${path}`);
    }
  });
});
