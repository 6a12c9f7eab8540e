// The leader's view of one follower, and how fast it may be fed.
//
//               accepted                    window full: paused until an
//      +---------------------------+        acknowledgement or a heartbeat's answer
//      |                           v
//   [ probe ] <-- rejected,   [ replicate ]
//      ^  |       unreachable      |
//      |  |                        |
//      |  |  entry it needs is     |  the same
//      |  |  compacted             |
//      |  v                        v
//   [ snapshot ] <-----------------+
//      reported, or an acknowledgement joins it to the log again
//
//   probe      one append at a time, paused until it or a heartbeat is answered
//   replicate  a pipeline of appends; `next` runs ahead of `match`
//   snapshot   no appends at all until the snapshot has arrived or failed

import type { RaftConfig } from './config.ts';
import {
  addInflight,
  createInflights,
  freeInflights,
  inflightCount,
  isFull,
  resetInflights,
} from './inflights.ts';
import type { Inflights } from './inflights.ts';

export type ProgressState = 'probe' | 'replicate' | 'snapshot';

export interface Progress {
  state: ProgressState;
  /** Up to here its log is known to be on its disk and equal to the leader's. 0 <= match < next. */
  match: number;
  /** The next entry to send; those between `match` and `next` are in flight. */
  next: number;
  /** The highest commit index sent to it. */
  sentCommit: number;
  /** In state snapshot: the index of the snapshot on its way. */
  pendingSnapshot: number;
  /** Nothing more is sent until an answer comes. */
  isPaused: boolean;
  /** An append is to be sent even if it carries no entries. */
  isAppendDue: boolean;
  /** The leader's tick count when it was last heard. */
  lastContact: number;
  readonly inflights: Inflights;
}

/** A follower about which nothing is known but that it may lack the entries from `next` on. */
export function createProgress(config: RaftConfig, next: number, now: number): Progress {
  return {
    state: 'probe',
    match: 0,
    next,
    sentCommit: 0,
    pendingSnapshot: 0,
    isPaused: false,
    isAppendDue: false,
    lastContact: now,
    inflights: createInflights(config.maxInflightMessages, config.maxInflightBytes),
  };
}

function enter(progress: Progress, state: ProgressState): void {
  progress.state = state;
  progress.isPaused = false;
  progress.pendingSnapshot = 0;
  resetInflights(progress.inflights);
}

/** Feels for the end of the common log; after a snapshot that was sent, right behind it. */
export function becomeProbe(progress: Progress): void {
  const base = Math.max(progress.match, progress.pendingSnapshot);
  enter(progress, 'probe');
  progress.next = base + 1;
  progress.sentCommit = Math.min(progress.sentCommit, progress.next - 1);
}

export function becomeReplicate(progress: Progress): void {
  enter(progress, 'replicate');
  progress.next = progress.match + 1;
}

export function becomeSnapshot(progress: Progress, index: number): void {
  enter(progress, 'snapshot');
  progress.pendingSnapshot = index;
  progress.next = index + 1;
  progress.sentCommit = index;
}

/**
 * The snapshot did not arrive: probe from what is known to match, at the next heartbeat's answer.
 */
export function snapshotFailed(progress: Progress): void {
  progress.pendingSnapshot = 0;
  becomeProbe(progress);
  progress.isPaused = true;
}

/**
 * The snapshot arrived; its own acknowledgement, or the next heartbeat's answer, goes on from
 * there.
 */
export function snapshotDelivered(progress: Progress): void {
  becomeProbe(progress);
  progress.isPaused = true;
}

export function isPaused(progress: Progress): boolean {
  return progress.state === 'snapshot' || progress.isPaused;
}

/** Notes an append of `count` entries that was just sent. */
export function sentEntries(progress: Progress, count: number, bytes: number): void {
  if (progress.state === 'probe') {
    progress.isPaused = true;
    return;
  }
  if (count > 0) {
    progress.next += count;
    addInflight(progress.inflights, progress.next - 1, bytes);
  }
  progress.isPaused = isFull(progress.inflights);
}

/** Sending `commit` could move the follower's commit index on. */
export function canBumpCommit(progress: Progress, commit: number): boolean {
  return commit > progress.sentCommit && progress.sentCommit < progress.next - 1;
}

/** The follower has everything up to `index`. False when that is no news. */
export function acknowledge(progress: Progress, index: number): boolean {
  if (index <= progress.match) return false;
  progress.match = index;
  progress.next = Math.max(progress.next, index + 1);
  progress.isPaused = false;
  freeInflights(progress.inflights, index);
  return true;
}

/**
 * The follower refused an append after `rejected` and may match up to `hint`.
 * False when the refusal is stale, as duplicates and stragglers are.
 */
export function stepBack(progress: Progress, rejected: number, hint: number): boolean {
  if (progress.state === 'replicate') {
    if (rejected <= progress.match) return false;
    becomeProbe(progress);
    return true;
  }
  // A probe goes one at a time, so a genuine refusal names the one that is out.
  if (progress.state === 'snapshot' || rejected !== progress.next - 1) return false;
  progress.next = Math.max(Math.min(rejected, hint + 1), progress.match + 1);
  progress.sentCommit = Math.min(progress.sentCommit, progress.next - 1);
  progress.isPaused = false;
  return true;
}

/** How many appends are on their way. */
export function inflightOf(progress: Progress): number {
  return inflightCount(progress.inflights);
}
