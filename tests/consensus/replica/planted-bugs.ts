// Stores that break their promise in ways a real one might: each must be found by the histories of its clients.

import type { Store, TransactionResult } from '../../../consensus/index.ts';
import { failed, ok, SkeinError } from '../../../runtime/index.ts';
import type { SimulatedZone } from './zone.ts';

export interface PlantedBug {
  readonly name: string;
  readonly wrap: (store: Store, zone: SimulatedZone) => Store;
}

/** As long as a hasty client waits before it asks again as if it had never asked. */
const hastyMs = 25;
/** About a round trip: a leader that has the write, but nobody else. */
const hopMs = 3;

export const plantedBugs: readonly PlantedBug[] = [
  {
    name: 'reads its own replica without a barrier',
    wrap: (store) => ({ ...store, barrier: () => Promise.resolve(ok(store.view.revision())) }),
  },
  {
    name: 'lets a leader answer reads that no quorum confirmed',
    wrap: (store) => ({
      ...store,
      barrier: (deadlineMs) =>
        store.status().role === 'leader'
          ? Promise.resolve(ok(store.view.revision()))
          : store.barrier(deadlineMs),
    }),
  },
  {
    name: 'acknowledges a write when it was handed over, not when it was applied',
    wrap: (store, zone) => ({
      ...store,
      transact: (transaction, options) => {
        const written = store.transact(transaction, options);
        // Whether a comparison holds cannot be told before.
        if (transaction.compare.length > 0) return written;
        const early: TransactionResult = { succeeded: true, revision: 0, responses: [] };
        return new Promise((resolve) => zone.simulation.schedule(hopMs, () => resolve(ok(early))));
      },
    }),
  },
  {
    name: 'asks again under a new number, so that one write is applied twice',
    wrap: (store) => ({
      ...store,
      transact: async (transaction, options) => {
        const first = await store.transact(transaction, { ...options, deadlineMs: hastyMs });
        const isUnknown = !first.ok && first.error.code === 'timeout';
        return isUnknown ? store.transact(transaction, options) : first;
      },
    }),
  },
  {
    name: 'says that nothing was written when it does not know',
    wrap: (store) => ({
      ...store,
      transact: async (transaction, options) => {
        const written = await store.transact(transaction, options);
        if (written.ok || written.error.code !== 'timeout') return written;
        return failed(new SkeinError('unavailable', 'nothing was written'));
      },
    }),
  },
];
