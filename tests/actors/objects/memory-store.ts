// The whole Store port in memory, for tests: no log and no peers, the same answers.

import { failed, ok, SkeinError } from '../../../runtime/index.ts';
import type { Result } from '../../../runtime/index.ts';
import type {
  Compare,
  KeyValue,
  Operation,
  OperationResult,
  RangeOptions,
  RangeResult,
  Store,
  StoreStatus,
  StoreView,
  Transaction,
  TransactionResult,
  Watcher,
  WatchEvent,
} from '../../../consensus/index.ts';

/** A store and the hands that make it misbehave. */
export interface MemoryStore extends Store {
  /** Applies at once, as if another peer had written; throws what `transact` would fail with. */
  readonly apply: (transaction: Transaction) => TransactionResult;
  /** Forgets revisions below `revision`: older reads and watches are `compacted`. */
  readonly compact: (revision: number) => void;
  /** Tells every watch how far it is, as a replica does once a second where nothing else was told. */
  readonly tellProgress: () => void;
  /** Like a replica that got a snapshot: applies these unseen by watchers, then ends them as compacted. */
  readonly jump: (transactions: readonly Transaction[]) => void;
  /** Ends all watchers as `stopped`; later writes are `unavailable`. */
  readonly stop: () => void;
  /** The lease has run out: deletes its keys. */
  readonly expireLease: (id: number) => void;
  readonly setStatus: (change: Partial<StoreStatus>) => void;
  /** The next `transact` fails with this and does nothing (or, with `applied`, is done all the same). */
  readonly failNext: (error: SkeinError, applied?: boolean) => void;
  /** Until `release` is called, transactions wait unapplied, in order. */
  readonly hold: () => { readonly release: () => void };
  /** Transactions that were proposed, oldest first. */
  readonly proposed: readonly Transaction[];
}

interface LiveWatch {
  readonly from: string;
  readonly end: string;
  readonly watcher: Watcher;
  /** Revisions up to here were delivered. */
  seen: number;
  open: boolean;
}

interface AppliedRevision {
  readonly revision: number;
  readonly events: readonly WatchEvent[];
}

