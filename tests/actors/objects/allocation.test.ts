// Bind and release keep the promise of a node: no pod twice, no more than there is.

import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import {
  allocated,
  allocationKey,
  bindTransaction,
  readAllocation,
  releaseTransaction,
} from '../../../actors/objects/allocation.ts';
import { createObjects } from '../../../actors/objects/object-store.ts';
import type { Stored } from '../../../actors/objects/objects.ts';
import { podRequests } from '../../../actors/objects/pod-requests.ts';
import { createMemoryStore } from './memory-store.ts';

const NOW = '2026-01-01T00:00:00Z';

const podAsking = (name: string, cpu: string, hostPort?: number) => ({
  metadata: { name, namespace: 'default', uid: `uid-${name}` },
  spec: {
    containers: [
      {
        name: 'c',
        image: 'x',
        resources: { requests: { cpu, memory: '1Mi' } },
        ports: hostPort === undefined ? [] : [{ containerPort: 1, hostPort }],
      },
    ],
  },
});

/** A zone with node n1 (1 CPU, 1 GiB, 3 pods) and these pods. */
async function zone(pods: readonly ReturnType<typeof podAsking>[]) {
  const store = createMemoryStore();
  const objects = createObjects(store);
  const status = { allocatable: { cpu: '1', memory: '1Gi', pods: '3' } };
  const written = await objects.write([
    { type: 'create', kind: 'Node', object: { metadata: { name: 'n1' }, status } },
    ...pods.map((object) => ({ type: 'create', kind: 'Pod', object }) as const),
  ]);
  assert.ok(written.ok);
  const node = objects.view.get('Node', '', 'n1')!;
  const pod = (name: string): Stored<'Pod'> => objects.view.get('Pod', 'default', name)!;
  const record = () => store.view.get(allocationKey('n1'));
  const bind = async (...names: readonly string[]) => {
    const bound = bindTransaction({ pods: names.map(pod), node, record: record(), now: NOW });
    return bound.ok ? objects.write(bound.value.writes, bound.value.also) : bound;
  };
  return { store, objects, node, pod, record, bind };
}

