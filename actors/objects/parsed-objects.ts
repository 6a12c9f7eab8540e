// The objects of the replica in their places: text, indexes, and a bounded number of them parsed.

import { prefixEnd } from '../../consensus/index.ts';
import type { KeyValue } from '../../consensus/index.ts';
import type { KindName } from './kinds.ts';
import { createObjectCache } from './object-cache.ts';
import { decodeObject, parseObject } from './object-codec.ts';
import { createObjectIndex, indexEntry } from './object-index.ts';
import type { IndexEntry } from './object-index.ts';
import { parseStoreKey, storeKey, storePrefix } from './object-keys.ts';
import type { ObjectChange, ObjectView, Stored } from './objects.ts';

export interface ParsedObjects {
  readonly reads: Omit<ObjectView, 'revision' | 'watch'>;
  /** Takes in a key as it is now; `exists` false: it is gone. Undefined for what is no object. */
  readonly absorb: (kv: KeyValue, exists: boolean) => ObjectChange | undefined;
  /** The same without saying what changed, so that nothing is kept parsed. */
  readonly absorbQuietly: (kv: KeyValue, exists: boolean) => void;
  /** The text of a key as it was taken in. */
  readonly known: (key: string) => KeyValue | undefined;
  readonly keys: () => Iterable<string>;
}

export function createParsedObjects(): ParsedObjects {
  const index = createObjectIndex();
  const cache = createObjectCache();

  const parsed = <K extends KindName>(kv: KeyValue): Stored<K> => {
    const held = cache.get(kv.key, kv.modRevision);
    if (held !== undefined) return held as Stored<K>;
    const object = decodeObject(kv);
    cache.set(kv.key, kv.modRevision, object);
    return object as Stored<K>;
  };
  const objectOf = <K extends KindName>({ kv }: IndexEntry): Stored<K> => parsed(kv);

  const absorb = (kv: KeyValue, exists: boolean): ObjectChange | undefined => {
    const key = parseStoreKey(kv.key);
    if (key === undefined) return undefined;
    const old = index.get(kv.key);
    const previous = old === undefined ? undefined : objectOf(old);
    if (!exists) {
      index.delete(kv.key);
      cache.delete(kv.key);
      return previous && { kind: key.kind, key, object: undefined, previous };
    }
    const object = decodeObject(kv);
    index.put(indexEntry(kv, key.kind, object));
    cache.set(kv.key, kv.modRevision, object);
    return { kind: key.kind, key, object, previous };
  };

  const absorbQuietly = (kv: KeyValue, exists: boolean): void => {
    const key = parseStoreKey(kv.key);
    if (key === undefined) return;
    cache.delete(kv.key);
    if (exists) index.put(indexEntry(kv, key.kind, parseObject(kv)));
    else index.delete(kv.key);
  };

  return {
    reads: {
      get: (kind, namespace, name) => {
        const entry = index.get(storeKey({ kind, namespace, name }));
        return entry && objectOf(entry);
      },
      getByUid: (kind, uid) => {
        const entry = index.byUid(uid);
        return entry?.kind === kind ? objectOf(entry) : undefined;
      },
      list: <K extends KindName>(kind: K, namespace?: string) => {
        const prefix = storePrefix(kind, namespace);
        return index.range(prefix, prefixEnd(prefix)).map((entry) => objectOf<K>(entry));
      },
      texts: (kind, namespace) => {
        const prefix = storePrefix(kind, namespace);
        return index.range(prefix, prefixEnd(prefix)).map(({ kv }) => kv);
      },
      parsed,
      listOwnedBy: <K extends KindName>(kind: K, ownerUid: string) => {
        const owned = index
          .byOwner(ownerUid)
          .filter((entry) => entry.kind === kind && entry.ownerUid === ownerUid);
        return owned.map((entry) => objectOf<K>(entry));
      },
      listDependents: (uid) =>
        index.byOwner(uid).map((entry) => ({ kind: entry.kind, object: objectOf(entry) })),
      podsOnNode: (node) => index.byNode(node).map((entry) => objectOf<'Pod'>(entry)),
    },
    absorb,
    absorbQuietly,
    known: (key) => index.get(key)?.kv,
    keys: () => index.keys(),
  };
}
