// The store against a model that copies everything: every answer, every revision, through snapshots too.

import assert from 'node:assert/strict';

import * as fc from 'fast-check';

import { SkeinError } from '../../../runtime/index.ts';
import { refusalOf } from '../../../consensus/store/transaction.ts';
import type { Transaction } from '../../../consensus/store/store.ts';
import { anyTransaction, copyOf, createDriver } from './commands.ts';
import { createNaiveStore } from './naive-store.ts';

type Step =
  | { readonly type: 'transaction'; readonly transaction: Transaction }
  | { readonly type: 'compact'; readonly back: number }
  | { readonly type: 'copy' };

const anyStep: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 12,
    arbitrary: anyTransaction.map((transaction): Step => ({ type: 'transaction', transaction })),
  },
  { weight: 2, arbitrary: fc.nat(5).map((back): Step => ({ type: 'compact', back })) },
  { weight: 1, arbitrary: fc.constant<Step>({ type: 'copy' }) },
);

const last = '\uffff';

describe('the store', () => {
  it('answers as a model that keeps a whole copy of every revision', function () {
    this.timeout(60_000);
    fc.assert(
      fc.property(fc.array(anyStep, { maxLength: 40 }), (steps) => {
        let driver = createDriver();
        const naive = createNaiveStore();
        let compacted = 1;
        for (const step of steps) {
          if (step.type === 'copy') {
            const copy = copyOf(driver.machine);
            assert.equal(copy.digest(), driver.machine.digest());
            driver = createDriver(copy);
          } else if (step.type === 'compact') {
            const revision = naive.revision() - step.back;
            const { answer } = driver.apply({ type: 'compact', revision });
            assert.equal(answer.ok, revision > compacted);
            if (answer.ok) compacted = revision;
          } else {
            const { answer } = driver.apply(step);
            assert.equal(answer.ok, refusalOf(step.transaction) === undefined);
            if (answer.ok && answer.value.type === 'transaction') {
              assert.deepEqual(answer.value.result, naive.transact(step.transaction));
            }
          }
        }
        const { view } = driver.machine;
        assert.equal(view.revision(), naive.revision());
        for (let revision = compacted; revision <= naive.revision(); revision++) {
          const { kvs, more } = view.range('', last, { revision });
          assert.deepEqual(kvs, naive.at(revision));
          assert.equal(more, false);
          assert.equal(view.count('', last, revision), kvs.length);
          const options = { revision, limit: 2, reverse: true };
          const backwards = view.range('', last, options);
          assert.deepEqual(backwards.kvs, naive.at(revision).toReversed().slice(0, 2));
          assert.equal(backwards.more, kvs.length > 2);
        }
        for (const kv of naive.at(naive.revision())) assert.deepEqual(view.get(kv.key), kv);
        for (let revision = 0; revision < compacted; revision++) {
          assert.throws(
            () => view.range('', last, { revision }),
            (error) => error instanceof SkeinError && error.code === 'compacted',
          );
        }
      }),
      { numRuns: 300 },
    );
  });

  it('has the same state wherever it was copied on the way', () => {
    fc.assert(
      fc.property(
        fc.array(anyStep, { maxLength: 25 }),
        fc.array(anyStep, { maxLength: 25 }),
        (before, after) => {
          const driver = createDriver();
          const play = (target: typeof driver, steps: readonly Step[]) => {
            for (const step of steps) {
              if (step.type === 'transaction') target.apply(step);
              if (step.type === 'compact') {
                const revision = target.machine.view.revision() - step.back;
                target.apply({ type: 'compact', revision });
              }
            }
          };
          play(driver, before);
          const copied = createDriver(copyOf(driver.machine));
          play(driver, after);
          play(copied, after);
          assert.equal(copied.machine.digest(), driver.machine.digest());
        },
      ),
    );
  });
});