describe('binding a pod', () => {
  it('gives it the node and the condition, and the record the pod', async () => {
    const { bind, pod, record, objects } = await zone([podAsking('a', '400m', 8080)]);
    assert.ok((await bind('a')).ok);
    assert.equal(pod('a').spec?.nodeName, 'n1');
    assert.deepEqual(pod('a').status?.conditions, [
      { type: 'PodScheduled', status: 'True', lastTransitionTime: NOW },
    ]);
    assert.deepEqual(readAllocation(record()), {
      'uid-a': { cpuMillis: 400, memoryBytes: 2 ** 20, hostPorts: ['TCP/8080'] },
    });
    assert.deepEqual(objects.view.podsOnNode('n1'), [pod('a')]);
  });

  it('fails when another bind to that node came first, and leaves nothing behind', async () => {
    const { objects, node, pod, record } = await zone([
      podAsking('a', '600m'),
      podAsking('b', '600m'),
    ]);
    const plans = ['a', 'b'].map((name) =>
      bindTransaction({ pods: [pod(name)], node, record: record(), now: NOW }),
    );
    const outcomes: boolean[] = [];
    for (const plan of plans) {
      assert.ok(plan.ok);
      const written = await objects.write(plan.value.writes, plan.value.also);
      outcomes.push(written.ok);
      if (!written.ok) assert.match(written.error.message, /\/skein\/allocations\/n1 changed/);
    }
    assert.deepEqual(outcomes, [true, false]);
    assert.equal(pod('b').spec?.nodeName, undefined);
  });

  it('refuses what the node has no room for, with every reason', async () => {
    const { bind } = await zone([podAsking('a', '600m', 80), podAsking('b', '600m', 80)]);
    assert.ok((await bind('a')).ok);
    const second = await bind('b');
    assert.ok(!second.ok);
    assert.equal(second.error.code, 'overloaded');
    assert.match(second.error.message, /Insufficient cpu, node\(s\) didn't have free ports/);
  });

  it('refuses a pod that is bound already', async () => {
    const { bind } = await zone([podAsking('a', '0')]);
    assert.ok((await bind('a')).ok);
    const again = await bind('a');
    assert.equal(!again.ok && again.error.code, 'conflict');
  });

  it('fails when the node has gone', async () => {
    const { objects, node, pod, record } = await zone([podAsking('a', '0')]);
    const plan = bindTransaction({ pods: [pod('a')], node, record: record(), now: NOW });
    assert.ok((await objects.write([{ type: 'delete', kind: 'Node', object: node }])).ok);
    assert.ok(plan.ok && !(await objects.write(plan.value.writes, plan.value.also)).ok);
  });

  it('binds several pods at once, or none', async () => {
    const { bind, objects } = await zone(['a', 'b', 'c', 'd'].map((name) => podAsking(name, '1m')));
    assert.ok(!(await bind('a', 'b', 'c', 'd')).ok, 'four pods where three may be');
    assert.ok((await bind('a', 'b', 'c')).ok);
    assert.equal(objects.view.podsOnNode('n1').length, 3);
  });
});

describe('releasing a pod', () => {
  it('deletes it and takes it from the record, which goes with the last', async () => {
    const { bind, pod, record, objects } = await zone([podAsking('a', '1m'), podAsking('b', '1m')]);
    await bind('a', 'b');
    for (const name of ['a', 'b']) {
      const plan = releaseTransaction({ pod: pod(name), record: record() });
      assert.ok((await objects.write(plan.writes, plan.also)).ok);
      assert.equal(pod(name), undefined);
    }
    assert.equal(record(), undefined);
  });

  it('may leave it with its last status', async () => {
    const { bind, pod, record, objects } = await zone([podAsking('a', '1m')]);
    await bind('a');
    const plan = releaseTransaction({
      pod: pod('a'),
      record: record(),
      status: { phase: 'Failed' },
    });
    assert.ok((await objects.write(plan.writes, plan.also)).ok);
    assert.equal(pod('a').status?.phase, 'Failed');
    assert.equal(record(), undefined);
  });

  it('of a pod that never was bound touches no record', async () => {
    const { pod } = await zone([podAsking('a', '1m')]);
    const plan = releaseTransaction({ pod: pod('a'), record: undefined });
    assert.deepEqual(plan.also, { compare: [], success: [] });
  });
});

describe('the allocation record', () => {
  it('never holds more than the node has, nor other pods than are bound, in any order of binds and releases', async () => {
    const steps = fc.array(fc.tuple(fc.boolean(), fc.constantFrom('a', 'b', 'c', 'd')), {
      maxLength: 20,
    });
    await fc.assert(
      fc.asyncProperty(steps, async (all) => {
        const { bind, pod, record, objects } = await zone(
          ['a', 'b', 'c', 'd'].map((name) => podAsking(name, '300m')),
        );
        for (const [isBind, name] of all) {
          if (pod(name) === undefined) continue;
          if (isBind) await bind(name);
          else {
            const plan = releaseTransaction({ pod: pod(name), record: record() });
            assert.ok((await objects.write(plan.writes, plan.also)).ok);
          }
          const allocation = readAllocation(record());
          assert.ok(allocated(allocation).cpuMillis <= 1_000);
          assert.deepEqual(
            Object.keys(allocation).sort(),
            objects.view.podsOnNode('n1').map(({ metadata }) => metadata!.uid!),
          );
        }
      }),
      { numRuns: 30 },
    );
  });

  it('that cannot be read is named', () => {
    const kv = {
      key: allocationKey('n1'),
      value: '{',
      createRevision: 1,
      modRevision: 1,
      version: 1,
      lease: 0,
    };
    assert.throws(() => readAllocation(kv), {
      code: 'corrupt',
      message: /\/skein\/allocations\/n1/,
    });
  });
});

describe('what a pod requests', () => {
  const asking = (cpu: string, more: object = {}) => ({
    name: cpu,
    image: 'x',
    resources: { requests: { cpu } },
    ...more,
  });
  const cases: readonly (readonly [string, object, number])[] = [
    ['is the sum of its containers', { containers: [asking('100m'), asking('200m')] }, 300],
    [
      'is the largest init container, if that is more',
      { containers: [asking('100m')], initContainers: [asking('1'), asking('500m')] },
      1_000,
    ],
    [
      'counts sidecars with the containers',
      {
        containers: [asking('100m')],
        initContainers: [asking('50m', { restartPolicy: 'Always' })],
      },
      150,
    ],
    [
      'counts sidecars with the init containers after them',
      {
        containers: [asking('100m')],
        initContainers: [asking('1'), asking('50m', { restartPolicy: 'Always' }), asking('990m')],
      },
      1_040,
    ],
    ['includes the overhead', { containers: [asking('100m')], overhead: { cpu: '250m' } }, 350],
    [
      'is what the pod as a whole requests, if it does',
      { containers: [asking('100m')], resources: { requests: { cpu: '2' } } },
      2_000,
    ],
    [
      'is a limit where nothing is requested',
      { containers: [{ name: 'c', image: 'x', resources: { limits: { cpu: '70m' } } }] },
      70,
    ],
    ['is nothing if it says nothing', { containers: [{ name: 'c', image: 'x' }] }, 0],
  ];
  for (const [sentence, spec, wanted] of cases) {
    it(sentence, () => {
      const pod = { spec } as Stored<'Pod'>;
      assert.equal(podRequests(pod).cpuMillis, wanted);
    });
  }
});
