// What this peer's replica holds, as typed objects: follows the store synchronously.

import { prefixEnd } from '../../consensus/index.ts';
import type { KeyValue, Store, WatchEvent } from '../../consensus/index.ts';
import type { KindName } from './kinds.ts';
import { createObjectCache } from './object-cache.ts';
import { decodeObject } from './object-codec.ts';
import { createObjectIndex, indexEntry } from './object-index.ts';
import type { IndexEntry } from './object-index.ts';
import { parseStoreKey, storeKey, storePrefix } from './object-keys.ts';
import type { ObjectChange, ObjectView, Stored } from './objects.ts';

/** A view with what its writer needs beside it. */
export interface FollowingView extends ObjectView {
  /** Resolves once the view has this revision, or once it can follow no longer. */
  readonly reached: (revision: number) => Promise<void>;
  /** Stops following the store; the view stays as it is. */
  readonly close: () => void;
}

/** Every key: the view's revision must advance with each one of the store's. */
const FIRST_KEY = '\u0000';
const LAST_KEY = '\uffff';

interface Listener {
  readonly kinds: ReadonlySet<KindName>;
  readonly changed: (change: ObjectChange) => void;
  open: boolean;
}

/*
 *             reset from the store's newest revision
 *   (new) ------------------------------------------> following --- stopped / close ---> closed
 *                          ^                              |
 *                          +---------- compacted ---------+   differences go to the listeners
 */
export function createObjectView(store: Store): FollowingView {
  const index = createObjectIndex();
  const cache = createObjectCache();
  const listeners = new Set<Listener>();
  let waiting: { readonly revision: number; readonly resolve: () => void }[] = [];
  let revision = 0;
  let closed = false;
  let stopWatch: () => void = () => undefined;

  const objectOf = <K extends KindName>({ kv }: IndexEntry): Stored<K> => {
    const held = cache.get(kv.key, kv.modRevision);
    if (held !== undefined) return held as Stored<K>;
    const object = decodeObject(kv);
    cache.set(kv.key, kv.modRevision, object);
    return object as Stored<K>;
  };

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
    index.put(indexEntry(kv, object));
    cache.set(kv.key, kv.modRevision, object);
    return { kind: key.kind, key, object, previous };
  };

  const announce = (changes: readonly (ObjectChange | undefined)[]): void => {
    const present = [...listeners];
    for (const change of changes) {
      if (change === undefined) continue;
      for (const listener of present) {
        if (listener.open && listener.kinds.has(change.kind)) listener.changed(change);
      }
    }
    const reached = waiting.filter((waiter) => closed || waiter.revision <= revision);
    waiting = waiting.filter((waiter) => !reached.includes(waiter));
    for (const waiter of reached) waiter.resolve();
  };

  const follow = (at: number, events: readonly WatchEvent[]): void => {
    revision = at;
    announce(events.map(({ type, kv }) => absorb(kv, type === 'put')));
  };

  /** Takes over the store's newest state, whatever was missed in between. */
  const reset = (): readonly (ObjectChange | undefined)[] => {
    revision = store.view.revision();
    const { kvs } = store.view.range(FIRST_KEY, LAST_KEY);
    const present = new Set(kvs.map((kv) => kv.key));
    const gone = [...index.keys()].filter((key) => !present.has(key));
    const changes = gone.map((key) => absorb(index.get(key)!.kv, false));
    for (const kv of kvs) {
      const known = index.get(kv.key)?.kv;
      if (known?.modRevision === kv.modRevision) continue;
      // Deleted and made again meanwhile: another object, so its predecessor's end is told too.
      if (known !== undefined && known.createRevision !== kv.createRevision) {
        changes.push(absorb(known, false));
      }
      changes.push(absorb(kv, true));
    }
    return changes;
  };

  const start = (): void => {
    const changes = reset();
    stopWatch = store.watch(FIRST_KEY, LAST_KEY, revision, {
      events: follow,
      ended: (reason) => {
        if (closed) return;
        if (reason === 'compacted') start();
        else close();
      },
    });
    announce(changes);
  };

  const close = (): void => {
    closed = true;
    stopWatch();
    announce([]);
  };

  start();

  return {
    revision: () => revision,
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
    listOwnedBy: <K extends KindName>(kind: K, ownerUid: string) => {
      const owned = index.byOwner(ownerUid).filter((entry) => entry.kind === kind);
      return owned.map((entry) => objectOf<K>(entry));
    },
    podsOnNode: (node) => index.byNode(node).map((entry) => objectOf<'Pod'>(entry)),
    watch: (kinds, changed) => {
      const listener: Listener = { kinds: new Set(kinds), changed, open: true };
      listeners.add(listener);
      return () => {
        listener.open = false;
        listeners.delete(listener);
      };
    },
    reached: async (wanted) => {
      if (closed || revision >= wanted) return;
      await new Promise<void>((resolve) => waiting.push({ revision: wanted, resolve }));
    },
    close,
  };
}
