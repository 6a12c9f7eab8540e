// ReplicaSets: they converge from anywhere, delete what costs least, adopt and release by selector.

import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import type { ReplicaSet } from 'kubernetes-types/apps/v1.d.ts';
import type { Pod } from 'kubernetes-types/core/v1.d.ts';
import { createObjects } from '../../../actors/objects/object-store.ts';
import type { ObjectStore } from '../../../actors/objects/object-store.ts';
import { isPodActive } from '../../../actors/objects/pod-status.ts';
import { deletionOrder } from '../../../actors/replication/replica-set/deletion-order.ts';
import { reconcileReplicaSet } from '../../../actors/replication/replica-set/replica-set-controller.ts';
import { podAvailability } from '../../../actors/replication/replica-set/replica-set-status.ts';
import { createSeededRandom } from '../../../runtime/index.ts';
import { createMemoryStore } from '../objects/memory-store.ts';

const NOW_MS = Date.UTC(2026, 0, 1);

const testSet = (replicas: number): ReplicaSet => ({
  apiVersion: 'apps/v1',
  kind: 'ReplicaSet',
  metadata: { name: 'web', namespace: 'default', uid: 'set-1', generation: 1 },
  spec: {
    replicas,
    selector: { matchLabels: { app: 'web' } },
    template: {
      metadata: { labels: { app: 'web' } },
      spec: { containers: [{ name: 'main', image: 'x' }] },
    },
  },
});

const OWNER = {
  apiVersion: 'apps/v1',
  kind: 'ReplicaSet',
  name: 'web',
  uid: 'set-1',
  controller: true,
};

interface PodShape {
  readonly owned: boolean;
  readonly app: string;
  readonly node: string | undefined;
  readonly phase: 'Pending' | 'Running' | 'Failed';
  readonly ready: boolean;
}

const testPod = (name: string, shape: Partial<PodShape> = {}): Pod => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: {
    name,
    namespace: 'default',
    uid: `uid-${name}`,
    labels: { app: shape.app ?? 'web' },
    creationTimestamp: '2025-12-31T00:00:00Z',
    ...(shape.owned === false ? {} : { ownerReferences: [OWNER] }),
  },
  spec: {
    containers: [{ name: 'main', image: 'x' }],
    ...(shape.node === undefined ? {} : { nodeName: shape.node }),
  },
  status: {
    phase: shape.phase ?? 'Running',
    conditions: [{ type: 'Ready', status: shape.ready === false ? 'False' : 'True' }],
  },
});

/** Reconciles until there is nothing to do; the number of transactions it took. */
async function converge(objects: ObjectStore): Promise<number> {
  const random = createSeededRandom(1);
  for (let round = 0; round < 50; round++) {
    const plan = reconcileReplicaSet(objects.view, 'default/web', { nowMs: NOW_MS, random });
    if (plan.writes.length === 0) return round;
    const result = await objects.write(plan.writes);
    if (!result.ok) throw result.error;
  }
  throw new Error('does not converge');
}

const shapes = fc.record({
  owned: fc.boolean(),
  app: fc.constantFrom('web', 'other'),
  node: fc.constantFrom(undefined, 'n1', 'n2'),
  phase: fc.constantFrom('Pending' as const, 'Running' as const, 'Failed' as const),
  ready: fc.boolean(),
});

