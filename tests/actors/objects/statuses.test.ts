// What conditions, pods' and nodes' statuses amount to.

import assert from 'node:assert/strict';
import {
  findCondition,
  isConditionTrue,
  withCondition,
  withoutCondition,
} from '../../../actors/objects/conditions.ts';
import type { Condition } from '../../../actors/objects/conditions.ts';
import {
  isNodeReady,
  isNodeSchedulable,
  nodeAllocatable,
} from '../../../actors/objects/node-status.ts';
import {
  isPodActive,
  isPodAvailable,
  isPodHolding,
  isPodReady,
  qosClassOf,
} from '../../../actors/objects/pod-status.ts';
import type { ObjectTypes } from '../../../actors/objects/kinds.ts';

describe('conditions', () => {
  const old: readonly Condition[] = [
    { type: 'Ready', status: 'False', reason: 'Starting', lastTransitionTime: 'then' },
  ];

  it('keep their time while the status stays', () => {
    const next = withCondition(old, { type: 'Ready', status: 'False', reason: 'Slow' }, 'now');
    assert.deepEqual(next, [
      { type: 'Ready', status: 'False', reason: 'Slow', lastTransitionTime: 'then' },
    ]);
  });

  it('take the new time when the status changes', () => {
    const next = withCondition(old, { type: 'Ready', status: 'True' }, 'now');
    assert.equal(findCondition(next, 'Ready')?.lastTransitionTime, 'now');
    assert.ok(isConditionTrue(next, 'Ready'));
  });

  it('are the same list when nothing changes', () => {
    assert.equal(
      withCondition(old, { type: 'Ready', status: 'False', reason: 'Starting' }, 'now'),
      old,
    );
  });

  it('stand beside each other and can be taken away', () => {
    const two = withCondition(old, { type: 'Other', status: 'True' }, 'now');
    assert.equal(two.length, 2);
    assert.deepEqual(
      withoutCondition(two, 'Ready').map(({ type }) => type),
      ['Other'],
    );
  });
});

describe('a pod', () => {
  const ready = (since: string): ObjectTypes['Pod'] => ({
    spec: { containers: [] },
    status: {
      phase: 'Running',
      conditions: [{ type: 'Ready', status: 'True', lastTransitionTime: since }],
    },
  });

  it('is available once it has been ready for long enough', () => {
    const pod = ready('2026-01-01T00:00:00Z');
    const start = Date.UTC(2026, 0, 1);
    assert.ok(isPodReady(pod));
    assert.equal(isPodAvailable(pod, 10, start + 9_999), false);
    assert.equal(isPodAvailable(pod, 10, start + 10_000), true);
    assert.equal(isPodAvailable(pod, 0, 0), true);
  });

  it('is not active once it ends or has ended', () => {
    assert.equal(isPodActive({ status: { phase: 'Running' } }), true);
    assert.equal(isPodActive({ status: { phase: 'Failed' } }), false);
    assert.equal(isPodActive({ metadata: { deletionTimestamp: 'x' } }), false);
  });

  it('holds its node from bind to end', () => {
    assert.equal(isPodHolding({ spec: { containers: [] } }), false);
    assert.equal(isPodHolding({ spec: { containers: [], nodeName: 'n' } }), true);
    assert.equal(
      isPodHolding({ spec: { containers: [], nodeName: 'n' }, status: { phase: 'Succeeded' } }),
      false,
    );
  });

  const qos = (...all: readonly (object | undefined)[]): string =>
    qosClassOf({
      spec: {
        containers: all.map((resources) => ({ name: 'c', ...(resources && { resources }) })),
      },
    });

  it('is guaranteed, burstable or best effort by its requests and limits', () => {
    const full = { cpu: '1', memory: '1Gi' };
    assert.equal(qos({ limits: full, requests: full }), 'Guaranteed');
    assert.equal(qos({ limits: full }), 'Guaranteed');
    assert.equal(qos({ limits: full }, undefined), 'Burstable');
    assert.equal(qos({ requests: { cpu: '1' } }), 'Burstable');
    assert.equal(qos(undefined), 'BestEffort');
  });
});

describe('a node', () => {
  const conditions = [{ type: 'Ready', status: 'True' }];

  it('is schedulable when it is ready and not cordoned', () => {
    assert.ok(isNodeReady({ status: { conditions } }));
    assert.equal(isNodeSchedulable({ status: { conditions } }), true);
    assert.equal(
      isNodeSchedulable({ status: { conditions }, spec: { unschedulable: true } }),
      false,
    );
    assert.equal(isNodeSchedulable({ status: {} }), false);
  });

  it('offers what is allocatable, or else its capacity', () => {
    assert.deepEqual(
      nodeAllocatable({ status: { capacity: { cpu: '2', memory: '1Ki', pods: '9' } } }),
      {
        cpuMillis: 2_000,
        memoryBytes: 1_024,
        pods: 9,
      },
    );
  });
});