export function createMemoryStore(): MemoryStore {
  /** Every version of a key, oldest first; a deletion is a version with `version` 0. */
  const versions = new Map<string, KeyValue[]>();
  const sortedKeys: string[] = [];
  const history: AppliedRevision[] = [];
  const undelivered: AppliedRevision[] = [];
  const watches = new Set<LiveWatch>();
  const leases = new Map<number, number>();
  const statusListeners = new Set<(status: StoreStatus) => void>();
  const proposed: Transaction[] = [];
  let held: (() => void)[] | undefined;
  let next: { error: SkeinError; applied: boolean } | undefined;
  let revision = 0;
  let compacted = 0;
  let nextLease = 1;
  let stopped = false;
  let status: Omit<StoreStatus, 'revision' | 'appliedIndex'> = {
    role: 'leader',
    term: 1,
    leader: 'memory',
    voters: ['memory'],
    learners: [],
    witnesses: [],
    staleMs: 0,
  };

  const currentStatus = (): StoreStatus => ({ ...status, revision, appliedIndex: revision });

  const newest = (key: string): KeyValue | undefined => {
    const last = versions.get(key)?.at(-1);
    return last === undefined || last.version === 0 ? undefined : last;
  };

  const at = (key: string, when: number): KeyValue | undefined => {
    const found = versions.get(key)?.findLast((kv) => kv.modRevision <= when);
    return found === undefined || found.version === 0 ? undefined : found;
  };

  const range = (from: string, end: string, options: RangeOptions = {}): RangeResult => {
    const when = options.revision ?? revision;
    if (when < compacted) throw compactedError(when, compacted);
    const limit = options.limit ?? Infinity;
    const kvs: KeyValue[] = [];
    for (let i = firstAtLeast(sortedKeys, from); i < sortedKeys.length; i++) {
      const key = sortedKeys[i]!;
      if (key >= end) break;
      const kv = at(key, when);
      if (kv === undefined) continue;
      if (kvs.length === limit) return { kvs, more: true, revision: when };
      kvs.push(kv);
    }
    return { kvs, more: false, revision: when };
  };

  const record = (kv: KeyValue): void => {
    const known = versions.get(kv.key);
    if (known !== undefined) {
      known.push(kv);
      return;
    }
    versions.set(kv.key, [kv]);
    sortedKeys.splice(firstAtLeast(sortedKeys, kv.key), 0, kv.key);
  };

  const put = (operation: Operation & { type: 'put' }, writing: number): WatchEvent => {
    const previous = newest(operation.key);
    const lease = operation.lease ?? 0;
    if (lease !== 0 && !leases.has(lease)) throw noLease(lease);
    const kv: KeyValue = {
      key: operation.key,
      value: operation.value,
      createRevision: previous?.createRevision ?? writing,
      modRevision: writing,
      version: (previous?.version ?? 0) + 1,
      lease,
    };
    record(kv);
    return previous === undefined ? { type: 'put', kv } : { type: 'put', kv, previous };
  };

  const remove = (previous: KeyValue, writing: number): WatchEvent => {
    const tombstone = {
      key: previous.key,
      value: '',
      createRevision: 0,
      modRevision: writing,
      version: 0,
      lease: 0,
    };
    record(tombstone);
    return { type: 'delete', kv: tombstone, previous };
  };

  const keysOf = (key: string, end: string | undefined): readonly KeyValue[] => {
    if (end !== undefined) return range(key, end, { revision: Infinity }).kvs;
    const kv = newest(key);
    return kv === undefined ? [] : [kv];
  };

  const applyOperation = (
    operation: Operation,
    writing: number,
    events: WatchEvent[],
  ): OperationResult => {
    if (operation.type === 'put') {
      events.push(put(operation, writing));
      return { type: 'put' };
    }
    if (operation.type === 'delete') {
      const doomed = keysOf(operation.key, operation.end);
      for (const kv of doomed) events.push(remove(kv, writing));
      return { type: 'delete', deleted: doomed.length };
    }
    const kvs = keysOf(operation.key, operation.end);
    const limit = operation.limit ?? kvs.length;
    return { type: 'range', kvs: kvs.slice(0, limit), more: kvs.length > limit };
  };

  const deliver = (watch: LiveWatch, applied: AppliedRevision): void => {
    if (!watch.open || applied.revision <= watch.seen) return;
    watch.seen = applied.revision;
    const events = applied.events.filter(({ kv }) => kv.key >= watch.from && kv.key < watch.end);
    if (events.length > 0) watch.watcher.events(applied.revision, events);
  };

  /** A watcher that writes makes the next revision wait until all have seen this one. */
  const deliverAll = (applied: AppliedRevision): void => {
    undelivered.push(applied);
    if (undelivered.length > 1) return;
    while (undelivered.length > 0) {
      for (const watch of watches) deliver(watch, undelivered[0]!);
      undelivered.shift();
    }
  };

  const endAll = (reason: 'compacted' | 'stopped'): void => {
    const ending = [...watches];
    watches.clear();
    for (const watch of ending) {
      if (!watch.open) continue;
      watch.open = false;
      watch.watcher.ended(reason);
    }
  };

  const commit = (transaction: Transaction, silently = false): TransactionResult => {
    const succeeded = transaction.compare.every((compare) => holds(compare, newest(compare.key)));
    const operations = succeeded ? transaction.success : (transaction.failure ?? []);
    refuseDoublePuts(operations);
    for (const operation of operations) {
      const lease = operation.type === 'put' ? (operation.lease ?? 0) : 0;
      if (lease !== 0 && !leases.has(lease)) throw noLease(lease);
    }
    const events: WatchEvent[] = [];
    const writing = revision + 1;
    const responses = operations.map((operation) => applyOperation(operation, writing, events));
    if (events.length > 0) {
      revision++;
      const applied = { revision, events };
      history.push(applied);
      if (!silently) deliverAll(applied);
    }
    return { succeeded, revision: events.length > 0 ? writing : revision, responses };
  };

  const transact = async (transaction: Transaction): Promise<Result<TransactionResult>> => {
    proposed.push(transaction);
    await Promise.resolve();
    if (held !== undefined) {
      const queue = held;
      await new Promise<void>((resolve) => queue.push(resolve));
    }
    if (stopped) return failed(new SkeinError('unavailable', 'the store has stopped'));
    const fault = next;
    next = undefined;
    if (fault !== undefined && !fault.applied) return failed(fault.error);
    try {
      const result = commit(transaction);
      return fault === undefined ? ok(result) : failed(fault.error);
    } catch (error) {
      if (error instanceof SkeinError) return failed(error);
      throw error;
    }
  };

  const endLease = (id: number): void => {
    leases.delete(id);
    const doomed = [...versions.keys()].filter((key) => newest(key)?.lease === id);
    if (doomed.length === 0) return;
    commit({ compare: [], success: doomed.map((key) => ({ type: 'delete', key })) });
  };

  const watch: Store['watch'] = (from, end, after, watcher) => {
    const live: LiveWatch = { from, end, watcher, seen: after, open: true };
    if (stopped || after < compacted) {
      live.open = false;
      watcher.ended(stopped ? 'stopped' : 'compacted');
      return () => undefined;
    }
    watches.add(live);
    for (const applied of history) deliver(live, applied);
    return () => {
      live.open = false;
      watches.delete(live);
    };
  };

  const view: StoreView = {
    revision: () => revision,
    get: newest,
    range,
    count: (from, end, at = revision) => range(from, end, { revision: at }).kvs.length,
  };

  return {
    proposed,
    view,
    transact,
    apply: (transaction) => commit(transaction),
    barrier: async () =>
      stopped ? failed(new SkeinError('unavailable', 'the store has stopped')) : ok(revision),
    local: (maxAgeMs) =>
      status.staleMs <= maxAgeMs
        ? ok({ view, ageMs: status.staleMs })
        : failed(new SkeinError('unavailable', `the view is ${status.staleMs} ms old`)),
    watch,
    grantLease: async (ttlMs) => {
      const id = nextLease++;
      leases.set(id, ttlMs);
      return ok({ id, ttlMs });
    },
    keepLease: async (id) => {
      const ttlMs = leases.get(id);
      return ttlMs === undefined ? failed(noLease(id)) : ok({ id, ttlMs });
    },
    revokeLease: async (id) => {
      if (!leases.has(id)) return failed(noLease(id));
      endLease(id);
      return ok(undefined);
    },
    expireLease: endLease,
    status: currentStatus,
    onStatus: (changed) => {
      statusListeners.add(changed);
      return () => statusListeners.delete(changed);
    },
    setStatus: (change) => {
      const { revision: _revision, appliedIndex: _index, ...rest } = change;
      status = { ...status, ...rest };
      for (const changed of statusListeners) changed(currentStatus());
    },
    compact: (below) => {
      compacted = Math.min(below, revision);
      while (history.length > 0 && history[0]!.revision <= compacted) history.shift();
    },
    tellProgress: () => {
      for (const { seen, watcher } of watches) if (seen === revision) watcher.progress?.(revision);
    },
    jump: (transactions) => {
      for (const transaction of transactions) commit(transaction, true);
      compacted = revision;
      history.length = 0;
      endAll('compacted');
    },
    stop: () => {
      stopped = true;
      endAll('stopped');
    },
    failNext: (error, applied = false) => {
      next = { error, applied };
    },
    hold: () => {
      const queue: (() => void)[] = [];
      held = queue;
      return {
        release: () => {
          held = undefined;
          for (const resume of queue.splice(0)) resume();
        },
      };
    },
  };
}

