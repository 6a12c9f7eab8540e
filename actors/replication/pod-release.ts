// Takes several pods out of the allocation record of their node, in the transaction that deletes them.

import type { StoreView, Transaction } from '../../consensus/index.ts';
import { allocationKey, readAllocation } from '../objects/allocation.ts';

/** What deleting these pods adds to the transaction; nothing when they hold nothing. */
export function releasePods(
  records: StoreView,
  node: string,
  uids: readonly string[],
): Pick<Transaction, 'compare' | 'success'> {
  const key = allocationKey(node);
  const record = records.get(key);
  const held = Object.entries(readAllocation(record));
  const kept = held.filter(([uid]) => !uids.includes(uid));
  if (record === undefined || kept.length === held.length) return { compare: [], success: [] };
  return {
    compare: [{ target: 'mod', key, is: '=', to: record.modRevision }],
    success: [
      kept.length === 0
        ? { type: 'delete', key }
        : { type: 'put', key, value: JSON.stringify(Object.fromEntries(kept)) },
    ],
  };
}
