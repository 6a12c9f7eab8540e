// Writes are conditional on what was seen, and say what stood in their way.

import assert from 'node:assert/strict';
import { SkeinError } from '../../../runtime/index.ts';
import type { Result } from '../../../runtime/index.ts';
import { createObjects, WRITES_LIMIT } from '../../../actors/objects/object-store.ts';
import type { Objects } from '../../../actors/objects/objects.ts';
import { createMemoryStore } from './memory-store.ts';

const pod = (name: string) => ({
  metadata: { name, namespace: 'default', uid: `uid-${name}` },
  spec: { containers: [] },
});

const create = (objects: Objects, name: string) =>
  objects.write([{ type: 'create', kind: 'Pod', object: pod(name) }]);

function refused(result: Result<unknown>, code: string, message: RegExp): void {
  assert.ok(!result.ok, 'was not refused');
  assert.equal(result.error.code, code);
  assert.match(result.error.message, message);
}

describe('writing objects', () => {
  it('the view has the object when the write resolves, with kind and apiVersion', async () => {
    const objects = createObjects(createMemoryStore());
    const result = await create(objects, 'a');
    assert.ok(result.ok);
    const stored = objects.view.get('Pod', 'default', 'a');
    assert.equal(stored?.metadata?.resourceVersion, String(result.value.revision));
    assert.equal(stored?.kind, 'Pod');
    assert.equal(stored?.apiVersion, 'v1');
  });

  it('refuses to create what exists, by name', async () => {
    const objects = createObjects(createMemoryStore());
    await create(objects, 'a');
    refused(await create(objects, 'a'), 'already-exists', /Pod default\/a already exists/);
  });

  it('refuses an update decided from an old revision', async () => {
    const objects = createObjects(createMemoryStore());
    await create(objects, 'a');
    const seen = objects.view.get('Pod', 'default', 'a')!;
    const update = { type: 'update', kind: 'Pod', object: seen } as const;
    assert.ok((await objects.write([update])).ok);
    refused(
      await objects.write([update]),
      'conflict',
      /Pod default\/a .*revision 2, decided from 1/,
    );
  });

  it('refuses to update or delete what is gone', async () => {
    const objects = createObjects(createMemoryStore());
    await create(objects, 'a');
    const seen = objects.view.get('Pod', 'default', 'a')!;
    assert.ok((await objects.write([{ type: 'delete', kind: 'Pod', object: seen }])).ok);
    assert.equal(objects.view.get('Pod', 'default', 'a'), undefined);
    for (const type of ['update', 'delete'] as const) {
      refused(
        await objects.write([{ type, kind: 'Pod', object: seen }]),
        'not-found',
        /Pod default\/a not found/,
      );
    }
  });

  it('writes all or nothing, and names the one that failed', async () => {
    const objects = createObjects(createMemoryStore());
    await create(objects, 'b');
    const writes = ['a', 'b', 'c'].map(
      (name) => ({ type: 'create', kind: 'Pod', object: pod(name) }) as const,
    );
    refused(await objects.write(writes), 'already-exists', /default\/b/);
    assert.equal(objects.view.list('Pod').length, 1);
  });

  it('compares and writes other keys along with the objects', async () => {
    const store = createMemoryStore();
    const objects = createObjects(store);
    const also = {
      compare: [{ target: 'create', key: '/skein/x', is: '=', to: 0 }],
      success: [{ type: 'put', key: '/skein/x', value: '1' }],
    } as const;
    assert.ok((await objects.write([{ type: 'create', kind: 'Pod', object: pod('a') }], also)).ok);
    assert.equal(store.view.get('/skein/x')?.modRevision, 1);
    const second = await objects.write([{ type: 'create', kind: 'Pod', object: pod('b') }], also);
    refused(second, 'conflict', /\/skein\/x changed meanwhile/);
  });

  it('refuses an update without a revision, a nameless object, one object twice, and too many', async () => {
    const objects = createObjects(createMemoryStore());
    const object = pod('a');
    refused(
      await objects.write([{ type: 'update', kind: 'Pod', object }]),
      'invalid',
      /no metadata.resourceVersion/,
    );
    refused(
      await objects.write([{ type: 'create', kind: 'Pod', object: pod('') }]),
      'invalid',
      /metadata.name/,
    );
    const one = { type: 'create', kind: 'Pod', object } as const;
    refused(await objects.write([one, one]), 'invalid', /twice/);
    const many = Array.from({ length: WRITES_LIMIT + 1 }, (_, i) => ({
      ...one,
      object: pod(`p${i}`),
    }));
    refused(await objects.write(many), 'too-large', /at most 256/);
  });

  it('passes on what the store fails with', async () => {
    const store = createMemoryStore();
    const objects = createObjects(store);
    store.failNext(new SkeinError('timeout', 'no leader answered'));
    refused(await create(objects, 'a'), 'timeout', /no leader/);
  });

  it('does not store the resourceVersion', async () => {
    const store = createMemoryStore();
    const objects = createObjects(store);
    await create(objects, 'a');
    const seen = objects.view.get('Pod', 'default', 'a')!;
    await objects.write([{ type: 'update', kind: 'Pod', object: seen }]);
    assert.doesNotMatch(store.view.get('/registry/pods/default/a')!.value, /resourceVersion/);
  });
});
