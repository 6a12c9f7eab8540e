// The numbers of a rollout: budget, step, proportional scaling; and that no interleaving leaves the budget.

import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import { rolloutBudget } from '../../../actors/replication/deployment/budget.ts';
import type { Budget } from '../../../actors/replication/deployment/budget.ts';
import { proportionalScale } from '../../../actors/replication/deployment/proportional-scale.ts';
import type { SetSize } from '../../../actors/replication/deployment/rolling-update.ts';
import { rollingStep } from '../../../actors/replication/deployment/rolling-update.ts';
import { testDeployment } from './cluster.ts';

const sum = (numbers: readonly number[]): number => numbers.reduce((a, b) => a + b, 0);

/** A set as it really is, beside what it last reported. */
interface ModelSet {
  readonly name: string;
  wanted: number;
  ready: number;
  unready: number;
  reported: { existing: number; available: number };
}

const newSet = (name: string, wanted: number, ready: number): ModelSet => ({
  name,
  wanted,
  ready,
  unready: 0,
  reported: { existing: ready, available: ready },
});

const sizeOf = ({ name, wanted, reported }: ModelSet): SetSize => ({ name, wanted, ...reported });

/** What a ReplicaSet's controller does in one transaction: pods and report together. */
function reconcileSet(set: ModelSet): void {
  const existing = set.ready + set.unready;
  if (existing < set.wanted) set.unready += set.wanted - existing;
  else {
    const gone = existing - set.wanted;
    const fromUnready = Math.min(gone, set.unready);
    set.unready -= fromUnready;
    set.ready -= gone - fromUnready;
  }
  set.reported = { existing: set.ready + set.unready, available: set.ready };
}

function stepDeployment(budget: Budget, fresh: ModelSet, old: readonly ModelSet[]): void {
  const next = rollingStep(budget, sizeOf(fresh), old.map(sizeOf));
  for (const set of [fresh, ...old]) set.wanted = next.get(set.name) ?? set.wanted;
}

const budgets = fc
  .record({
    desired: fc.integer({ min: 1, max: 30 }),
    maxSurge: fc.integer({ min: 0, max: 10 }),
    maxUnavailable: fc.integer({ min: 0, max: 10 }),
  })
  .filter(({ maxSurge, maxUnavailable }) => maxSurge + maxUnavailable > 0)
  .map((budget) => ({
    ...budget,
    maxUnavailable: Math.min(budget.maxUnavailable, budget.desired),
  }));

const actions = fc.array(
  fc.oneof(
    fc.constant({ type: 'deployment' as const }),
    fc.record({ type: fc.constant('set' as const), at: fc.nat({ max: 2 }) }),
    fc.record({
      type: fc.constant('ready' as const),
      at: fc.nat({ max: 2 }),
      pods: fc.nat({ max: 5 }),
    }),
  ),
  { maxLength: 80 },
);

