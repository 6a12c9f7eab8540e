// A bounded queue of keys to reconcile: each key waits once, is worked on once at a time, and backs off alone.
//
//            add                take               done, not touched meanwhile
//   (none) ------> waiting ----------> working ------------------------------> (none)
//                     ^                   | add while working, then done
//                     +-------------------+

import type { Random } from '../../runtime/index.ts';

/** Keys waiting at most; beyond it the queue only remembers that it must list everything again. */
export const WAITING_LIMIT = 50_000;

const FIRST_BACKOFF_MS = 10;
const LAST_BACKOFF_MS = 30_000;

export interface WorkQueue {
  readonly add: (key: string) => void;
  /** The longest waiting key, now being worked on. */
  readonly take: () => string | undefined;
  /** The work on `key` ended; it waits again if it was added meanwhile. */
  readonly done: (key: string) => void;
  /** Counts a failure; the milliseconds to wait before trying again, exponential with jitter. */
  readonly backoffMs: (key: string, random: Random) => number;
  readonly succeeded: (key: string) => void;
  /** True once after keys were refused at the limit. */
  readonly takeOverflow: () => boolean;
  readonly waiting: () => number;
  readonly working: () => number;
}

export function createWorkQueue(limit = WAITING_LIMIT): WorkQueue {
  const waiting = new Set<string>();
  const working = new Set<string>();
  const touched = new Set<string>();
  const failures = new Map<string, number>();
  let overflowed = false;

  const add = (key: string): void => {
    if (working.has(key)) touched.add(key);
    else if (waiting.size < limit || waiting.has(key)) waiting.add(key);
    else overflowed = true;
  };
  return {
    add,
    take: () => {
      const [key] = waiting;
      if (key === undefined) return undefined;
      waiting.delete(key);
      working.add(key);
      return key;
    },
    done: (key) => {
      working.delete(key);
      if (touched.delete(key)) add(key);
    },
    backoffMs: (key, random) => {
      const failed = failures.get(key) ?? 0;
      if (failed > 0 || failures.size < limit) failures.set(key, failed + 1);
      const ceiling = Math.min(FIRST_BACKOFF_MS * 2 ** failed, LAST_BACKOFF_MS);
      return Math.ceil(ceiling * (0.5 + random.float() / 2));
    },
    succeeded: (key) => void failures.delete(key),
    takeOverflow: () => {
      const was = overflowed;
      overflowed = false;
      return was;
    },
    waiting: () => waiting.size,
    working: () => working.size,
  };
}
