// Keys in order, each with the versions that are still kept: what the store looked like at any of these revisions.

import sorted from 'sorted-btree';

import { SkeinError } from '../../runtime/index.ts';
import type { KeptHistory } from './compaction.ts';
import type { KeyValue, RangeOptions, RangeResult, Revision, WatchEvent } from './store.ts';
import { createWeights } from './weights.ts';

const BTree = sorted.default;

/**
 * The versions of one key, oldest first, the newest apart because most keys have only that.
 * A version of 0 is a deletion. Only `put` and `remove` change it in place, by adding; whoever forgets
 * versions puts a new one in its place, so that a clone of the tree keeps what it had.
 */
interface History {
  newest: KeyValue;
  older: KeyValue[] | undefined;
}

/** All events of one revision, in the order of the transaction. */
export interface Change {
  readonly revision: Revision;
  readonly events: readonly WatchEvent[];
}

/** What a store holds at one moment; stays the same while the store goes on. */
export interface KeyspaceImage {
  readonly compacted: Revision;
  readonly revision: Revision;
  /** What was alive at the compacted revision, in key order. */
  readonly base: () => Iterable<KeyValue>;
  /** Everything since. */
  readonly changes: readonly Change[];
}

export interface Keyspace {
  readonly revision: () => Revision;
  readonly compacted: () => Revision;
  /** While a snapshot is read, before any write: a key that was alive at the compacted revision. */
  readonly load: (kv: KeyValue) => void;
  readonly get: (key: string) => KeyValue | undefined;
  readonly range: (from: string, end: string, options?: RangeOptions) => RangeResult;
  readonly count: (from: string, end: string, revision?: Revision) => number;
  /** The changes after `revision`, which must not be older than the compacted one. */
  readonly changesAfter: (revision: Revision) => Change[];
  /** Writes of one transaction: visible at once, at one new revision, which exists only if anything was written. */
  readonly write: (transaction: (writer: KeyspaceWriter) => void) => Change | undefined;
  /** Forgets what only revisions before this one can see. */
  readonly compact: (revision: Revision) => void;
  readonly image: () => KeyspaceImage;
  /** What the newest versions take, as `weights.ts` counts. */
  readonly liveBytes: () => number;
  /** What is kept of the past. */
  readonly history: () => KeptHistory;
}

export interface KeyspaceWriter {
  readonly put: (key: string, value: string, lease: number) => void;
  /** Whether the key was there. */
  readonly remove: (key: string) => boolean;
  /** Sees what the transaction has written so far. */
  readonly range: (from: string, end: string, limit?: number) => RangeResult;
}

/** An empty store is at this revision, as etcd's is: 0 stays free to mean "none". */
export const firstRevision: Revision = 1;

const byCodeUnits = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

type Tree = InstanceType<typeof BTree<string, History>>;

/** Every key that has a version: by name, and in order. */
interface Index {
  readonly histories: Map<string, History>;
  readonly tree: Tree;
}

/** Empty, as of a revision. */
export function createKeyspace(start: Revision): Keyspace {
  const tree = new BTree<string, History>(undefined, byCodeUnits, 128);
  const index: Index = { histories: new Map(), tree };
  let revision = start;
  let compacted = start;
  let changes: Change[] = [];
  const weights = createWeights();

  /** Every revision after the compacted one has a change, so its place follows from its number. */
  const changesAfter = (after: Revision) => changes.slice(Math.max(0, after - compacted));

  return {
    revision: () => revision,
    compacted: () => compacted,
    load: (kv) => {
      install(index, kv.key, { newest: kv, older: undefined });
      weights.held(kv);
    },
    get: (key) => aliveNow(index.histories.get(key)),
    range: (from, end, options = {}) =>
      readRange(tree, { from, end, options, revision, compacted }),
    count: (from, end, at) => {
      const options = at === undefined ? {} : { revision: at };
      let count = 0;
      visitRange(tree, { from, end, options, revision, compacted }, () => void (count += 1));
      return count;
    },
    changesAfter,
    write: (transaction) => {
      const events: WatchEvent[] = [];
      transaction(createWriter(index, { events, revision: revision + 1, compacted }));
      if (events.length === 0) return undefined;
      revision += 1;
      const change = { revision, events };
      changes.push(change);
      weights.wrote(events);
      return change;
    },
    compact: (limit) => {
      const forgotten = changes.slice(0, limit - compacted);
      changes = changesAfter(limit);
      compacted = limit;
      weights.forgot(forgotten.length);
      const touched = new Set<string>();
      for (const { events } of forgotten) for (const { kv } of events) touched.add(kv.key);
      for (const key of touched) forgetVersions(index, key, limit);
    },
    image: () => {
      const clone = tree.clone();
      const at = compacted;
      return { compacted, revision, changes: [...changes], base: () => aliveAt(clone, at) };
    },
    liveBytes: weights.liveBytes,
    history: () => ({
      compacted,
      newest: revision,
      bytes: weights.historyBytes(),
      oldestBytes: weights.oldestBytes,
    }),
  };
}

function install({ histories, tree }: Index, key: string, history: History): void {
  histories.set(key, history);
  tree.set(key, history);
}

