// Compare, then, else: etcd's transaction over the keyspace.

import { SkeinError, unreachable } from '../../runtime/index.ts';
import type { Change, Keyspace, KeyspaceWriter } from './keyspace.ts';
import { refusalForCapacity } from './capacity.ts';
import type {
  Compare,
  KeyValue,
  Operation,
  OperationResult,
  Transaction,
  TransactionResult,
} from './store.ts';

/** Of one list of a transaction: comparisons, success or failure. etcd's default. */
export const maxOperations = 128;
/** UTF-16 code units of a key. */
export const maxKeyLength = 4_096;
/** Keys that one `range` of a transaction answers; above it `more` is true. */
export const maxTransactionRange = 10_000;

/** What is wrong with a transaction whatever the store holds; undefined when nothing is. */
export function refusalOf(transaction: Transaction): SkeinError | undefined {
  const { compare, success, failure = [] } = transaction;
  const longest = Math.max(compare.length, success.length, failure.length);
  if (longest > maxOperations) {
    return new SkeinError(
      'too-large',
      `a transaction with ${longest} operations in one list is over the limit of ${maxOperations}: split it`,
      { operations: longest, limit: maxOperations },
    );
  }
  return (
    badKeyOf(compare) ??
    badKeyOf(success) ??
    badKeyOf(failure) ??
    overlapOf(success) ??
    overlapOf(failure)
  );
}

function badKeyOf(parts: readonly { readonly key: string }[]): SkeinError | undefined {
  for (const { key } of parts) {
    if (key !== '' && key.length <= maxKeyLength) continue;
    return new SkeinError(
      'invalid',
      `a key has 1 to ${maxKeyLength} characters, this one has ${key.length}`,
      { length: key.length, limit: maxKeyLength },
    );
  }
  return undefined;
}

/** A key may be written once: else the order inside a revision would matter to whoever watches. */
function overlapOf(operations: readonly Operation[]): SkeinError | undefined {
  if (operations.length < 2) return undefined;
  const puts = new Set<string>();
  for (const operation of operations) {
    if (operation.type !== 'put') continue;
    if (puts.has(operation.key)) return writtenTwice(operation.key);
    puts.add(operation.key);
  }
  for (const operation of operations) {
    if (operation.type !== 'delete') continue;
    for (const key of puts) {
      if (covers(operation, key)) return writtenTwice(key);
    }
  }
  return undefined;
}

function covers(range: { readonly key: string; readonly end?: string }, key: string): boolean {
  return range.end === undefined ? key === range.key : key >= range.key && key < range.end;
}

function writtenTwice(key: string): SkeinError {
  return new SkeinError(
    'invalid',
    `key ${key} is written twice in one transaction: keep one of the writes`,
    { key },
  );
}

/** What a transaction is held to beside its own shape. */
export interface TransactionRules {
  readonly hasLease: (id: number) => boolean;
  /** Of the store; see `capacity.ts`. */
  readonly limitBytes: number;
}

/** Whether it would write if its comparisons came out right. */
export function canWrite({ success, failure = [] }: Transaction): boolean {
  const writes = ({ type }: Operation): boolean => type !== 'range';
  return success.some(writes) || failure.some(writes);
}

/** All of a transaction or nothing of it. `hasLease` says whether a lease exists; errors: invalid, too-large, not-found. */
export function performTransaction(
  keyspace: Keyspace,
  transaction: Transaction,
  { hasLease, limitBytes }: TransactionRules,
): SkeinError | { readonly result: TransactionResult; readonly change: Change | undefined } {
  const refusal = refusalOf(transaction);
  if (refusal !== undefined) return refusal;
  const succeeded = transaction.compare.every((compare) => holds(compare, keyspace));
  const operations = succeeded ? transaction.success : (transaction.failure ?? []);
  for (const operation of operations) {
    const lease = operation.type === 'put' ? (operation.lease ?? 0) : 0;
    if (lease !== 0 && !hasLease(lease)) return leaseNotFound(lease);
  }
  const isFull = refusalForCapacity(keyspace, operations, limitBytes);
  if (isFull !== undefined) return isFull;
  const responses: OperationResult[] = [];
  const change = keyspace.write((writer) => {
    for (const operation of operations) responses.push(perform(operation, writer));
  });
  return { result: { succeeded, revision: keyspace.revision(), responses }, change };
}

export function leaseNotFound(id: number): SkeinError {
  return new SkeinError('not-found', `lease ${id} has ended or never was: grant a new one`, { id });
}

function perform(operation: Operation, writer: KeyspaceWriter): OperationResult {
  switch (operation.type) {
    case 'put':
      writer.put(operation.key, operation.value, operation.lease ?? 0);
      return { type: 'put' };
    case 'delete': {
      if (operation.end === undefined) {
        return { type: 'delete', deleted: writer.remove(operation.key) ? 1 : 0 };
      }
      const { kvs } = writer.range(operation.key, operation.end);
      for (const kv of kvs) writer.remove(kv.key);
      return { type: 'delete', deleted: kvs.length };
    }
    case 'range': {
      const { key, end = `${key}\0`, limit = 0 } = operation;
      const most = limit > 0 ? Math.min(limit, maxTransactionRange) : maxTransactionRange;
      const { kvs, more } = writer.range(key, end, most);
      return { type: 'range', kvs, more };
    }
    default:
      return unreachable(operation);
  }
}

function holds(compare: Compare, keyspace: Keyspace): boolean {
  if (compare.end === undefined) return holdsFor(compare, keyspace.get(compare.key));
  const { kvs } = keyspace.range(compare.key, compare.end);
  return kvs.length === 0 ? holdsFor(compare, undefined) : kvs.every((kv) => holdsFor(compare, kv));
}

function holdsFor(compare: Compare, kv: KeyValue | undefined): boolean {
  if (compare.target === 'value') {
    return kv !== undefined && relates(kv.value, compare.is, compare.to);
  }
  return relates(numberOf(kv, compare.target), compare.is, compare.to);
}

function numberOf(
  kv: KeyValue | undefined,
  target: 'create' | 'mod' | 'version' | 'lease',
): number {
  switch (target) {
    case 'create':
      return kv?.createRevision ?? 0;
    case 'mod':
      return kv?.modRevision ?? 0;
    case 'version':
      return kv?.version ?? 0;
    case 'lease':
      return kv?.lease ?? 0;
    default:
      return unreachable(target);
  }
}

function relates<T extends number | string>(a: T, is: Compare['is'], b: T): boolean {
  switch (is) {
    case '=':
      return a === b;
    case '!=':
      return a !== b;
    case '<':
      return a < b;
    case '>':
      return a > b;
    default:
      return unreachable(is);
  }
}
