// What this peer's replica holds, as typed objects: follows the store synchronously.

import type { KeyValue, Store, WatchEvent } from '../../consensus/index.ts';
import { createObjectListeners } from './object-listeners.ts';
import type { ObjectChange, ObjectView } from './objects.ts';
import { createParsedObjects } from './parsed-objects.ts';

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

/*
 *             reset from the store's newest revision
 *   (new) ------------------------------------------> following --- stopped / close ---> closed
 *                          ^                              |
 *                          +---------- compacted ---------+   differences go to the listeners
 */
export function createObjectView(store: Store): FollowingView {
  const objects = createParsedObjects();
  const listeners = createObjectListeners();
  let waiting: { readonly revision: number; readonly resolve: () => void }[] = [];
  let revision = 0;
  let closed = false;
  let stopWatch: () => void = () => undefined;

  const absorb = (kv: KeyValue, exists: boolean): readonly ObjectChange[] => {
    if (listeners.isEmpty()) {
      objects.absorbQuietly(kv, exists);
      return [];
    }
    const change = objects.absorb(kv, exists);
    return change === undefined ? [] : [change];
  };

  const wakeWaiting = (): void => {
    const woken = waiting.filter((waiter) => closed || waiter.revision <= revision);
    waiting = waiting.filter((waiter) => !woken.includes(waiter));
    for (const waiter of woken) waiter.resolve();
  };

  const announce = (changes: readonly ObjectChange[]): void => {
    listeners.announce(changes);
    wakeWaiting();
  };

  const follow = (at: number, events: readonly WatchEvent[]): void => {
    revision = at;
    announce(events.flatMap(({ type, kv }) => absorb(kv, type === 'put')));
  };

  /** Takes over the store's newest state, whatever was missed in between. */
  const reset = (): readonly ObjectChange[] => {
    revision = store.view.revision();
    const { kvs } = store.view.range(FIRST_KEY, LAST_KEY);
    const present = new Set(kvs.map((kv) => kv.key));
    const gone = [...objects.keys()].filter((key) => !present.has(key));
    const changes = gone.flatMap((key) => absorb(objects.known(key)!, false));
    for (const kv of kvs) {
      const known = objects.known(kv.key);
      if (known?.modRevision === kv.modRevision) continue;
      // Deleted and made again meanwhile: another object, so its predecessor's end is told too.
      if (known !== undefined && known.createRevision !== kv.createRevision) {
        changes.push(...absorb(known, false));
      }
      changes.push(...absorb(kv, true));
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
    wakeWaiting();
  };

  start();

  return {
    ...objects.reads,
    revision: () => revision,
    watch: listeners.watch,
    reached: async (wanted) => {
      if (closed || revision >= wanted) return;
      await new Promise<void>((resolve) => waiting.push({ revision: wanted, resolve }));
    },
    close,
  };
}
