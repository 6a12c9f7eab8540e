// The scheduler's queue: priority, age, rest, and what wakes.

import assert from 'node:assert/strict';
import type { Pod } from 'kubernetes-types/core/v1.d.ts';
import { createPodQueue, LONGEST_REST_MS } from '../../../actors/scheduling/pod-queue.ts';

const pod = (priority: number, second: number): Pod => ({
  metadata: { creationTimestamp: `2026-01-01T00:00:${String(second).padStart(2, '0')}Z` },
  spec: { containers: [], priority },
});

describe('scheduling/pod-queue', () => {
  it('takes higher priority first, then older, at most as many as asked for', () => {
    const queue = createPodQueue();
    queue.add('young', pod(0, 30));
    queue.add('old', pod(0, 10));
    queue.add('urgent', pod(5, 50));
    assert.deepEqual(queue.take(2), ['urgent', 'old']);
    queue.add('newest', pod(9, 59));
    assert.deepEqual(queue.take(9), ['newest', 'young']);
    assert.deepEqual(queue.take(9), []);
  });

  it('lets a pod that found no node rest longer each time, until something changes', () => {
    const queue = createPodQueue();
    queue.add('a', pod(0, 0));
    queue.take(1);
    queue.rest('a', pod(0, 0), 1_000);
    assert.equal(queue.wake(1_000), 1_000 + LONGEST_REST_MS);
    queue.stir(1_000);
    assert.equal(queue.wake(1_010), 1_050);
    assert.equal(queue.wake(1_050), undefined);
    assert.deepEqual(queue.take(1), ['a']);
    queue.rest('a', pod(0, 0), 2_000);
    queue.stir(2_000);
    assert.equal(queue.wake(2_000), 2_100);
  });

  it('tries a resting pod at once when the pod itself changes', () => {
    const queue = createPodQueue();
    queue.add('a', pod(0, 0));
    queue.take(1);
    queue.rest('a', pod(0, 0), 1_000);
    queue.add('a', pod(0, 0));
    assert.deepEqual(queue.take(1), ['a']);
    assert.equal(queue.resting(), 0);
  });

  it('tries a resting pod again in the end though nothing changed', () => {
    const queue = createPodQueue();
    queue.add('a', pod(0, 0));
    queue.take(1);
    queue.rest('a', pod(0, 0), 0);
    queue.wake(LONGEST_REST_MS);
    assert.deepEqual(queue.take(1), ['a']);
  });

  it('forgets a pod that is removed', () => {
    const queue = createPodQueue();
    queue.add('a', pod(0, 0));
    queue.add('b', pod(0, 0));
    queue.take(1);
    queue.rest('a', pod(0, 0), 0);
    queue.remove('a');
    queue.remove('b');
    queue.wake(LONGEST_REST_MS);
    assert.deepEqual([queue.eager(), queue.resting()], [0, 0]);
  });
});
