// What goes after its owner, its namespace, its hour or its node.

import assert from 'node:assert/strict';
import type { Pod, Toleration } from 'kubernetes-types/core/v1.d.ts';
import { evictionDueMs } from '../../../actors/replication/node-lifecycle/tolerance.ts';
import {
  judge,
  lostNode,
  returnedNode,
} from '../../../actors/replication/node-lifecycle/node-judgement.ts';
import { reconcileFinished } from '../../../actors/replication/garbage-collection/finished-pod-collector.ts';
import { createObjects } from '../../../actors/objects/object-store.ts';
import { createMemoryStore } from '../objects/memory-store.ts';
import type { Cluster } from './cluster.ts';
import { createCluster, testDeployment, testNode } from './cluster.ts';

const NAMES = ['one', 'two'];
const ENDING = '2026-01-01T00:00:00Z';

async function withWeb(seed: number): Promise<Cluster> {
  const cluster = await createCluster(seed, NAMES);
  await cluster.create('Deployment', testDeployment('web', 2));
  await cluster.until('ready', () => cluster.readyPods().length === 2);
  return cluster;
}

/** As the gateway does for a DELETE with this propagation policy. */
const endWith = (finalizer: string) => (cluster: Cluster) =>
  cluster.change('Deployment', 'web', (deployment) => ({
    ...deployment,
    metadata: { ...deployment.metadata, deletionTimestamp: ENDING, finalizers: [finalizer] },
  }));

