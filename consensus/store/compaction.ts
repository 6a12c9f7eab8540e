// Which revisions are forgotten next: the leader decides and proposes it, a few steps at a time. Pure.
//
// There is no floor of age: a watch that is connected hears everything whatever is forgotten, and one that comes
// back too late lists again, whereas memory that is not bounded ends the peer.

import type { Revision } from './store.ts';

/** Revisions kept for watchers that fell behind. */
export const keptRevisions = 10_000;
/** Kept for them at most, by what `weights.ts` counts: large values are kept for fewer revisions. */
export const keptHistoryBytes = 64 * (1 << 20);
/** Forgotten by one command: more at once would hold the event loop for too long. */
export const compactionStep = 1_000;
/** How much of the past a store keeps, by count. */
export interface Retention {
  readonly keptRevisions: number;
  readonly compactionStep: number;
}

export const defaultRetention: Retention = { keptRevisions, compactionStep };
/** Commands proposed at once: as fast as revisions come, whatever the load. */
const stepsAtOnce = 8;
/** Once over the bytes, this much of them is kept, so that not every write has a compaction of its own. */
const keptAfterwards = 0.75;

/** The past that a store keeps. */
export interface KeptHistory {
  readonly compacted: Revision;
  readonly newest: Revision;
  readonly bytes: number;
  /** What the oldest `changes` of it take. */
  readonly oldestBytes: (changes: number) => number;
}

/** The revisions to compact to now, one command each, after what was `proposed` already. */
export function compactionsDue(
  history: KeptHistory,
  proposed: Revision,
  retention = defaultRetention,
): readonly Revision[] {
  const byCount = history.newest - retention.keptRevisions;
  const start = Math.max(history.compacted, proposed);
  const target = Math.max(byCount, targetForBytes(history, start));
  const due: Revision[] = [];
  for (let at = start; at < target && due.length < stepsAtOnce;) {
    // By count it goes in whole steps: an idle zone is left alone, a busy one is not asked for each write.
    const isOverBytes = target > byCount;
    if (!isOverBytes && target - at < retention.compactionStep) break;
    at = Math.min(at + retention.compactionStep, target);
    due.push(at);
  }
  return due;
}

/** Where the past has to begin so that it fits; 0 when it does. */
function targetForBytes(history: KeptHistory, start: Revision): Revision {
  const { compacted, newest, bytes, oldestBytes } = history;
  if (bytes - oldestBytes(start - compacted) <= keptHistoryBytes) return 0;
  const excess = bytes - keptHistoryBytes * keptAfterwards;
  let [few, many] = [start - compacted, newest - compacted];
  while (few < many) {
    const middle = (few + many) >>> 1;
    if (oldestBytes(middle) >= excess) many = middle;
    else few = middle + 1;
  }
  return compacted + few;
}