function holds(compare: Compare, kv: KeyValue | undefined): boolean {
  if (compare.target === 'value') {
    return kv !== undefined && related(kv.value, compare.is, compare.to);
  }
  const actual = {
    create: kv?.createRevision ?? 0,
    mod: kv?.modRevision ?? 0,
    version: kv?.version ?? 0,
    lease: kv?.lease ?? 0,
  }[compare.target];
  return related(actual, compare.is, compare.to);
}

function related<T extends string | number>(left: T, is: Compare['is'], right: T): boolean {
  switch (is) {
    case '=':
      return left === right;
    case '!=':
      return left !== right;
    case '<':
      return left < right;
    case '>':
      return left > right;
    default:
      throw new Error(`unknown comparison ${String(is)}`);
  }
}

/** As etcd: one transaction may not put a key twice. */
function refuseDoublePuts(operations: readonly Operation[]): void {
  const keys = new Set<string>();
  for (const operation of operations) {
    if (operation.type !== 'put') continue;
    if (keys.has(operation.key)) {
      throw new SkeinError('invalid', `a transaction puts ${operation.key} twice`);
    }
    keys.add(operation.key);
  }
}

function firstAtLeast(sorted: readonly string[], key: string): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (sorted[middle]! < key) low = middle + 1;
    else high = middle;
  }
  return low;
}

const noLease = (id: number): SkeinError =>
  new SkeinError('not-found', `lease ${id} does not exist or has ended`);

const compactedError = (asked: number, oldest: number): SkeinError =>
  new SkeinError('compacted', `revision ${asked} is compacted; the oldest kept is ${oldest}`);
