// The watches of a replica by what they watch: a Map for single keys, an index of intervals for ranges.

import type { Change } from './keyspace.ts';
import { createIntervalIndex } from './interval-index.ts';
import type { Revision, Watcher, WatchEvent } from './store.ts';

export interface Watch {
  /** Watches are told in the order in which they came. */
  readonly id: number;
  readonly from: string;
  readonly end: string;
  readonly after: Revision;
  readonly watcher: Watcher;
  /** All up to here has been told. */
  told: Revision;
  /** What had been told when progress was last looked at: a watch that heard events since needs none. */
  toldBefore: Revision;
}

/** Watches of one range share one entry in the index. */
interface Group {
  readonly from: string;
  readonly end: string;
  readonly watches: Set<Watch>;
}

export interface WatchRegistry {
  readonly add: (watch: Watch) => void;
  /** Whether it was there. */
  readonly remove: (watch: Watch) => boolean;
  readonly has: (watch: Watch) => boolean;
  readonly size: () => number;
  /** As of now, in the order in which they came. */
  readonly all: () => readonly Watch[];
  /** Who is to be told of which events of a change, in the order in which they came. */
  readonly audienceOf: (change: Change) => readonly (readonly [Watch, readonly WatchEvent[]])[];
}

export function createWatchRegistry(): WatchRegistry {
  const watches = new Set<Watch>();
  const keys = new Map<string, Group>();
  const ranges = new Map<string, Group>();
  const intervals = createIntervalIndex<Group>();

  return {
    add: (watch) => {
      watches.add(watch);
      const groups = isOneKey(watch) ? keys : ranges;
      let group = groups.get(nameOf(watch));
      if (group === undefined) {
        group = { from: watch.from, end: watch.end, watches: new Set() };
        groups.set(nameOf(watch), group);
        if (groups === ranges) intervals.add(group);
      }
      group.watches.add(watch);
    },
    remove: (watch) => {
      if (!watches.delete(watch)) return false;
      const groups = isOneKey(watch) ? keys : ranges;
      const group = groups.get(nameOf(watch));
      group?.watches.delete(watch);
      if (group?.watches.size === 0) {
        groups.delete(nameOf(watch));
        intervals.remove(group);
      }
      return true;
    },
    has: (watch) => watches.has(watch),
    size: () => watches.size,
    all: () => [...watches],
    audienceOf: (change) => {
      if (watches.size === 0) return [];
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
        intervals.holding(event.kv.key, tell);
      }
      return [...told].sort(([a], [b]) => a.id - b.id);
    },
  };
}

function isOneKey({ from, end }: Watch): boolean {
  return end === `${from}\0`;
}

/** No two ranges share one: the length says where `from` ends. */
function nameOf(watch: Watch): string {
  return isOneKey(watch) ? watch.from : `${watch.from.length}:${watch.from}${watch.end}`;
}
