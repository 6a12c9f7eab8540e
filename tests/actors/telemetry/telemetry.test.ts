// What a peer tells of itself, and when it keeps quiet.

import { deepEqual, equal, ok } from 'node:assert/strict';
import { endpointHealthActor } from '../../../actors/telemetry/endpoint-health-actor.ts';
import type { EndpointHealthMessage } from '../../../actors/telemetry/endpoint-health-actor.ts';
import { loadActor } from '../../../actors/telemetry/load-actor.ts';
import type { Load } from '../../../actors/telemetry/load-actor.ts';
import { nodeFactsActor } from '../../../actors/telemetry/node-facts-actor.ts';
import { nodeFacts } from '../../../actors/telemetry/node-facts.ts';
import { tellIntervalMs } from '../../../actors/telemetry/tell-interval.ts';
import type { ObjectChange, Stored } from '../../../actors/objects/objects.ts';
import type { NodeFacts } from '../../../mesh/index.ts';
import { createActorSystem, createRingLogger, createSimulation } from '../../../runtime/index.ts';

const node = (over: Partial<Stored<'Node'>> = {}): Stored<'Node'> => ({
  metadata: {
    name: 'a',
    labels: { rack: 'r1' },
    annotations: { 'skein.dev/drivers': 'process,cri', 'skein.dev/price': '0.5' },
  },
  spec: {},
  status: { capacity: { cpu: '2', memory: '4Gi', pods: '110' } },
  ...over,
});

/** An actor's world: virtual time, a view whose objects the test sets, and what was told to the mesh. */
function world() {
  const simulation = createSimulation(1);
  const host = simulation.peer('a');
  const system = createActorSystem({
    peer: 'a',
    clock: host.clock,
    random: host.random,
    dispatcher: host.dispatcher,
    log: createRingLogger(host.clock, 10),
    onFailure: (path, error) => {
      throw new Error(`${path} failed`, { cause: error });
    },
  });
  const told: NodeFacts[] = [];
  const changed = new Set<(change: ObjectChange) => void>();
  return {
    system,
    told,
    mesh: { setFacts: (facts: NodeFacts) => void told.push(facts) },
    watch: (_kinds: unknown, listener: (change: ObjectChange) => void) => {
      changed.add(listener);
      return () => changed.delete(listener);
    },
    change: (name: string) => {
      const key = { namespace: '', name };
      for (const listener of changed) listener({ key } as ObjectChange);
    },
    pass: (ms: number) => simulation.run({ untilMs: simulation.nowMs() + ms }),
  };
}

describe('load', () => {
  it('is told less often the more peers there are', () => {
    deepEqual(
      [1, 50, 75, 100, 1_000, 2_000].map(tellIntervalMs),
      [5_000, 5_000, 7_500, 10_000, 30_000, 60_000],
    );
  });

  const telling = (size: number) => {
    const { system, told, mesh, pass } = world();
    const now: { load: Load; pods: number } = { load: { cpu: 0.5, memory: 0.5 }, pods: 0 };
    const members = () => Array.from({ length: size }, () => ({}) as never);
    system.spawn('load', loadActor, {
      measure: () => now.load,
      allocated: () => ({ cpuMillis: 0, memoryBytes: 0, pods: now.pods }),
      mesh: { ...mesh, members },
    });
    return { now, told, pass };
  };

  it('is rounded, and told again only when it has moved by more than a step', async () => {
    const { now, told, pass } = telling(3);
    now.load = { cpu: 0.512, memory: 0.49 };
    await pass(60_000);
    now.load = { cpu: 0.56, memory: 0.45 };
    await pass(60_000);
    equal(told.length, 1);
    deepEqual(told[0]!.load, { cpu: 0.5, memory: 0.5 });
    now.load = { cpu: 0.58, memory: 0.45 };
    await pass(60_000);
    deepEqual(told[1]!.load, { cpu: 0.6, memory: 0.45 });
    now.pods = 1;
    await pass(60_000);
    equal(told[2]!.allocated!.pods, 1);
    equal(told.length, 3);
  });

  it('that moves all the time is told no more often than the size of the cluster allows', async () => {
    for (const [size, most] of [
      [3, 60],
      [100, 30],
      [1_000, 10],
    ] as const) {
      const { now, told, pass } = telling(size);
      for (let i = 0; i < 60; i++) {
        now.load = { cpu: (i % 2) * 0.5, memory: 0 };
        await pass(5_000);
      }
      ok(told.length <= most + 1 && told.length >= most / 2 - 1, `${size}: ${told.length}`);
    }
  });
});

