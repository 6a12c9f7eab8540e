// How many pods a second the pure pipeline places on 1,000 nodes, and with their binding in a store in memory.

import { allocationKey } from '../../actors/objects/allocation.ts';
import { createObjects } from '../../actors/objects/object-store.ts';
import { bindings } from '../../actors/scheduling/binding.ts';
import { createClusterReader } from '../../actors/scheduling/cluster-reader.ts';
import { pendingPod } from '../../actors/scheduling/demand.ts';
import { schedule } from '../../actors/scheduling/schedule.ts';
import { BATCH_LIMIT } from '../../actors/scheduling/scheduler-actor.ts';
import { createSeededRandom } from '../../runtime/index.ts';
import { testNode } from '../actors/replication/cluster.ts';
import { createMemoryStore } from '../actors/objects/memory-store.ts';

const NODES = 1_000;
const PODS = 20_000;
const CONTROLLERS = 20;
const DOMAINS = 3;

const store = createMemoryStore();
const objects = createObjects(store);
const random = createSeededRandom(1);

for (let at = 0; at < NODES; at++) {
  const labels = { 'topology.kubernetes.io/zone': `zone-${at % DOMAINS}` };
  const object = testNode(`node-${at}`, { metadata: { labels, uid: `node-${at}` } });
  await objects.write([{ type: 'create', kind: 'Node', object }]);
}
for (let at = 0; at < PODS; at += 200) {
  await objects.write(
    Array.from({ length: 200 }, (_, index) => {
      const owner = `set-${(at + index) % CONTROLLERS}`;
      return {
        type: 'create' as const,
        kind: 'Pod' as const,
        object: {
          metadata: {
            name: `pod-${at + index}`,
            namespace: 'default',
            uid: `uid-${at + index}`,
            ownerReferences: [
              {
                apiVersion: 'apps/v1',
                kind: 'ReplicaSet',
                name: owner,
                uid: owner,
                controller: true,
              },
            ],
          },
          spec: {
            containers: [
              {
                name: 'main',
                image: 'x',
                resources: { requests: { cpu: '100m', memory: '128Mi' } },
              },
            ],
          },
          status: { phase: 'Pending' as const },
        },
      };
    }),
  );
}

const picture = createClusterReader({
  objects: objects.view,
  records: store.view,
  mesh: { member: () => undefined, memberNamed: () => undefined },
});
const waiting = [...objects.view.list('Pod')];
let decideMs = 0;
let placed = 0;
const startedMs = performance.now();
for (let at = 0; at < waiting.length; at += BATCH_LIMIT) {
  const beforeMs = performance.now();
  const view = picture();
  const pods = waiting.slice(at, at + BATCH_LIMIT).map(pendingPod);
  const decisions = schedule(view, pods, random);
  decideMs += performance.now() - beforeMs;
  placed += decisions.filter(({ type }) => type === 'placed').length;
  for (const { writes, also } of bindings(view, decisions, 64, 0)) {
    const result = await objects.write(writes, also);
    if (!result.ok) throw result.error;
  }
}
const totalMs = performance.now() - startedMs;
if (placed !== PODS) throw new Error(`${placed} of ${PODS} pods placed`);
if (store.view.get(allocationKey('node-0')) === undefined) throw new Error('nothing was bound');

const figures = {
  nodes: NODES,
  pods: PODS,
  decidedPerSecond: Math.round((PODS * 1_000) / decideMs),
  boundPerSecond: Math.round((PODS * 1_000) / totalMs),
};
console.log(
  `${figures.decidedPerSecond} placements/s decided, ${figures.boundPerSecond} decided and bound in memory`,
);
console.log(JSON.stringify({ bench: 'scheduling', ...figures }));
objects.close();
