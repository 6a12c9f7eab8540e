// Which objects there are: by kind in key order, by uid, by owner, by node. Holds text and keys, not parsed objects.

import sortedBtree from 'sorted-btree';
import type { KeyValue } from '../../consensus/index.ts';
import { controllerOf } from './meta.ts';
import type { KindName, ObjectTypes } from './kinds.ts';
import type { Stored } from './objects.ts';

/** One object of the store. */
export interface IndexEntry {
  readonly kind: KindName;
  readonly kv: KeyValue;
  readonly uid: string;
  /** The uid of its controlling owner; '' for none. */
  readonly ownerUid: string;
  /** The uids of its other owners. */
  readonly otherOwnerUids: readonly string[];
  /** The node a pod is bound to; '' for none. */
  readonly node: string;
}

export interface ObjectIndex {
  readonly get: (key: string) => IndexEntry | undefined;
  /** Entries with keys in [from, end), in key order. */
  readonly range: (from: string, end: string) => readonly IndexEntry[];
  readonly byUid: (uid: string) => IndexEntry | undefined;
  /** Whatever names this uid among its owners, in key order. */
  readonly byOwner: (uid: string) => readonly IndexEntry[];
  /** Pods, in key order. */
  readonly byNode: (node: string) => readonly IndexEntry[];
  readonly put: (entry: IndexEntry) => void;
  readonly delete: (key: string) => void;
  readonly keys: () => Iterable<string>;
}

/** Shared by all that have one owner or none. */
const NOBODY: readonly string[] = [];

/** What the index must know of an object. */
export function indexEntry(kv: KeyValue, kind: KindName, object: Stored<KindName>): IndexEntry {
  const spec = (object as ObjectTypes['Pod']).spec;
  const ownerUid = controllerOf(object)?.uid ?? '';
  const others = (object.metadata?.ownerReferences ?? []).filter(({ uid }) => uid !== ownerUid);
  return {
    kind,
    kv,
    uid: object.metadata?.uid ?? '',
    ownerUid,
    otherOwnerUids: others.length === 0 ? NOBODY : others.map(({ uid }) => uid),
    node: kind === 'Pod' ? (spec?.nodeName ?? '') : '',
  };
}

export function createObjectIndex(): ObjectIndex {
  const entries = new Map<string, IndexEntry>();
  const uids = new Map<string, IndexEntry>();
  const owners = new Map<string, Set<string>>();
  const nodes = new Map<string, Set<string>>();
  const sorted = new sortedBtree.default<string, undefined>(undefined, compareKeys);

  const inKeyOrder = (keys: ReadonlySet<string> | undefined): readonly IndexEntry[] =>
    keys === undefined ? [] : [...keys].sort().map((key) => entries.get(key)!);

  const remove = (key: string): void => {
    const entry = entries.get(key);
    if (entry === undefined) return;
    entries.delete(key);
    if (uids.get(entry.uid) === entry) uids.delete(entry.uid);
    for (const uid of [entry.ownerUid, ...entry.otherOwnerUids]) unlink(owners, uid, key);
    unlink(nodes, entry.node, key);
  };

  return {
    get: (key) => entries.get(key),
    range: (from, end) => {
      const found: IndexEntry[] = [];
      sorted.forRange(from, end, false, (key) => {
        found.push(entries.get(key)!);
      });
      return found;
    },
    byUid: (uid) => uids.get(uid),
    byOwner: (uid) => inKeyOrder(owners.get(uid)),
    byNode: (node) => inKeyOrder(nodes.get(node)),
    put: (entry) => {
      const { key } = entry.kv;
      if (entries.has(key)) remove(key);
      else sorted.set(key, undefined);
      entries.set(key, entry);
      if (entry.uid !== '') uids.set(entry.uid, entry);
      for (const uid of [entry.ownerUid, ...entry.otherOwnerUids]) link(owners, uid, key);
      link(nodes, entry.node, key);
    },
    delete: (key) => {
      if (!entries.has(key)) return;
      remove(key);
      sorted.delete(key);
    },
    keys: () => sorted.keys(),
  };
}

const compareKeys = (left: string, right: string): number =>
  left < right ? -1 : left > right ? 1 : 0;

function link(index: Map<string, Set<string>>, at: string, key: string): void {
  if (at === '') return;
  const keys = index.get(at);
  if (keys === undefined) index.set(at, new Set([key]));
  else keys.add(key);
}

function unlink(index: Map<string, Set<string>>, at: string, key: string): void {
  const keys = index.get(at);
  if (keys === undefined) return;
  keys.delete(key);
  if (keys.size === 0) index.delete(at);
}