describe('facts of a Node', () => {
  it('are its labels, taints, cordon, drivers, price and sizes', () => {
    const taints = [{ key: 'gpu', effect: 'NoSchedule' }];
    deepEqual(nodeFacts(node({ spec: { unschedulable: true, taints } })), {
      labels: { rack: 'r1' },
      taints,
      isCordoned: true,
      drivers: ['process', 'cri'],
      price: '0.5',
      capacity: { cpu: '2', memory: '4Gi', pods: '110' },
    });
  });

  it('are bounded, however many labels it has', () => {
    const many = Array.from({ length: 1_000 }, (_, i) => [`l${i}`, 'v']);
    const labels = Object.fromEntries(many) as Record<string, string>;
    equal(Object.keys(nodeFacts(node({ metadata: { labels } })).labels!).length, 128);
  });

  it('are told when that Node changes, and for no other', async () => {
    const { system, told, mesh, watch, change, pass } = world();
    const held: { node?: Stored<'Node'> } = {};
    const view = { get: () => held.node, watch } as never;
    system.spawn('node-facts', nodeFactsActor, { name: 'a', view, mesh });
    await pass(10);
    equal(told.length, 0);
    held.node = node();
    change('b');
    await pass(10);
    equal(told.length, 0);
    change('a');
    await pass(10);
    deepEqual(told[0]!.labels, { rack: 'r1' });
  });
});

describe('health of endpoints', () => {
  const slice = (uids: readonly string[], conditions: object = { ready: true }) =>
    ({
      endpoints: uids.map((uid) => ({ addresses: [], conditions, targetRef: { uid } })),
    }) as never;

  const scene = () => {
    const { system, told, mesh, watch, change, pass } = world();
    const held: { slices: readonly Stored<'EndpointSlice'>[] } = { slices: [] };
    const view = { list: () => held.slices, watch } as never;
    const ref = system.spawn('health', endpointHealthActor, { view, mesh });
    const serves = async (uid: string, isServing: boolean) => {
      ref.tell({ type: 'serves', uid, isServing } satisfies EndpointHealthMessage);
      await pass(10);
    };
    return { held, told, serves, change, pass };
  };

  it('is told while a pod does not serve and the log still says so', async () => {
    const { held, told, serves, change, pass } = scene();
    held.slices = [slice(['p', 'q'])];
    await serves('p', true);
    equal(told.length, 0);
    await serves('p', false);
    deepEqual(told.at(-1), { unready: ['p'] });
    held.slices = [slice(['q']), slice(['p'], { ready: false, serving: false })];
    change('s');
    await pass(10);
    deepEqual(told.at(-1), { unready: undefined });
  });

  it('is taken back when the pod serves again', async () => {
    const { held, told, serves } = scene();
    held.slices = [slice(['p'])];
    await serves('p', false);
    await serves('p', true);
    deepEqual(told.at(-1), { unready: undefined });
  });

  it('says nothing of pods behind no Service, and is bounded', async () => {
    const { held, told, serves } = scene();
    await serves('nobody', false);
    deepEqual(told.at(-1), { unready: undefined });
    const uids = Array.from({ length: 100 }, (_, i) => `p${i}`);
    held.slices = [slice(uids)];
    for (const uid of uids) await serves(uid, false);
    equal((told.at(-1)!.unready ?? []).length, 64);
  });
});
