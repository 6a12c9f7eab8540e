// What the keyspace holds in memory, counted as it is written and forgotten. Follows from the log alone.

import type { KeyValue, WatchEvent } from './store.ts';

/** About what a version of a key takes beside its text: objects, places in indexes, headers of strings. */
const versionBytes = 256;

/** One byte a character, as text in Latin-1 is held; text of other scripts takes twice as much. */
export const weightOf = ({ key, value }: Pick<KeyValue, 'key' | 'value'>): number =>
  key.length + value.length + versionBytes;

export interface Weights {
  /** The newest versions of keys that are there. */
  readonly liveBytes: () => number;
  /** What is kept only for reads and watches of the past. */
  readonly historyBytes: () => number;
  /** The part of `historyBytes` that goes when the oldest `changes` changes are forgotten. */
  readonly oldestBytes: (changes: number) => number;
  readonly held: (kv: KeyValue) => void;
  readonly wrote: (events: readonly WatchEvent[]) => void;
  /** The oldest `changes` changes are no longer kept. */
  readonly forgot: (changes: number) => void;
}

export function createWeights(): Weights {
  let liveBytes = 0;
  let historyBytes = 0;
  // Of each change that is kept, oldest first. A version is kept for the past because one change replaced it.
  let replaced: number[] = [];
  const oldestBytes = (changes: number) => replaced.slice(0, changes).reduce((a, b) => a + b, 0);
  return {
    liveBytes: () => liveBytes,
    historyBytes: () => historyBytes,
    oldestBytes,
    held: (kv) => void (liveBytes += weightOf(kv)),
    wrote: (events) => {
      let bytes = 0;
      for (const { type, kv, previous } of events) {
        const before = previous === undefined ? 0 : weightOf(previous);
        liveBytes += (type === 'put' ? weightOf(kv) : 0) - before;
        bytes += versionBytes + before;
      }
      replaced.push(bytes);
      historyBytes += bytes;
    },
    forgot: (changes) => {
      historyBytes -= oldestBytes(changes);
      replaced = replaced.slice(changes);
    },
  };
}
