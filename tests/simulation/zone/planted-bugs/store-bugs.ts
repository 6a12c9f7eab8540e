// A store that breaks its promise to its clients, whatever its replica does.

import type { TransactionResult } from '../../../../consensus/index.ts';
import { failed, ok, SkeinError } from '../../../../runtime/index.ts';
import type { PlantedBug } from './planted-bug.ts';

/** As long as a hasty client waits before it asks again as if it had never asked. */
const hastyMs = 25;
/** About a round trip: a leader that has the write, but nobody else. */
const hopMs = 3;
const longestLeaseMs = 1_500;

export const storeBugs: readonly PlantedBug[] = [
  {
    name: 'reads its own replica without a barrier',
    firstSeed: 1,
    flaw: {
      store: (store) => ({ ...store, barrier: () => Promise.resolve(ok(store.view.revision())) }),
    },
  },
  {
    name: 'acknowledges a write when it was handed over, not when it was applied',
    firstSeed: 1,
    flaw: {
      store: (store, zone) => ({
        ...store,
        transact: (transaction, options) => {
          const written = store.transact(transaction, options);
          // Whether a comparison holds cannot be told before.
          if (transaction.compare.length > 0) return written;
          const revision = store.view.revision() + 1;
          const early: TransactionResult = { succeeded: true, revision, responses: [] };
          return new Promise((settle) => zone.simulation.schedule(hopMs, () => settle(ok(early))));
        },
      }),
    },
  },
  {
    name: 'asks again under a new number, so that one write is applied twice',
    firstSeed: 1,
    flaw: {
      store: (store) => ({
        ...store,
        transact: async (transaction, options) => {
          const first = await store.transact(transaction, { ...options, deadlineMs: hastyMs });
          const isUnknown = !first.ok && first.error.code === 'timeout';
          return isUnknown ? store.transact(transaction, options) : first;
        },
      }),
    },
  },
  {
    name: 'says that nothing was written when it does not know',
    firstSeed: 1,
    flaw: {
      store: (store) => ({
        ...store,
        transact: async (transaction, options) => {
          const written = await store.transact(transaction, options);
          if (written.ok || written.error.code !== 'timeout') return written;
          return failed(new SkeinError('unavailable', 'nothing was written'));
        },
      }),
    },
  },
  {
    name: 'confirms a lease that nobody renewed',
    firstSeed: 1,
    flaw: {
      store: (store) => ({
        ...store,
        keepLease: (id) => Promise.resolve(ok({ id, ttlMs: longestLeaseMs })),
      }),
    },
  },
];
