// The create revision of a lock is a fencing token: it only grows, and a write that names an old one is not done.

import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import { fenceCompare } from '../../../actors/duties/duty.ts';
import type { Transaction } from '../../../consensus/index.ts';
import { copyOf, createDriver, put, remove } from './commands.ts';

type Step = 'take' | 'release' | 'lease ends' | 'touch' | 'other write' | 'compact' | 'snapshot';
const step = fc.constantFrom<Step>(
  ...([
    'take',
    'take',
    'release',
    'lease ends',
    'touch',
    'other write',
    'compact',
    'snapshot',
  ] as const),
);
const lock = '/skein/duties/scheduler';

describe('a fencing token', () => {
  it('grows with every holder, keeps while one holds, and lets only its holder write', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        let driver = createDriver();
        const tokens: number[] = [];
        let lease = 0;
        const transact = (transaction: Transaction) => {
          const done = driver.answer({ type: 'transaction', transaction });
          assert.ok(done.type === 'transaction');
          return done.result;
        };
        const take = (): void => {
          lease += 1;
          driver.answer({ type: 'grant-lease', id: lease, ttlMs: 1_000 });
          const isFree = driver.machine.view.get(lock) === undefined;
          const { succeeded, revision } = transact({
            compare: [{ target: 'create', key: lock, is: '=', to: 0 }],
            success: [put(lock, 'holder', lease)],
          });
          assert.equal(succeeded, isFree);
          if (succeeded) tokens.push(revision);
        };
        for (const each of steps) {
          const { machine } = driver;
          const holder = machine.view.get(lock);
          if (each === 'take') take();
          if (each === 'release') driver.transact(remove(lock));
          if (each === 'lease ends' && holder !== undefined) {
            driver.answer({ type: 'end-lease', id: holder.lease });
          }
          if (each === 'touch' && holder !== undefined) {
            driver.transact(put(lock, 'again', holder.lease));
          }
          if (each === 'other write') driver.transact(put('other'));
          if (each === 'compact') {
            driver.apply({ type: 'compact', revision: machine.view.revision() });
          }
          if (each === 'snapshot') driver = createDriver(copyOf(machine));
          const holds = driver.machine.view.get(lock)?.createRevision;
          for (const token of tokens) {
            const compare = [fenceCompare({ key: lock, createRevision: token })];
            const { succeeded } = transact({ compare, success: [put('/effect', String(token))] });
            assert.equal(succeeded, token === holds, `token ${token}, held with ${holds}`);
          }
        }
        for (const [at, token] of tokens.entries()) {
          if (at > 0) assert.ok(token > tokens[at - 1]!, String(tokens));
        }
      }),
    );
  });
});