function addVersion(index: Index, history: History | undefined, kv: KeyValue): void {
  if (history === undefined) return install(index, kv.key, { newest: kv, older: undefined });
  if (history.older === undefined) history.older = [history.newest];
  else history.older.push(history.newest);
  history.newest = kv;
}

/** Validation sees to it that a transaction touches a key once, so a revision has one version of it. */
function createWriter(
  index: Index,
  into: { events: WatchEvent[]; revision: Revision; compacted: Revision },
): KeyspaceWriter {
  const { events, revision, compacted } = into;
  return {
    put: (key, value, lease) => {
      const history = index.histories.get(key);
      const previous = aliveNow(history);
      const createRevision = previous?.createRevision ?? revision;
      const version = (previous?.version ?? 0) + 1;
      // The same text as before, so that each key is kept once.
      const name = history?.newest.key ?? key;
      const kv = { key: name, value, createRevision, modRevision: revision, version, lease };
      addVersion(index, history, kv);
      events.push(previous === undefined ? { type: 'put', kv } : { type: 'put', kv, previous });
    },
    remove: (key) => {
      const history = index.histories.get(key);
      const previous = aliveNow(history);
      if (previous === undefined) return false;
      const gone = { value: '', createRevision: 0, modRevision: revision, version: 0, lease: 0 };
      const kv = { key, ...gone };
      addVersion(index, history, kv);
      events.push({ type: 'delete', kv, previous });
      return true;
    },
    range: (from, end, limit = 0) =>
      readRange(index.tree, { from, end, options: { limit }, revision, compacted }),
  };
}

/** Keeps of one key the version that `limit` sees and all after it. */
function forgetVersions(index: Index, key: string, limit: Revision): void {
  const history = index.histories.get(key);
  if (history === undefined) return;
  const { newest, older = [] } = history;
  if (newest.modRevision <= limit) {
    if (newest.version === 0) {
      index.histories.delete(key);
      index.tree.delete(key);
    } else if (older.length > 0) {
      install(index, key, { newest, older: undefined });
    }
    return;
  }
  let first = older.length - 1;
  while (first > 0 && older[first]!.modRevision > limit) first -= 1;
  const seen = older[first];
  if (seen?.version === 0 && seen.modRevision <= limit) first += 1;
  if (first <= 0) return;
  install(index, key, { newest, older: first === older.length ? undefined : older.slice(first) });
}

function aliveNow(history: History | undefined): KeyValue | undefined {
  return history === undefined || history.newest.version === 0 ? undefined : history.newest;
}

function* aliveAt(tree: Tree, at: Revision): Generator<KeyValue> {
  for (const history of tree.values()) {
    const kv = seenAt(history, at);
    if (kv !== undefined) yield kv;
  }
}

/** The key as it was at a revision; undefined when it was not there. */
function seenAt(history: History, at: Revision): KeyValue | undefined {
  const { newest, older } = history;
  if (newest.modRevision <= at) return newest.version === 0 ? undefined : newest;
  if (older === undefined) return undefined;
  let low = 0;
  let high = older.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (older[middle]!.modRevision <= at) low = middle + 1;
    else high = middle;
  }
  const seen = older[low - 1];
  return seen === undefined || seen.version === 0 ? undefined : seen;
}

interface RangeQuestion {
  readonly from: string;
  readonly end: string;
  readonly options: RangeOptions;
  readonly revision: Revision;
  readonly compacted: Revision;
}

function readRange(tree: Tree, question: RangeQuestion): RangeResult {
  const limit = question.options.limit ?? 0;
  const kvs: KeyValue[] = [];
  let more = false;
  const revision = visitRange(tree, question, (kv) => {
    more = limit > 0 && kvs.length === limit;
    if (!more) kvs.push(kv);
    return more;
  });
  return { kvs, more, revision };
}

/** Calls `visit` for each key that was there until it answers true; returns the revision that was read. */
function visitRange(
  tree: Tree,
  { from, end, options, revision, compacted }: RangeQuestion,
  visit: (kv: KeyValue) => boolean | void,
): Revision {
  const at = options.revision ?? revision;
  if (at < compacted) throw compactedError(at, compacted);
  if (at > revision) {
    throw new SkeinError('invalid', `revision ${at} is not here yet, the newest is ${revision}`, {
      revision: at,
      newest: revision,
    });
  }
  if (options.reverse === true) {
    for (const [key, history] of tree.entriesReversed(end, undefined, true)) {
      if (key < from) break;
      const kv = seenAt(history, at);
      if (kv !== undefined && visit(kv) === true) break;
    }
    return at;
  }
  tree.forRange(from, end, false, (_key, history) => {
    const kv = seenAt(history, at);
    return kv !== undefined && visit(kv) === true ? { break: true } : undefined;
  });
  return at;
}

/** The revision asked for is older than what is kept. */
export function compactedError(revision: Revision, compacted: Revision): SkeinError {
  return new SkeinError(
    'compacted',
    `revision ${revision} is no longer kept, the oldest is ${compacted}: read again from the newest`,
    { revision, compacted },
  );
}
