// Reading and conditionally writing a node's allocation record: the only thing that says what is promised there.

import type { KeyValue, StoreView, Transaction } from '../../consensus/index.ts';
import type { NodeAllocation } from '../objects/allocation.ts';
import { allocationKey } from '../objects/allocation.ts';

/** A record as it was read; a node that was promised nothing has none, of revision 0. */
export interface AllocationRecord {
  readonly node: string;
  readonly modRevision: number;
  readonly pods: NodeAllocation;
}

export const parseRecord = (node: string, kv: KeyValue | undefined): AllocationRecord => ({
  node,
  modRevision: kv?.modRevision ?? 0,
  pods: kv === undefined ? {} : (JSON.parse(kv.value) as NodeAllocation),
});

export const readRecord = (view: StoreView, node: string): AllocationRecord =>
  parseRecord(node, view.get(allocationKey(node)));

/** Replaces the record, provided that nobody else has since it was read. */
export function recordChange(
  record: AllocationRecord,
  pods: NodeAllocation,
): Pick<Transaction, 'compare' | 'success'> {
  const key = allocationKey(record.node);
  return {
    compare: [{ target: 'mod', key, is: '=', to: record.modRevision }],
    success: [{ type: 'put', key, value: JSON.stringify(pods) }],
  };
}

/** Takes what these pods hold out of the record; no operation when they hold nothing. */
export function releaseChange(
  record: AllocationRecord,
  uids: readonly string[],
): Pick<Transaction, 'compare' | 'success'> {
  const going = new Set(uids);
  const kept = Object.entries(record.pods).filter(([uid]) => !going.has(uid));
  if (kept.length === Object.keys(record.pods).length) return { compare: [], success: [] };
  return recordChange(record, Object.fromEntries(kept));
}
