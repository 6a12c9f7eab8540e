// Linearizable reads without writing: the leader notes its commit index, makes sure that it still
// leads, answers (thesis section 6.4).
//
//   follower: readIndex(c) --+-- read-index [c, ..] --> leader notes commit; next Ready: round r
//                            |                            |-- heartbeat r --> members
//                            |                            |<- heartbeat-reply r
//   Ready.reads {c, index} <-+-- read-index-reply [c, ..] <-- a quorum echoed r or later
//
// All reads that come before a Ready share one round; a later round confirms all earlier ones. What need not be answered at once,
// as a leader's renewals of leases, waits for the heartbeat that goes out anyhow.

import { committedIndex } from './quorum/joint.ts';
import { envelope, send } from './core.ts';
import type { RaftCore } from './core.ts';
import type { HeartbeatReply, ReadIndexRequest } from './messages.ts';
import { refuseRead } from './read-queue.ts';
import { termAt } from './raft-log.ts';
import type { ReplicaId } from './types.ts';

/**
 * no-leader: nobody to ask. not-ready: a new leader has not committed an entry of its term yet, so
 * it may not know everything that is committed. full: too many reads wait. Ask again later.
 */
export type ReadOutcome =
  | { readonly accepted: true }
  | { readonly accepted: false; readonly reason: 'no-leader' | 'not-ready' | 'full' };

/** What may wait for the next heartbeat costs no messages of its own. */
export type ReadHaste = 'at-once' | 'with-heartbeat';

/**
 * Asks for the index a read with `context` must wait for; the answer comes in Ready.reads or
 * refusedReads. Only a leader's own reads can wait for a heartbeat.
 */
export function readIndex(
  core: RaftCore,
  context: number,
  haste: ReadHaste = 'at-once',
): ReadOutcome {
  if (core.role === 'leader') return admitRead(core, core.config.id, [context], haste);
  if (core.leader === 0) return { accepted: false, reason: 'no-leader' };
  if (core.reads.size >= core.config.maxPendingReads) return { accepted: false, reason: 'full' };
  core.reads.forward.push(context);
  core.reads.size++;
  return { accepted: true };
}

/** A leader answers a member's request, or refuses it. */
export function stepReadRequest(core: RaftCore, message: ReadIndexRequest): void {
  const outcome = admitRead(core, message.from, message.contexts, 'at-once');
  if (!outcome.accepted) refuseRead(core, message.from, message.contexts);
}

function admitRead(
  core: RaftCore,
  from: ReplicaId,
  contexts: readonly number[],
  haste: ReadHaste,
): ReadOutcome {
  const { commit } = core.apply;
  if (!core.rules.mayServeReads(termAt(core.log, commit), core.term)) {
    return { accepted: false, reason: 'not-ready' };
  }
  if (core.reads.size + contexts.length > core.config.maxPendingReads) {
    return { accepted: false, reason: 'full' };
  }
  core.reads.waiting.push({ from, contexts, index: commit, round: core.reads.round + 1 });
  core.reads.size += contexts.length;
  if (haste === 'at-once') {
    core.reads.isRoundDue = true;
    core.isSendDue = true;
  }
  return { accepted: true };
}

/**
 * Opens the round that confirms the reads of now; the caller sends the heartbeats. False when none
 * wait.
 */
export function startReadRound(core: RaftCore): boolean {
  if (!core.reads.isRoundDue) return false;
  startRound(core);
  return core.reads.waiting.length > 0;
}

/** Heartbeats go out anyhow: they carry a round for all that waits for one, and none is due apart from it. */
export function startPatientRound(core: RaftCore): void {
  const newest = core.reads.waiting.at(-1);
  if (newest !== undefined && newest.round > core.reads.round) startRound(core);
}

function startRound(core: RaftCore): void {
  core.reads.isRoundDue = false;
  core.reads.round++;
  core.reads.acked.set(core.config.id, core.reads.round);
  confirmReads(core);
}

/** A member has echoed a round. */
export function stepReadAck(core: RaftCore, message: HeartbeatReply): void {
  const { acked, waiting } = core.reads;
  if (message.readRound <= (acked.get(message.from) ?? 0)) return;
  acked.set(message.from, message.readRound);
  if (waiting.length > 0) confirmReads(core);
}

/** Answers every read whose round a quorum of the present configuration has echoed. */
export function confirmReads(core: RaftCore): void {
  const { reads } = core;
  const confirmed = committedIndex(core.conf, (id) => reads.acked.get(id));
  let count = 0;
  for (const read of reads.waiting) {
    if (read.round > confirmed) break;
    count++;
    reads.size -= read.contexts.length;
    answer(core, read.from, read.contexts, read.index);
  }
  if (count > 0) reads.waiting.splice(0, count);
}

function answer(core: RaftCore, from: ReplicaId, contexts: readonly number[], index: number): void {
  if (from === core.config.id) {
    for (const context of contexts) core.readStates.push({ context, index });
  } else {
    send(core, { ...envelope(core, from), type: 'read-index-reply', contexts, index });
  }
}

/** Sends a follower's gathered reads to its leader. */
export function forwardReads(core: RaftCore): void {
  const { reads } = core;
  if (reads.forward.length === 0) return;
  const contexts = reads.forward;
  reads.forward = [];
  reads.size = 0;
  if (core.leader === 0) core.refusedReads.push(...contexts);
  else send(core, { ...envelope(core, core.leader), type: 'read-index', contexts });
}
