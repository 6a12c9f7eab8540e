// The scheduler as a duty: it says why a pod waits, tries again when that may have changed, and survives lost races.

import assert from 'node:assert/strict';
import { allocationKey } from '../../../actors/objects/allocation.ts';
import type { NodeAllocation } from '../../../actors/objects/allocation.ts';
import { createCluster, testDeployment, testNode } from '../replication/cluster.ts';
import type { Cluster } from '../replication/cluster.ts';

const big = (cpu: string, app = 'big') => ({
  template: {
    metadata: { labels: { app } },
    spec: { containers: [{ name: 'a', image: 'x', resources: { requests: { cpu } } }] },
  },
});

const scheduled = (cluster: Cluster) =>
  cluster.pods()[0]?.status?.conditions?.find(({ type }) => type === 'PodScheduled');

describe('scheduling/scheduler-actor', () => {
  it('says in a condition and an event why a pod waits, and binds it once there is room', async () => {
    const cluster = await createCluster(1, ['one', 'two', 'three']);
    await cluster.change('Node', 'two', (node) => ({ ...node, spec: { unschedulable: true } }));
    await cluster.create('Deployment', testDeployment('big', 1, big('6')));
    const message = '0/3 nodes are available: 1 node(s) were unschedulable, 2 Insufficient cpu.';
    await cluster.until('it says why', () => scheduled(cluster)?.message === message);
    assert.equal(scheduled(cluster)?.status, 'False');
    assert.equal(scheduled(cluster)?.reason, 'Unschedulable');
    const events = cluster.eye().objects.view.list('Event', 'default');
    const said = events.find(({ reason }) => reason === 'FailedScheduling');
    assert.equal(said?.message, message);
    assert.equal(said?.type, 'Warning');
    await cluster.change('Node', 'three', (node) => ({
      ...node,
      status: { ...node.status, allocatable: { cpu: '8', memory: '8Gi', pods: '10' } },
    }));
    await cluster.until('it is bound', () => scheduled(cluster)?.status === 'True', 1_000);
    assert.equal(cluster.pods()[0]?.spec?.nodeName, 'three');
  });

  it('binds a waiting pod as soon as another one leaves', async () => {
    const cluster = await createCluster(2, ['one']);
    await cluster.create('Deployment', testDeployment('first', 1, big('3', 'first')));
    await cluster.until('first', () => cluster.readyPods().length === 1);
    await cluster.create('Deployment', testDeployment('second', 1, big('3', 'second')));
    await cluster.until('second waits', () =>
      cluster.pods().some(({ status }) => status?.conditions?.[0]?.status === 'False'),
    );
    await cluster.run(30_000);
    await cluster.change('Deployment', 'first', (deployment) => ({
      ...deployment,
      spec: { ...deployment.spec!, replicas: 0 },
    }));
    await cluster.until(
      'second is bound',
      () =>
        cluster.pods().every(({ spec }) => spec?.nodeName !== undefined) &&
        cluster.pods().length === 1,
      1_000,
    );
  });

  it('places hundreds of pods over many nodes without ever promising too much', async () => {
    const names = ['one', 'two', 'three'];
    const cluster = await createCluster(3, names);
    for (let at = 0; at < 17; at++) await cluster.create('Node', testNode(`extra-${at}`));
    await cluster.run(100);
    await cluster.create('Deployment', testDeployment('web', 900));
    const bound = () => cluster.pods().filter(({ spec }) => spec?.nodeName !== undefined);
    // 20 nodes of 4 cores, 100m each: 800 fit.
    await cluster.until('all that fit are bound', () => bound().length === 800, 30_000);
    await cluster.run(5_000);
    assert.equal(bound().length, 800);
    for (const node of cluster.eye().objects.view.list('Node')) {
      const kv = cluster.memory.view.get(allocationKey(node.metadata?.name ?? ''))!;
      const held = Object.values(JSON.parse(kv.value) as NodeAllocation);
      assert.equal(
        held.reduce((sum, { cpuMillis }) => sum + cpuMillis, 0),
        4_000,
      );
    }
  }).timeout(30_000);

  it('decides again when somebody else took the room meanwhile', async () => {
    const cluster = await createCluster(4, ['one', 'two']);
    const taken = JSON.stringify({ rival: { cpuMillis: 4_000, memoryBytes: 0, hostPorts: [] } });
    const write = {
      compare: [],
      success: [{ type: 'put' as const, key: allocationKey('one'), value: taken }],
    };
    const stop = cluster.eye().objects.view.watch(['Pod'], () => {
      // The rival gets in between the decision for the new pod and its write.
      stop();
      cluster.simulation.schedule(1, () => cluster.memory.apply(write));
    });
    await cluster.create('Deployment', testDeployment('big', 2, big('3')));
    await cluster.until('one is bound', () => cluster.readyPods().length === 1);
    await cluster.run(2_000);
    assert.deepEqual(
      cluster
        .pods()
        .map(({ spec }) => spec?.nodeName ?? 'none')
        .sort(),
      ['none', 'two'],
    );
  });
});
