// The decision of a batch: which filters refuse with which words, what scores prefer, what is never over-committed.

import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import type { PodSpec } from 'kubernetes-types/core/v1.d.ts';
import { explain } from '../../../actors/scheduling/reasons.ts';
import type { Decision } from '../../../actors/scheduling/schedule.ts';
import { schedule } from '../../../actors/scheduling/schedule.ts';
import { createSeededRandom } from '../../../runtime/index.ts';
import type { NodeShape } from './cluster.ts';
import { clusterView, nodeView, waitingPod } from './cluster.ts';

const random = () => createSeededRandom(7);

const message = (decision: Decision): string =>
  decision.type === 'unplaced' ? explain(decision.reasons) : `placed on ${decision.node}`;

interface FilterCase {
  readonly says: string;
  readonly node: NodeShape;
  readonly spec?: Partial<PodSpec>;
  readonly requests?: Record<string, string>;
  readonly expected: string;
}

const ARM = { matchExpressions: [{ key: 'arch', operator: 'In', values: ['arm64'] }] };
const requiring = (term: typeof ARM): Partial<PodSpec> => ({
  affinity: {
    nodeAffinity: {
      requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [term] },
    },
  },
});
const held = (cpuMillis: number, memoryBytes = 0, hostPorts: string[] = []) => ({
  other: { cpuMillis, memoryBytes, hostPorts },
});
const TAINT = { key: 'gpu', value: 'yes', effect: 'NoSchedule' };

const FILTER_CASES: readonly FilterCase[] = [
  { says: 'a free node takes a pod', node: {}, expected: 'placed on n' },
  {
    says: 'a cordoned node refuses',
    node: { spec: { unschedulable: true } },
    expected: '0/1 nodes are available: 1 node(s) were unschedulable.',
  },
  {
    says: 'a node that is not ready refuses',
    node: { ready: false },
    expected: '0/1 nodes are available: 1 node(s) were not ready.',
  },
  {
    says: 'cpu that is promised to others is not there',
    node: { held: held(3_500) },
    requests: { cpu: '600m' },
    expected: '0/1 nodes are available: 1 Insufficient cpu.',
  },
  {
    says: 'the last millicore can be had',
    node: { held: held(3_500) },
    requests: { cpu: '500m' },
    expected: 'placed on n',
  },
  {
    says: 'memory runs out by the byte',
    node: { memory: '1Gi', held: held(0, 1) },
    requests: { memory: '1Gi' },
    expected: '0/1 nodes are available: 1 Insufficient memory.',
  },
  {
    says: 'a pod that asks for nothing fits on a node without cpu left',
    node: { held: held(4_000) },
    expected: 'placed on n',
  },
  {
    says: 'pods are counted',
    node: { pods: '1', held: held(0) },
    expected: '0/1 nodes are available: 1 Too many pods.',
  },
  {
    says: 'a host port is taken once',
    node: { held: held(0, 0, ['TCP/80']) },
    spec: {
      containers: [{ name: 'a', image: 'x', ports: [{ containerPort: 80, hostPort: 80 }] }],
    },
    expected:
      "0/1 nodes are available: 1 node(s) didn't have free ports for the requested pod ports.",
  },
  {
    says: 'the same port of another protocol is free',
    node: { held: held(0, 0, ['UDP/80']) },
    spec: {
      containers: [{ name: 'a', image: 'x', ports: [{ containerPort: 80, hostPort: 80 }] }],
    },
    expected: 'placed on n',
  },
  {
    says: 'a node selector must match',
    node: { labels: { disk: 'hdd' } },
    spec: { nodeSelector: { disk: 'ssd' } },
    expected: "0/1 nodes are available: 1 node(s) didn't match Pod's node affinity/selector.",
  },
  {
    says: 'a required affinity must match',
    node: { labels: { arch: 'amd64' } },
    spec: requiring(ARM),
    expected: "0/1 nodes are available: 1 node(s) didn't match Pod's node affinity/selector.",
  },
  {
    says: 'a required affinity that matches lets in',
    node: { labels: { arch: 'arm64' } },
    spec: requiring(ARM),
    expected: 'placed on n',
  },
  {
    says: 'a taint keeps out',
    node: { spec: { taints: [TAINT] } },
    expected: '0/1 nodes are available: 1 node(s) had untolerated taint {gpu: yes}.',
  },
  {
    says: 'a tolerated taint does not',
    node: { spec: { taints: [TAINT] } },
    spec: { tolerations: [{ key: 'gpu', operator: 'Exists' }] },
    expected: 'placed on n',
  },
  {
    says: 'a toleration of another value does not help',
    node: { spec: { taints: [TAINT] } },
    spec: { tolerations: [{ key: 'gpu', value: 'no' }] },
    expected: '0/1 nodes are available: 1 node(s) had untolerated taint {gpu: yes}.',
  },
  {
    says: 'a soft taint keeps nobody out',
    node: { spec: { taints: [{ ...TAINT, effect: 'PreferNoSchedule' }] } },
    expected: 'placed on n',
  },
  {
    says: 'a driver that is asked for must be there',
    node: {},
    spec: { runtimeClassName: 'cri' },
    expected: "0/1 nodes are available: 1 node(s) didn't offer the driver cri.",
  },
];

