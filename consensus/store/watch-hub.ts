// Everybody who watches this replica: first what is kept, then each revision as it is applied.
//
//   watch --kept--> catching up (at once) --> live (events, or progress when there are none) --stop--> gone
//     |                                        '--restored past it--> ended: compacted
//     '--too old--> ended: compacted           '--replica closes----> ended: stopped

import { SkeinError } from '../../runtime/index.ts';
import type { Change } from './keyspace.ts';
import type { Revision, Watcher, WatchEvent } from './store.ts';
import { createWatchRegistry } from './watch-registry.ts';
import type { Watch } from './watch-registry.ts';

/** Watches at one time on one replica; one more is refused with `overloaded`. */
export const maxWatches = 100_000;

/** What the hub reads of the keyspace. */
export interface WatchSource {
  readonly compacted: () => Revision;
  readonly changesAfter: (revision: Revision) => readonly Change[];
}

export interface WatchHub {
  /**
   * Catches up before it returns. Watchers must not throw. Returns how to stop, after which nothing more is told.
   * Throws `overloaded` above `maxWatches`.
   */
  readonly watch: (from: string, end: string, after: Revision, watcher: Watcher) => () => void;
  readonly publish: (change: Change) => void;
  /** Tells watches that heard nothing since the last call how far they are; to be called at a bounded rate. */
  readonly tellProgress: (revision: Revision) => void;
  /** The keyspace was replaced; the watches had been told all up to `seen`. */
  readonly resume: (seen: Revision) => void;
  readonly close: () => void;
}

export function createWatchHub(source: WatchSource): WatchHub {
  const registry = createWatchRegistry();
  let nextId = 1;

  const tell = (watch: Watch, revision: Revision, events: readonly WatchEvent[]) => {
    watch.told = revision;
    watch.watcher.events(revision, events);
  };

  const end = (watch: Watch, reason: 'compacted' | 'stopped') => {
    if (registry.remove(watch)) watch.watcher.ended(reason);
  };

  const catchUp = (watch: Watch, after: Revision) => {
    for (const { revision, events } of source.changesAfter(after)) {
      if (!registry.has(watch)) return;
      const seen = events.filter(({ kv }) => kv.key >= watch.from && kv.key < watch.end);
      if (seen.length > 0) tell(watch, revision, seen);
    }
  };

  return {
    watch: (from, rangeEnd, after, watcher) => {
      if (registry.size() >= maxWatches) {
        throw new SkeinError('overloaded', `more than ${maxWatches} watches: ask another peer`, {
          limit: maxWatches,
        });
      }
      if (after < source.compacted()) {
        watcher.ended('compacted');
        return () => {};
      }
      const told = { told: after, toldBefore: after };
      const watch: Watch = { id: nextId++, from, end: rangeEnd, after, watcher, ...told };
      registry.add(watch);
      catchUp(watch, after);
      return () => void registry.remove(watch);
    },
    publish: (change) => {
      // Who is told is settled before anybody is: a watch that starts meanwhile has caught up by itself.
      for (const [watch, events] of registry.audienceOf(change)) {
        if (registry.has(watch)) tell(watch, change.revision, events);
      }
    },
    tellProgress: (revision) => {
      for (const watch of registry.all()) {
        const isQuiet = watch.told === watch.toldBefore;
        if (isQuiet && watch.told < revision && registry.has(watch)) {
          watch.told = revision;
          watch.watcher.progress?.(revision);
        }
        watch.toldBefore = watch.told;
      }
    },
    resume: (seen) => {
      for (const watch of registry.all()) {
        const after = Math.max(seen, watch.after);
        if (after < source.compacted()) end(watch, 'compacted');
        else catchUp(watch, after);
      }
    },
    close: () => {
      for (const watch of registry.all()) end(watch, 'stopped');
    },
  };
}