describe('replication/garbage-collection', () => {
  it('deletes dependents before their owner in the foreground', async () => {
    const cluster = await withWeb(1);
    const kinds: string[] = [];
    cluster.eye().objects.view.watch(['Deployment', 'ReplicaSet', 'Pod'], (change) => {
      if (change.object === undefined) kinds.push(change.kind);
    });
    await endWith('foregroundDeletion')(cluster);
    await cluster.until('all are gone', () => kinds.length === 4);
    assert.deepEqual(kinds, ['Pod', 'Pod', 'ReplicaSet', 'Deployment']);
  });

  it('leaves dependents behind when they are to be orphaned', async () => {
    const cluster = await withWeb(2);
    await endWith('orphan')(cluster);
    const { view } = cluster.eye().objects;
    await cluster.until('it is gone', () => view.get('Deployment', 'default', 'web') === undefined);
    await cluster.run(1_000);
    const [set] = view.list('ReplicaSet');
    assert.deepEqual(set?.metadata?.ownerReferences, []);
    assert.equal(cluster.readyPods().length, 2);
  });

  it('deletes settings with the last of their owners, whoever controls them', async () => {
    const cluster = await withWeb(6);
    const { view } = cluster.eye().objects;
    const uid = view.get('Deployment', 'default', 'web')!.metadata!.uid!;
    const owner = { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web', uid };
    // Of a kind that only shares its name with one known here.
    const unknown = { apiVersion: 'example.com/v1', kind: 'Service', name: 'tom', uid: 'cat-1' };
    const make = (name: string, ...ownerReferences: readonly object[]) =>
      cluster.create('ConfigMap', {
        metadata: { name, namespace: 'default', uid: `map-${name}`, ownerReferences },
      } as never);
    await make('owned', owner);
    await make('shared', owner, unknown);
    await make('free');
    await cluster.change('Deployment', 'web', (deployment) => ({
      ...deployment,
      metadata: { ...deployment.metadata, deletionTimestamp: ENDING, finalizers: ['orphan'] },
    }));
    await cluster.until('it is gone', () => view.get('Deployment', 'default', 'web') === undefined);
    await cluster.run(1_000);
    const names = view.list('ConfigMap').map(({ metadata }) => metadata?.name);
    assert.deepEqual(names, ['free', 'owned', 'shared']);
    const left = view.get('ConfigMap', 'default', 'shared')?.metadata?.ownerReferences;
    assert.deepEqual(
      left?.map(({ uid }) => uid),
      ['cat-1'],
    );
    await make('late', owner);
    await cluster.until('it is gone', () => view.get('ConfigMap', 'default', 'late') === undefined);
  });

  it('empties a namespace that is being deleted and then deletes it', async () => {
    const cluster = await createCluster(3, NAMES);
    const metadata = { name: 'default', uid: 'namespace-default' };
    const object = { metadata, spec: { finalizers: ['kubernetes'] } };
    await cluster.create('Namespace', object);
    await cluster.create('Deployment', testDeployment('web', 2));
    await cluster.create('Secret', {
      metadata: { name: 'pass', namespace: 'default', uid: 's-1' },
    });
    await cluster.until('ready', () => cluster.readyPods().length === 2);
    await cluster.change('Namespace', 'default', (namespace) => ({
      ...namespace,
      metadata: { ...namespace.metadata, deletionTimestamp: ENDING },
    }));
    const { view } = cluster.eye().objects;
    await cluster.until('it is gone', () => view.get('Namespace', '', 'default') === undefined);
    assert.equal(cluster.pods().length, 0);
    assert.equal(view.list('Deployment').length, 0);
    assert.equal(view.list('Secret').length, 0);
    // What is said of nodes is in this namespace too, and said again afterwards: none of these here.
    assert.equal(view.list('Event').filter(({ type }) => type === 'Warning').length, 0);
  });

  it('forgets events an hour after they were last seen', async () => {
    const cluster = await withWeb(4);
    const events = () => cluster.eye().objects.view.list('Event').length;
    assert.ok(events() > 0);
    await cluster.run(3_500_000);
    assert.ok(events() > 0);
    await cluster.run(250_000);
    assert.equal(events(), 0);
  }).timeout(30_000);

  it('ends the pods of a node that was deleted', async () => {
    const cluster = await withWeb(5);
    cluster.peers[1]!.simulated.crash();
    const object = cluster.eye().objects.view.get('Node', '', 'two')!;
    void cluster.eye().objects.write([{ type: 'delete', kind: 'Node', object }]);
    const elsewhere = () => cluster.readyPods().filter(({ spec }) => spec?.nodeName === 'one');
    await cluster.until('both run on the other', () => elsewhere().length === 2);
    assert.equal(cluster.pods().length, 2);
  });

  it('finishes for a dead node the deletions that were asked of it', async () => {
    const cluster = await withWeb(6);
    cluster.peers[1]!.simulated.crash();
    await cluster.change('Deployment', 'web', (deployment) => ({
      ...deployment,
      spec: { ...deployment.spec!, replicas: 0 },
    }));
    // Its duties move to the other peer only when their leases have ended.
    await cluster.run(8_000);
    assert.equal(cluster.pods().length, 1);
    cluster.setMember('two', 'dead');
    await cluster.until('none is left', () => cluster.pods().length === 0, 1_000);
  });

  it('keeps the newest of finished pods', async () => {
    const store = createMemoryStore();
    const objects = createObjects(store);
    for (let at = 0; at < 5; at++) {
      const metadata = {
        name: `job-${at}`,
        namespace: 'default',
        uid: `uid-${at}`,
        creationTimestamp: `2026-01-01T00:00:0${at}Z`,
      };
      const object: Pod = { metadata, status: { phase: 'Succeeded' } };
      await objects.write([{ type: 'create', kind: 'Pod', object }]);
    }
    for (;;) {
      const { writes } = reconcileFinished(objects.view, store.view, 2);
      if (writes.length === 0) break;
      assert.ok((await objects.write(writes)).ok);
    }
    const names = objects.view.list('Pod').map(({ metadata }) => metadata?.name);
    assert.deepEqual(names, ['job-3', 'job-4']);
  });
});

describe('replication/node-lifecycle', () => {
  const nowMs = Date.parse('2026-01-01T00:01:00Z');
  const unreachable = { key: 'node.kubernetes.io/unreachable', effect: 'NoExecute' };
  const taint = { ...unreachable, timeAdded: '2026-01-01T00:00:00Z' };
  const due = (...tolerations: Toleration[]): number =>
    evictionDueMs({ spec: { containers: [], tolerations } }, [taint], nowMs);

  it('bears a taint as long as the least patient toleration says, and not at all without one', () => {
    const addedMs = Date.parse(taint.timeAdded);
    assert.equal(due(), addedMs);
    assert.equal(due({ operator: 'Exists' }), Infinity);
    assert.equal(
      due({ key: unreachable.key, operator: 'Exists', tolerationSeconds: 300 }),
      addedMs + 300_000,
    );
    assert.equal(
      due({ operator: 'Exists' }, { operator: 'Exists', tolerationSeconds: 5 }),
      addedMs + 5_000,
    );
    assert.equal(due({ operator: 'Exists', effect: 'NoSchedule' }), addedMs);
  });

  it('judges by verdicts, never by suspicion', () => {
    const ready = testNode('n');
    const lost = lostNode(ready, nowMs, true);
    assert.equal(judge(ready, 'dead'), 'lose');
    assert.equal(judge(ready, 'left'), 'lose');
    assert.equal(judge(ready, 'unknown'), 'lose');
    assert.equal(judge(ready, 'suspect'), 'leave');
    assert.equal(judge(ready, 'alive'), 'leave');
    assert.equal(judge(lost, 'dead'), 'leave');
    assert.equal(judge(lost, 'suspect'), 'leave');
    assert.equal(judge(lost, 'alive'), 'return');
  });

  it('takes back what it wrote and nothing else', () => {
    const taints = [{ key: 'mine', effect: 'NoSchedule' }];
    const node = testNode('n', { spec: { taints, unschedulable: true } });
    const back = returnedNode(lostNode(node, nowMs, true), nowMs + 1_000);
    assert.deepEqual(back.spec, node.spec);
    assert.equal(back.status?.conditions?.[0]?.status, 'True');
  });
});
