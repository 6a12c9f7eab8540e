// The store as a list of whole pasts: slow, and too simple to be wrong.

import type {
  Compare,
  KeyValue,
  Operation,
  OperationResult,
  Transaction,
  TransactionResult,
} from '../../../consensus/store/store.ts';

export interface NaiveStore {
  /** The state at each revision, from the first on. */
  readonly past: Map<string, KeyValue>[];
  readonly revision: () => number;
  readonly at: (revision: number) => KeyValue[];
  readonly transact: (transaction: Transaction) => TransactionResult;
  readonly removeAll: (keys: readonly string[]) => void;
}

export function createNaiveStore(): NaiveStore {
  // Revision 1 is the empty store.
  const past: Map<string, KeyValue>[] = [new Map(), new Map()];
  const revision = () => past.length - 1;
  const sorted = (state: Map<string, KeyValue>) =>
    [...state.values()].sort((a, b) => (a.key < b.key ? -1 : 1));

  const perform = (state: Map<string, KeyValue>, operation: Operation): OperationResult => {
    const next = revision() + 1;
    if (operation.type === 'put') {
      const { key, value, lease = 0 } = operation;
      const old = state.get(key);
      const createRevision = old?.createRevision ?? next;
      const version = (old?.version ?? 0) + 1;
      state.set(key, { key, value, createRevision, modRevision: next, version, lease });
      return { type: 'put' };
    }
    const end = operation.end ?? `${operation.key}\0`;
    const inside = sorted(state).filter(({ key }) => key >= operation.key && key < end);
    if (operation.type === 'delete') {
      for (const { key } of inside) state.delete(key);
      return { type: 'delete', deleted: inside.length };
    }
    const limit = operation.limit ?? Infinity;
    return { type: 'range', kvs: inside.slice(0, limit), more: inside.length > limit };
  };

  const holds = (state: Map<string, KeyValue>, compare: Compare): boolean => {
    const kv = state.get(compare.key);
    if (compare.target === 'value' && kv === undefined) return false;
    const actual = {
      create: kv?.createRevision ?? 0,
      mod: kv?.modRevision ?? 0,
      version: kv?.version ?? 0,
      lease: kv?.lease ?? 0,
      value: kv?.value ?? '',
    }[compare.target];
    const { is, to } = compare;
    if (is === '=') return actual === to;
    if (is === '!=') return actual !== to;
    return is === '<' ? actual < to : actual > to;
  };

  return {
    past,
    revision,
    at: (at) => sorted(past[at]!),
    transact: ({ compare, success, failure = [] }) => {
      const state = new Map(past.at(-1));
      const succeeded = compare.every((each) => holds(state, each));
      const responses = (succeeded ? success : failure).map((each) => perform(state, each));
      const wrote = responses.some(
        (each) => each.type === 'put' || (each.type === 'delete' && each.deleted > 0),
      );
      if (wrote) past.push(state);
      return { succeeded, revision: revision(), responses };
    },
    removeAll: (keys) => {
      const state = new Map(past.at(-1));
      const had = keys.filter((key) => state.delete(key));
      if (had.length > 0) past.push(state);
    },
  };
}