describe('replication/rolling-update', () => {
  it('rounds surge up and unavailable down, and never lets both be nothing', () => {
    const of = (replicas: number, maxSurge: number | string, maxUnavailable: number | string) => {
      const rollingUpdate = { maxSurge, maxUnavailable };
      const strategy = { type: 'RollingUpdate' as const, rollingUpdate };
      const { maxSurge: surge, maxUnavailable: down } = rolloutBudget(
        testDeployment('web', replicas, { strategy }),
      );
      return [surge, down];
    };
    assert.deepEqual(of(3, '25%', '25%'), [1, 0]);
    assert.deepEqual(of(10, '25%', '25%'), [3, 2]);
    assert.deepEqual(of(4, '25%', '25%'), [1, 1]);
    assert.deepEqual(of(10, 0, 0), [0, 1]);
    assert.deepEqual(of(1, 0, '50%'), [0, 1]);
    assert.deepEqual(of(10, '100%', '100%'), [10, 10]);
    assert.deepEqual(of(2, 1, 5), [1, 2]);
  });

  it('takes the steps of a plain rollout of three with one more and none less', () => {
    const budget = { desired: 3, maxSurge: 1, maxUnavailable: 0 };
    const old = newSet('old', 3, 3);
    const fresh = newSet('new', 0, 0);
    const seen: string[] = [];
    for (let round = 0; round < 8; round++) {
      stepDeployment(budget, fresh, [old]);
      reconcileSet(fresh);
      reconcileSet(old);
      fresh.ready += fresh.unready;
      fresh.unready = 0;
      reconcileSet(fresh);
      seen.push(`${old.wanted}/${fresh.wanted}`);
    }
    assert.deepEqual(seen.slice(0, 4), ['3/1', '2/1', '2/2', '1/2']);
    assert.equal(seen.at(-1), '0/3');
  });

  it('never has too many pods nor too few available, in any interleaving, and ends', () => {
    fc.assert(
      fc.property(budgets, fc.nat({ max: 30 }), actions, (budget, split, steps) => {
        const first = Math.min(split, budget.desired);
        const old = [newSet('a', first, first), newSet('b', 0, 0)];
        old[1] = newSet('b', budget.desired - first, budget.desired - first);
        const fresh = newSet('new', 0, 0);
        const sets = [fresh, ...old];
        const check = (): void => {
          const pods = sum(sets.map(({ ready, unready }) => ready + unready));
          assert.ok(pods <= budget.desired + budget.maxSurge, `${pods} pods`);
          const available = sum(sets.map(({ ready }) => ready));
          assert.ok(available >= budget.desired - budget.maxUnavailable, `${available} available`);
        };
        const act = (step: (typeof steps)[number]): void => {
          if (step.type === 'deployment') stepDeployment(budget, fresh, old);
          else if (step.type === 'set') reconcileSet(sets[step.at]!);
          else {
            const set = sets[step.at]!;
            const pods = Math.min(step.pods, set.unready);
            set.unready -= pods;
            set.ready += pods;
          }
          check();
        };
        steps.forEach(act);
        for (let round = 0; round < 4 * (budget.desired + 2); round++) {
          act({ type: 'deployment' });
          for (let at = 0; at < 3; at++) {
            act({ type: 'set', at });
            act({ type: 'ready', at, pods: 100 });
            act({ type: 'set', at });
          }
        }
        assert.deepEqual(
          sets.map(({ ready }) => ready),
          [budget.desired, 0, 0],
        );
      }),
      { numRuns: 500 },
    );
  });

  it('takes broken old pods away first', () => {
    const budget = { desired: 10, maxSurge: 2, maxUnavailable: 2 };
    const next = rollingStep(budget, { name: 'new', wanted: 0, existing: 0, available: 0 }, [
      { name: 'good', wanted: 5, existing: 5, available: 5 },
      { name: 'bad', wanted: 5, existing: 5, available: 3 },
    ]);
    assert.equal(next.get('bad'), 3);
    assert.equal(next.get('good'), undefined);
    assert.equal(next.get('new'), 2);
  });

  it('scales sets in proportion, all of it and no more than the budget', () => {
    fc.assert(
      fc.property(
        budgets,
        fc.array(fc.integer({ min: 1, max: 20 }), { minLength: 1, maxLength: 5 }),
        (budget, sizes) => {
          const sets = sizes.map((wanted, at) => ({
            name: `set-${at}`,
            wanted,
            existing: wanted,
            available: wanted,
          }));
          const next = proportionalScale(budget, sets);
          const total = sum(sets.map(({ name, wanted }) => next.get(name) ?? wanted));
          const allowed = sizes.length === 1 ? budget.desired : budget.desired + budget.maxSurge;
          assert.equal(total, allowed);
          for (const { name, wanted } of sets) {
            const exact = (wanted * allowed) / sum(sizes);
            assert.ok(Math.abs((next.get(name) ?? wanted) - exact) < 1);
          }
        },
      ),
    );
  });
});
