// Everybody who watches this replica: first what is kept, then each revision as it is applied.
//
//   watch --kept--> catching up (at once) --> live --stop--> gone
//     |                                        '--restored past it--> ended: compacted
//     '--too old--> ended: compacted           '--replica closes----> ended: stopped

import { SkeinError } from '../../runtime/index.ts';
import type { Change } from './keyspace.ts';
import { createIntervalIndex } from './interval-index.ts';
import type { Revision, Watcher, WatchEvent } from './store.ts';

/** Watches at one time on one replica; one more is refused with `overloaded`. */
export const maxWatches = 100_000;

interface Watch {
  /** Watches are told in the order in which they came. */
  readonly id: number;
  readonly from: string;
  readonly end: string;
  readonly after: Revision;
  readonly watcher: Watcher;
}

/** Watches of one range share one entry in the index. */
interface Group {
  readonly from: string;
  readonly end: string;
  readonly watches: Set<Watch>;
}

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
  /** The keyspace was replaced; the watches had been told all up to `seen`. */
  readonly resume: (seen: Revision) => void;
  readonly close: () => void;
  readonly size: () => number;
}

export function createWatchHub(source: WatchSource): WatchHub {
  const watches = new Set<Watch>();
  const keys = new Map<string, Group>();
  const ranges = createIntervalIndex<Group>();
  const rangesByName = new Map<string, Group>();
  let nextId = 1;

  const isOneKey = (watch: Watch) => watch.end === `${watch.from}\0`;
  const nameOf = (watch: Watch) =>
    isOneKey(watch) ? watch.from : `${watch.from.length}:${watch.from}${watch.end}`;
  const groupsFor = (watch: Watch) => (isOneKey(watch) ? keys : rangesByName);

  const add = (watch: Watch) => {
    watches.add(watch);
    const groups = groupsFor(watch);
    let group = groups.get(nameOf(watch));
    if (group === undefined) {
      group = { from: watch.from, end: watch.end, watches: new Set() };
      groups.set(nameOf(watch), group);
      if (groups === rangesByName) ranges.add(group);
    }
    group.watches.add(watch);
  };

  const remove = (watch: Watch) => {
    if (!watches.delete(watch)) return;
    const groups = groupsFor(watch);
    const group = groups.get(nameOf(watch));
    group?.watches.delete(watch);
    if (group === undefined || group.watches.size > 0) return;
    groups.delete(nameOf(watch));
    ranges.remove(group);
  };

  const end = (watch: Watch, reason: 'compacted' | 'stopped') => {
    remove(watch);
    watch.watcher.ended(reason);
  };

  const catchUp = (watch: Watch, after: Revision) => {
    for (const { revision, events } of source.changesAfter(after)) {
      if (!watches.has(watch)) return;
      const seen = events.filter(({ kv }) => kv.key >= watch.from && kv.key < watch.end);
      if (seen.length > 0) watch.watcher.events(revision, seen);
    }
  };

  /** Who is told what is settled before anybody is told: a watch that starts meanwhile has caught up by itself. */
  const audienceOf = (change: Change): [Watch, WatchEvent[]][] => {
    const told = new Map<Watch, WatchEvent[]>();
    for (const event of change.events) {
      const tell = (group: Group) => {
        for (const watch of group.watches) {
          const events = told.get(watch);
          if (events !== undefined) events.push(event);
          else if (change.revision > watch.after) told.set(watch, [event]);
        }
      };
      const group = keys.get(event.kv.key);
      if (group !== undefined) tell(group);
      ranges.holding(event.kv.key, tell);
    }
    return [...told].sort(([a], [b]) => a.id - b.id);
  };

  return {
    watch: (from, rangeEnd, after, watcher) => {
      if (watches.size >= maxWatches) {
        throw new SkeinError('overloaded', `more than ${maxWatches} watches: ask another peer`, {
          limit: maxWatches,
        });
      }
      const watch = { id: nextId++, from, end: rangeEnd, after, watcher };
      if (after < source.compacted()) {
        watcher.ended('compacted');
        return () => undefined;
      }
      add(watch);
      catchUp(watch, after);
      return () => remove(watch);
    },
    publish: (change) => {
      for (const [watch, events] of audienceOf(change)) {
        if (watches.has(watch)) watch.watcher.events(change.revision, events);
      }
    },
    resume: (seen) => {
      // As of now: a watch that a watcher starts meanwhile catches up by itself.
      const current = [...watches];
      for (const watch of current) {
        const after = Math.max(seen, watch.after);
        if (after < source.compacted()) end(watch, 'compacted');
        else catchUp(watch, after);
      }
    },
    close: () => {
      const current = [...watches];
      for (const watch of current) end(watch, 'stopped');
    },
    size: () => watches.size,
  };
}
