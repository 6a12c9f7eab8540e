// The queue of keys: once waiting, once working, backoff apart, a stated limit.

import assert from 'node:assert/strict';
import { createWorkQueue } from '../../../actors/duties/work-queue.ts';
import { createSeededRandom } from '../../../runtime/index.ts';

describe('duties/work-queue', () => {
  it('holds a key once however often it is added', () => {
    const queue = createWorkQueue();
    for (const key of ['a', 'b', 'a', 'a']) queue.add(key);
    assert.deepEqual([queue.take(), queue.take(), queue.take()], ['a', 'b', undefined]);
  });

  it('brings a key again when it was added while it was worked on', () => {
    const queue = createWorkQueue();
    queue.add('a');
    assert.equal(queue.take(), 'a');
    queue.add('a');
    assert.equal(queue.take(), undefined);
    queue.done('a');
    assert.equal(queue.take(), 'a');
    queue.done('a');
    assert.equal(queue.take(), undefined);
  });

  it('backs off exponentially per key, up to half a minute, and starts anew after a success', () => {
    const queue = createWorkQueue();
    const random = createSeededRandom(1);
    const waits = Array.from({ length: 20 }, () => queue.backoffMs('a', random));
    waits.forEach((wait, at) => {
      const ceiling = Math.min(10 * 2 ** at, 30_000);
      assert.ok(wait >= ceiling / 2 && wait <= ceiling, `${wait} of ${ceiling}`);
    });
    assert.ok(queue.backoffMs('b', random) <= 10);
    queue.succeeded('a');
    assert.ok(queue.backoffMs('a', random) <= 10);
  });

  it('says once that it refused keys at its limit', () => {
    const queue = createWorkQueue(2);
    for (const key of ['a', 'b', 'c', 'b']) queue.add(key);
    assert.equal(queue.waiting(), 2);
    assert.equal(queue.takeOverflow(), true);
    assert.equal(queue.takeOverflow(), false);
  });
});