describe('scheduling/schedule', () => {
  for (const { says, node, spec, requests, expected } of FILTER_CASES) {
    it(`decides that ${says}`, () => {
      const view = clusterView([nodeView('n', node)]);
      const [decision] = schedule(view, [waitingPod('p', spec, requests)], random());
      assert.equal(message(decision!), expected);
    });
  }

  it('counts every reason as Kubernetes words it', () => {
    const view = clusterView([
      nodeView('a', { spec: { unschedulable: true } }),
      nodeView('b', { cpu: '1' }),
      nodeView('c', { cpu: '1' }),
    ]);
    const [decision] = schedule(view, [waitingPod('p', {}, { cpu: '2' })], random());
    assert.equal(
      message(decision!),
      '0/3 nodes are available: 1 node(s) were unschedulable, 2 Insufficient cpu.',
    );
    const [none] = schedule(clusterView([]), [waitingPod('p')], random());
    assert.equal(message(none!), 'no nodes available to schedule pods');
  });

  it('runs a pod without a driver as a process only where nobody offers another driver', () => {
    const both = nodeView('both', { annotations: { 'skein.dev/drivers': 'process,cri' } });
    const plain = nodeView('plain');
    const place = (nodes: readonly ReturnType<typeof nodeView>[], spec: Partial<PodSpec> = {}) =>
      message(schedule(clusterView(nodes), [waitingPod('p', spec)], random())[0]!);
    assert.equal(place([plain]), 'placed on plain');
    assert.equal(place([plain, both]), 'placed on both');
    const cordoned = nodeView('both', {
      annotations: { 'skein.dev/drivers': 'process,cri' },
      spec: { unschedulable: true },
    });
    assert.equal(
      place([plain, cordoned]),
      '0/2 nodes are available: 1 node(s) only offered the driver process, 1 node(s) were unschedulable.',
    );
    assert.equal(place([plain, cordoned], { runtimeClassName: 'process' }), 'placed on plain');
  });

  it('spreads the pods of a controller over failure domains first and nodes second', () => {
    const domain = (name: string) => ({ labels: { 'topology.kubernetes.io/zone': name } });
    const nodes = [
      nodeView('a1', domain('a')),
      nodeView('a2', domain('a')),
      nodeView('a3', domain('a')),
      nodeView('b1', domain('b')),
    ];
    const pods = Array.from({ length: 6 }, (_, at) => waitingPod(`p${at}`));
    const placed = schedule(clusterView(nodes), pods, random());
    const counts = new Map<string, number>();
    for (const one of placed) {
      assert.equal(one.type, 'placed');
      if (one.type === 'placed') counts.set(one.node, (counts.get(one.node) ?? 0) + 1);
    }
    const inA = ['a1', 'a2', 'a3'].map((name) => counts.get(name) ?? 0);
    assert.deepEqual(inA, [1, 1, 1]);
    assert.equal(counts.get('b1'), 3);
  });

  it('counts pods that are there already', () => {
    const nodes = [nodeView('a'), nodeView('b')];
    const view = clusterView(nodes, new Map([['a', 2]]));
    const placed = schedule(view, [waitingPod('p'), waitingPod('q')], random());
    assert.deepEqual(placed.map(message), ['placed on b', 'placed on b']);
  });

  it('prefers the node with most left, the idle one, and the one that is preferred', () => {
    const place = (a: NodeShape, b: NodeShape, spec: Partial<PodSpec> = {}): string =>
      message(
        schedule(
          clusterView([nodeView('a', a), nodeView('b', b)]),
          [waitingPod('p', spec)],
          random(),
        )[0]!,
      );
    assert.equal(place({ held: held(2_000, 4 * 2 ** 30) }, {}), 'placed on b');
    assert.equal(place({ load: { cpu: 0.9, memory: 0.1 } }, {}), 'placed on b');
    assert.equal(
      place({ spec: { taints: [{ key: 'x', effect: 'PreferNoSchedule' }] } }, {}),
      'placed on b',
    );
    const preferring: Partial<PodSpec> = {
      affinity: {
        nodeAffinity: {
          preferredDuringSchedulingIgnoredDuringExecution: [{ weight: 1, preference: ARM }],
        },
      },
    };
    assert.equal(place({}, { labels: { arch: 'arm64' } }, preferring), 'placed on b');
  });

  it('gives the same placements for the same seed, and others among equals for another', () => {
    const nodes = Array.from({ length: 20 }, (_, at) => nodeView(`n${at}`));
    const pods = Array.from({ length: 10 }, (_, at) => waitingPod(`p${at}`));
    const run = (seed: number) =>
      schedule(clusterView(nodes), pods, createSeededRandom(seed)).map(message).join();
    assert.equal(run(1), run(1));
    assert.notEqual(run(1), run(2));
  });

  const shapes = fc.array(
    fc.record({
      cpu: fc.integer({ min: 0, max: 8 }).map(String),
      memory: fc.integer({ min: 0, max: 8 }).map((gib) => `${gib}Gi`),
      pods: fc.integer({ min: 0, max: 6 }).map(String),
      ready: fc.boolean(),
      labels: fc.record({ 'topology.kubernetes.io/zone': fc.constantFrom('a', 'b', 'c') }),
      held: fc.constantFrom(undefined, held(1_000, 2 ** 30, ['TCP/80'])),
    }),
    { maxLength: 12 },
  );
  const wishes = fc.array(
    fc.record({
      cpu: fc.integer({ min: 0, max: 4_000 }),
      memory: fc.integer({ min: 0, max: 4 }),
      hostPort: fc.constantFrom(undefined, 80, 81),
      owner: fc.constantFrom('x', 'y', 'z'),
    }),
    { maxLength: 40 },
  );

  it('never over-commits cpu, memory, pods or ports, and leaves out no pod that would fit', () => {
    fc.assert(
      fc.property(shapes, wishes, fc.nat(), (shapes, wishes, seed) => {
        const nodes = shapes.map((shape, at) => {
          const { held, ...rest } = shape;
          return nodeView(`n${at}`, held === undefined ? rest : { ...rest, held });
        });
        const pods = wishes.map(({ cpu, memory, hostPort, owner }, at) => {
          const ports = hostPort === undefined ? [] : [{ containerPort: 1, hostPort }];
          const resources = { requests: { cpu: `${cpu}m`, memory: `${memory}Gi` } };
          const containers = [{ name: 'a', image: 'x', ports, resources }];
          return waitingPod(`p${at}`, { containers }, {}, owner);
        });
        const decisions = schedule(clusterView(nodes), pods, createSeededRandom(seed));
        for (const { traits, use } of nodes) {
          const mine = decisions
            .filter((one) => one.type === 'placed' && one.node === traits.name)
            .map(({ pending }) => pending.demand.allocation);
          const sum = (of: (one: (typeof mine)[number]) => number): number =>
            mine.reduce((total, one) => total + of(one), 0);
          const { allocatable } = traits;
          const cpu = sum(({ cpuMillis }) => cpuMillis);
          const memory = sum(({ memoryBytes }) => memoryBytes);
          assert.ok(cpu === 0 || cpu + use.cpuMillis <= allocatable.cpuMillis);
          assert.ok(memory === 0 || memory + use.memoryBytes <= allocatable.memoryBytes);
          assert.ok(mine.length === 0 || mine.length + use.podCount <= allocatable.pods);
          const ports = [...use.hostPorts, ...mine.flatMap(({ hostPorts }) => hostPorts)];
          assert.equal(new Set(ports).size, ports.length);
          if (!traits.isReady) assert.equal(mine.length, 0);
        }
        for (const decision of decisions) {
          if (decision.type === 'placed') continue;
          const counted = [...decision.reasons.values()].reduce((a, b) => a + b, 0);
          assert.equal(counted, nodes.length);
        }
      }),
      { numRuns: 300 },
    );
  });
});
