// Reads that wait: at a leader for a quorum to confirm it, at a follower to be forwarded together.

import type { RaftCore } from './core.ts';
import type { ReplicaId } from './types.ts';

interface WaitingRead {
  /** Who asked; the leader itself for its own. */
  readonly from: ReplicaId;
  readonly contexts: readonly number[];
  /** The commit index when it was asked. */
  readonly index: number;
  /** The round that confirms it: one that starts after it was asked. */
  readonly round: number;
}

export interface ReadQueue {
  /** The newest round sent with heartbeats; 0 before the first. */
  round: number;
  /** In order of round. */
  waiting: WaitingRead[];
  /** The newest round each member has echoed. */
  acked: Map<ReplicaId, number>;
  /** Reads came since the last round started. */
  isRoundDue: boolean;
  /** A follower's own reads, to be sent to its leader in one message. */
  forward: number[];
  /** How many contexts wait. */
  size: number;
}

export function createReadQueue(): ReadQueue {
  return { round: 0, waiting: [], acked: new Map(), isRoundDue: false, forward: [], size: 0 };
}

/**
 * Who led or asked no longer does: every waiting read is refused, so that it is asked again at
 * once.
 */
export function abandonReads(core: RaftCore): void {
  const { reads } = core;
  for (const read of reads.waiting) refuseRead(core, read.from, read.contexts);
  core.refusedReads.push(...reads.forward);
  Object.assign(reads, createReadQueue());
}

/** Tells who asked to ask again. */
export function refuseRead(core: RaftCore, from: ReplicaId, contexts: readonly number[]): void {
  const { id } = core.config;
  if (from === id) core.refusedReads.push(...contexts);
  else {
    core.outbox.push({ type: 'read-index-refused', from: id, to: from, term: core.term, contexts });
  }
}
