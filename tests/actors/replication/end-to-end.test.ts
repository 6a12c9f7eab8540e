// From a Deployment to ready pods and back to life after a death, through every duty, in virtual time.

import assert from 'node:assert/strict';
import { allocationKey } from '../../../actors/objects/allocation.ts';
import type { NodeAllocation } from '../../../actors/objects/allocation.ts';
import type { Cluster } from './cluster.ts';
import { createCluster, testDeployment, testService } from './cluster.ts';

const NAMES = ['one', 'two', 'three'];

/** Every live pod is in the record of its node and nobody else is in any. */
function assertRecords(cluster: Cluster, names: readonly string[]): void {
  for (const node of names) {
    const kv = cluster.memory.view.get(allocationKey(node));
    const held = Object.keys(kv === undefined ? {} : (JSON.parse(kv.value) as NodeAllocation));
    const bound = cluster
      .pods()
      .filter(({ spec }) => spec?.nodeName === node)
      .map(({ metadata }) => metadata?.uid ?? '');
    assert.deepEqual(held.sort(), bound.sort(), node);
  }
}

describe('replication, end to end', () => {
  it('brings a deployment to ready pods, one on each peer, and says so in its status', async () => {
    const cluster = await createCluster(1, NAMES);
    await cluster.create('Deployment', testDeployment('web', 3));
    await cluster.until('three ready pods', () => cluster.readyPods().length === 3, 3_000);
    await cluster.run(500);
    const nodes = cluster.readyPods().map(({ spec }) => spec?.nodeName);
    assert.deepEqual(new Set(nodes), new Set(NAMES));
    const deployment = cluster.eye().objects.view.get('Deployment', 'default', 'web')!;
    assert.equal(deployment.status?.availableReplicas, 3);
    assert.equal(deployment.status?.unavailableReplicas, 0);
    assert.equal(deployment.status?.observedGeneration, 1);
    const reasons = deployment.status?.conditions?.map(({ type, status, reason }) => {
      return `${type}=${status} ${reason}`;
    });
    assert.deepEqual(reasons, [
      'Available=True MinimumReplicasAvailable',
      'Progressing=True NewReplicaSetAvailable',
    ]);
    assertRecords(cluster, NAMES);
  });

  it('writes nothing once everything is as desired', async () => {
    const cluster = await createCluster(2, NAMES);
    await cluster.create('Service', testService('web'));
    await cluster.create('Deployment', testDeployment('web', 3));
    await cluster.create(
      'Deployment',
      testDeployment('huge', 1, {
        template: {
          metadata: { labels: { app: 'huge' } },
          spec: {
            containers: [{ name: 'a', image: 'x', resources: { requests: { cpu: '64' } } }],
          },
        },
      }),
    );
    await cluster.until('three ready pods', () => cluster.readyPods().length === 3);
    await cluster.run(20_000);
    const revision = cluster.memory.view.revision();
    await cluster.run(300_000);
    assert.equal(cluster.memory.view.revision(), revision);
  });

  it('replaces the pods of a dead peer, bound elsewhere within 500 ms of its death being known', async () => {
    for (let seed = 0; seed < 10; seed++) {
      const cluster = await createCluster(seed, NAMES);
      await cluster.create('Deployment', testDeployment('web', 6));
      await cluster.until('six ready pods', () => cluster.readyPods().length === 6);
      const victim = NAMES[1 + (seed % 2)]!;
      cluster.kill(victim);
      const alive = (): number =>
        cluster
          .pods()
          .filter(({ spec }) => spec?.nodeName !== undefined && spec.nodeName !== victim).length;
      await cluster.until('six bound elsewhere', () => alive() === 6, 500);
      await cluster.until('six ready again', () => cluster.readyPods().length === 6, 1_000);
      const node = cluster.eye().objects.view.get('Node', '', victim)!;
      assert.equal(
        node.status?.conditions?.find(({ type }) => type === 'Ready')?.status,
        'Unknown',
      );
      assertRecords(cluster, NAMES);
    }
  });

  it('replaces the pods of a dead leader as soon as another leads', async () => {
    const cluster = await createCluster(5, NAMES);
    await cluster.create('Deployment', testDeployment('web', 6));
    await cluster.until('six ready pods', () => cluster.readyPods().length === 6);
    cluster.kill('one');
    await cluster.run(300);
    cluster.setLeader('two');
    const alive = (): number =>
      cluster.readyPods().filter(({ spec }) => spec?.nodeName !== 'one').length;
    await cluster.until('six ready elsewhere', () => alive() === 6, 1_000);
  });

  it('makes a node ready again when its peer is back, and uses it', async () => {
    const cluster = await createCluster(6, NAMES);
    cluster.setMember('three', 'dead');
    const node = () => cluster.eye().objects.view.get('Node', '', 'three')!;
    await cluster.until('it is tainted', () => (node().spec?.taints ?? []).length === 2);
    cluster.setMember('three', 'alive');
    await cluster.until('it is not tainted', () => (node().spec?.taints ?? []).length === 0);
    assert.equal(node().status?.conditions?.[0]?.status, 'True');
    await cluster.create('Deployment', testDeployment('web', 3));
    await cluster.until('ready', () => cluster.readyPods().length === 3);
    assert.ok(cluster.readyPods().some(({ spec }) => spec?.nodeName === 'three'));
  });

  it('does not evict from anywhere while the leader is out of touch with its quorum', async () => {
    const cluster = await createCluster(7, NAMES);
    await cluster.create('Deployment', testDeployment('web', 3));
    await cluster.until('ready', () => cluster.readyPods().length === 3);
    cluster.peers[0]!.cut(true);
    cluster.setMember('two', 'dead');
    cluster.setMember('three', 'dead');
    await cluster.run(5_000);
    assert.equal(cluster.readyPods().length, 3);
    for (const name of NAMES) {
      const node = cluster.eye().objects.view.get('Node', '', name)!;
      assert.deepEqual(node.spec?.taints ?? [], []);
    }
  });

  it('rolls a new template out without ever leaving the budget', async () => {
    for (let seed = 0; seed < 5; seed++) {
      const cluster = await createCluster(seed, NAMES);
      await cluster.create('Deployment', testDeployment('web', 8));
      await cluster.until('ready', () => cluster.readyPods().length === 8);
      const bounds = { least: 8, most: 8 };
      cluster.eye().objects.view.watch(['Pod'], () => {
        const active = cluster
          .pods()
          .filter(({ metadata }) => metadata?.deletionTimestamp === undefined);
        bounds.least = Math.min(bounds.least, cluster.readyPods().length);
        bounds.most = Math.max(bounds.most, active.length);
      });
      await cluster.change('Deployment', 'web', (deployment) => ({
        ...deployment,
        metadata: { ...deployment.metadata, generation: 2 },
        spec: { ...deployment.spec!, template: testDeployment('web', 8, {}, 'v2').spec!.template },
      }));
      const images = (): readonly (string | undefined)[] =>
        cluster.readyPods().map(({ spec }) => spec?.containers[0]?.image);
      await cluster.until(
        'all are new',
        () => images().filter((i) => i === 'v2').length === 8 && cluster.pods().length === 8,
      );
      assert.ok(bounds.least >= 6, `at least ${bounds.least}`);
      assert.ok(bounds.most <= 10, `at most ${bounds.most}`);
    }
  });

  it('keeps a broken rollout within its budget and says that it does not progress', async () => {
    const cluster = await createCluster(9, NAMES, {
      isBroken: ({ spec }) => spec?.containers[0]?.image === 'bad',
    });
    await cluster.create('Deployment', testDeployment('web', 4, { progressDeadlineSeconds: 30 }));
    await cluster.until('ready', () => cluster.readyPods().length === 4);
    await cluster.change('Deployment', 'web', (deployment) => ({
      ...deployment,
      spec: { ...deployment.spec!, template: testDeployment('web', 4, {}, 'bad').spec!.template },
    }));
    const progressing = () =>
      cluster
        .eye()
        .objects.view.get('Deployment', 'default', 'web')!
        .status?.conditions?.find(({ type }) => type === 'Progressing');
    await cluster.until('late', () => progressing()?.reason === 'ProgressDeadlineExceeded', 60_000);
    assert.equal(cluster.readyPods().length, 3);
    await cluster.change('Deployment', 'web', (deployment) => ({
      ...deployment,
      spec: { ...deployment.spec!, template: testDeployment('web', 4).spec!.template },
    }));
    await cluster.until(
      'rolled back',
      () => cluster.readyPods().length === 4 && cluster.pods().length === 4,
    );
    const sets = cluster.eye().objects.view.list('ReplicaSet');
    assert.equal(sets.length, 2);
    const revisions = sets.map(
      ({ metadata }) => metadata?.annotations?.['deployment.kubernetes.io/revision'],
    );
    assert.deepEqual(new Set(revisions), new Set(['2', '3']));
  });

  it('deletes sets and pods after their deployment in the background', async () => {
    const cluster = await createCluster(10, NAMES);
    await cluster.create('Deployment', testDeployment('web', 3));
    await cluster.until('ready', () => cluster.readyPods().length === 3);
    const object = cluster.eye().objects.view.get('Deployment', 'default', 'web')!;
    void cluster.eye().objects.write([{ type: 'delete', kind: 'Deployment', object }]);
    await cluster.until('nothing left', () => cluster.pods().length === 0);
    assert.equal(cluster.eye().objects.view.list('ReplicaSet').length, 0);
    assertRecords(cluster, NAMES);
  });

  it('keeps endpoints of ready pods in step, with their port, node and uid', async () => {
    const cluster = await createCluster(11, NAMES);
    await cluster.create('Service', testService('web'));
    await cluster.create('Deployment', testDeployment('web', 3));
    const endpoints = () =>
      cluster
        .eye()
        .objects.view.list('EndpointSlice', 'default')
        .flatMap(({ endpoints }) => endpoints);
    await cluster.until(
      'three ready endpoints',
      () => endpoints().filter((e) => e.conditions?.ready).length === 3,
    );
    const [slice] = cluster.eye().objects.view.list('EndpointSlice', 'default');
    assert.deepEqual(slice?.ports, [{ name: '', protocol: 'TCP', port: 8080 }]);
    assert.equal(slice?.metadata?.labels?.['kubernetes.io/service-name'], 'web');
    cluster.kill('three');
    await cluster.until(
      'none on the dead',
      () =>
        endpoints().every(({ nodeName }) => nodeName !== 'three') &&
        endpoints().filter((e) => e.conditions?.ready).length === 3,
      2_000,
    );
  });

  it('gives the same run for the same seed', async () => {
    const digest = async (seed: number): Promise<string> => {
      const cluster = await createCluster(seed, NAMES);
      await cluster.create('Deployment', testDeployment('web', 3));
      await cluster.run(2_000);
      return cluster.simulation.digest();
    };
    assert.equal(await digest(1), await digest(1));
    assert.notEqual(await digest(1), await digest(2));
  });
});
