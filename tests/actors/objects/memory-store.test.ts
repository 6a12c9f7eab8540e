// The store in memory keeps the promises of the Store port, so that tests on it mean something.

import assert from 'node:assert/strict';
import { SkeinError } from '../../../runtime/index.ts';
import type { Operation, WatchEvent } from '../../../consensus/index.ts';
import { createMemoryStore } from './memory-store.ts';

const put = (key: string, value: string, lease = 0): Operation => ({
  type: 'put',
  key,
  value,
  lease,
});
const does = (...success: readonly Operation[]) => ({ compare: [], success });

describe('the store in memory', () => {
  it('counts revisions and versions as etcd does', () => {
    const store = createMemoryStore();
    store.apply(does(put('a', '1')));
    store.apply(does(put('b', '1'), put('a', '2')));
    const kv = { key: 'a', value: '2', createRevision: 1, modRevision: 2, version: 2, lease: 0 };
    assert.deepEqual(store.view.get('a'), kv);
    store.apply(does({ type: 'delete', key: 'a' }));
    store.apply(does(put('a', '3')));
    assert.deepEqual(store.view.get('a'), {
      ...kv,
      value: '3',
      createRevision: 4,
      modRevision: 4,
      version: 1,
    });
  });

  it('takes no revision for a transaction that writes nothing', () => {
    const store = createMemoryStore();
    const result = store.apply(does({ type: 'delete', key: 'a' }, { type: 'range', key: 'a' }));
    assert.equal(result.revision, 0);
    assert.deepEqual(result.responses, [
      { type: 'delete', deleted: 0 },
      { type: 'range', kvs: [], more: false },
    ]);
  });

  it('does the failure part when a comparison does not hold', async () => {
    const store = createMemoryStore();
    const result = await store.transact({
      compare: [{ target: 'value', key: 'a', is: '!=', to: 'x' }],
      success: [],
      failure: [put('b', '1')],
    });
    assert.ok(result.ok && !result.value.succeeded);
    assert.equal(store.view.get('b')?.value, '1');
  });

  it('reads ranges at old revisions until they are compacted', () => {
    const store = createMemoryStore();
    store.apply(does(put('a', '1'), put('c', '1')));
    store.apply(does(put('b', '1'), { type: 'delete', key: 'c' }));
    const keys = (revision?: number) =>
      store.view
        .range('a', 'z', revision === undefined ? {} : { revision })
        .kvs.map(({ key }) => key);
    assert.deepEqual(keys(), ['a', 'b']);
    assert.deepEqual(keys(1), ['a', 'c']);
    assert.equal(store.view.range('a', 'z', { limit: 1 }).more, true);
    store.compact(2);
    assert.throws(() => keys(1), { code: 'compacted' });
  });

  it('shows watchers every revision once and in order, also one that writes while it watches', () => {
    const store = createMemoryStore();
    store.apply(does(put('a', '1')));
    const seen: (readonly [number, readonly WatchEvent['type'][]])[] = [];
    const ended = (): void => undefined;
    store.watch('a', 'z', 0, {
      events: (revision) => {
        if (revision === 2) store.apply(does({ type: 'delete', key: 'a' }));
      },
      ended,
    });
    const stop = store.watch('a', 'z', 0, {
      events: (revision, events) => seen.push([revision, events.map(({ type }) => type)]),
      ended,
    });
    store.apply(does(put('b', '1'), put('zz', '1')));
    stop();
    store.apply(does(put('b', '2')));
    assert.deepEqual(seen, [
      [1, ['put']],
      [2, ['put']],
      [3, ['delete']],
    ]);
  });

  it('ends a watch from a compacted revision', () => {
    const store = createMemoryStore();
    for (const value of ['1', '2', '3']) store.apply(does(put('a', value)));
    store.compact(2);
    const reasons: string[] = [];
    const watcher = { events: () => undefined, ended: (reason: string) => reasons.push(reason) };
    store.watch('a', 'z', 1, watcher);
    store.watch('a', 'z', 2, watcher);
    assert.deepEqual(reasons, ['compacted']);
    store.stop();
    assert.deepEqual(reasons, ['compacted', 'stopped']);
  });

  it('deletes the keys of a lease when it ends', async () => {
    const store = createMemoryStore();
    const lease = await store.grantLease(1_000);
    assert.ok(lease.ok);
    store.apply(does(put('a', '1', lease.value.id)));
    store.expireLease(lease.value.id);
    assert.equal(store.view.get('a'), undefined);
    const kept = await store.keepLease(lease.value.id, 1_000);
    assert.equal(!kept.ok && kept.error.code, 'not-found');
    assert.throws(() => store.apply(does(put('a', '1', lease.value.id))), { code: 'not-found' });
  });

  it('refuses one key put twice', async () => {
    const result = await createMemoryStore().transact(does(put('a', '1'), put('a', '2')));
    assert.equal(!result.ok && result.error.code, 'invalid');
  });

  it('fails once when told to, with the transaction done or not', async () => {
    const store = createMemoryStore();
    store.failNext(new SkeinError('timeout', 'no answer'), true);
    assert.ok(!(await store.transact(does(put('a', '1')))).ok);
    assert.equal(store.view.get('a')?.value, '1');
    assert.ok((await store.transact(does(put('a', '2')))).ok);
  });

  it('holds transactions back until they are released', async () => {
    const store = createMemoryStore();
    const held = store.hold();
    const pending = store.transact(does(put('a', '1')));
    await Promise.resolve();
    assert.equal(store.view.get('a'), undefined);
    held.release();
    assert.ok((await pending).ok);
    assert.equal(store.view.get('a')?.value, '1');
  });
});