describe('replication/replica-set', () => {
  it('converges to what it asks for, from any pods that are there', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.nat({ max: 250 }),
        fc.array(shapes, { maxLength: 20 }),
        async (n, all) => {
          const objects = createObjects(createMemoryStore());
          await objects.write([{ type: 'create', kind: 'ReplicaSet', object: testSet(n) }]);
          for (const [at, shape] of all.entries()) {
            const object = testPod(`pod-${at}`, shape);
            await objects.write([{ type: 'create', kind: 'Pod', object }]);
          }
          await converge(objects);
          const own = objects.view.listOwnedBy('Pod', 'set-1').filter(isPodActive);
          assert.equal(own.length, n);
          assert.ok(own.every(({ metadata }) => metadata?.labels?.['app'] === 'web'));
          const { status } = objects.view.get('ReplicaSet', 'default', 'web')!;
          assert.equal(status?.replicas, n);
          objects.close();
        },
      ),
      { numRuns: 60 },
    );
  });

  it('adopts orphans that match and lets go of pods that no longer do', async () => {
    const objects = createObjects(createMemoryStore());
    await objects.write([{ type: 'create', kind: 'ReplicaSet', object: testSet(1) }]);
    const orphan = testPod('orphan', { owned: false });
    const stray = testPod('stray', { app: 'other' });
    await objects.write([
      { type: 'create', kind: 'Pod', object: orphan },
      { type: 'create', kind: 'Pod', object: stray },
    ]);
    await converge(objects);
    const owners = (name: string) =>
      objects.view.get('Pod', 'default', name)?.metadata?.ownerReferences ?? [];
    assert.deepEqual(
      owners('orphan').map(({ uid }) => uid),
      ['set-1'],
    );
    assert.deepEqual(owners('stray'), []);
  });

  it('makes no pods that it would not select', async () => {
    const objects = createObjects(createMemoryStore());
    const set = testSet(3);
    const template = { ...set.spec!.template!, metadata: { labels: { app: 'other' } } };
    const object = { ...set, spec: { ...set.spec!, template } };
    await objects.write([{ type: 'create', kind: 'ReplicaSet', object }]);
    assert.equal(await converge(objects), 0);
  });

  it('names its pods after itself and owns them', async () => {
    const objects = createObjects(createMemoryStore());
    await objects.write([{ type: 'create', kind: 'ReplicaSet', object: testSet(3) }]);
    await converge(objects);
    for (const { metadata } of objects.view.list('Pod')) {
      assert.match(metadata?.name ?? '', /^web-[bcdfghjklmnpqrstvwxz2456789]{5}$/);
      assert.equal(metadata?.ownerReferences?.[0]?.uid, 'set-1');
      assert.equal(metadata?.ownerReferences?.[0]?.controller, true);
    }
  });

  it('deletes first what is unscheduled, then pending, then not ready, then cheap, crowded, young', () => {
    const pods: readonly Pod[] = [
      testPod('g-old', { node: 'n1' }),
      {
        ...testPod('f-young', { node: 'n1' }),
        metadata: { ...testPod('f-young').metadata, creationTimestamp: '2026-01-01T00:00:00Z' },
      },
      {
        ...testPod('d-cheap', { node: 'n1' }),
        metadata: {
          ...testPod('d-cheap').metadata,
          annotations: { 'controller.kubernetes.io/pod-deletion-cost': '-5' },
        },
      },
      testPod('c-unready', { node: 'n1', ready: false }),
      testPod('b-pending', { node: 'n1', phase: 'Pending', ready: false }),
      testPod('a-unscheduled', { phase: 'Pending', ready: false }),
      testPod('h-alone', { node: 'n2' }),
    ];
    const names = deletionOrder(pods, pods).map(({ metadata }) => metadata?.name?.slice(0, 1));
    assert.deepEqual(names, ['a', 'b', 'c', 'd', 'f', 'g', 'h']);
  });

  it('waits for a pod to be ready for minReadySeconds', () => {
    const pod = testPod('a');
    const ready = { type: 'Ready', status: 'True', lastTransitionTime: '2025-12-31T23:59:55Z' };
    const since = { ...pod, status: { ...pod.status, conditions: [ready] } };
    assert.deepEqual(podAvailability(since, 5, NOW_MS), { isAvailable: true });
    assert.deepEqual(podAvailability(since, 8, NOW_MS), { isAvailable: false, inMs: 3_000 });
    assert.deepEqual(podAvailability(testPod('b', { ready: false }), 0, NOW_MS), {
      isAvailable: false,
    });
  });
});
