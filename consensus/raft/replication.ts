// How a leader spreads its log: append, feed followers, count acknowledgements, commit (paper
// sections 5.3 and 5.4.2).

import { assert } from '../../runtime/index.ts';
import { isVoter } from './conf-change/draft.ts';
import { commitTo, envelope, send } from './core.ts';
import type { RaftCore } from './core.ts';
import type { AppendAccepted, AppendRejected, HeartbeatReply } from './messages.ts';
import {
  acknowledge,
  becomeProbe,
  becomeReplicate,
  becomeSnapshot,
  canBumpCommit,
  isPaused,
  sentEntries,
  stepBack,
} from './progress.ts';
import type { Progress } from './progress.ts';
import { isFull } from './inflights.ts';
import { committedIndex } from './quorum/joint.ts';
import {
  appendToLog,
  bytesOf,
  findConflictByTerm,
  firstIndex,
  lastIndex,
  sliceLog,
  termAt,
} from './raft-log.ts';
import { startReadRound, stepReadAck } from './read-index.ts';
import { offerLeadership } from './transfer.ts';
import type { Entry, ReplicaId } from './types.ts';

/**
 * Puts entries of the present term at the end of the leader's log; returns the first one's index.
 */
export function appendAsLeader(
  core: RaftCore,
  type: Entry['type'],
  data: readonly Uint8Array[],
): number {
  const first = lastIndex(core.log) + 1;
  const entries = data.map((bytes, i) => ({
    index: first + i,
    term: core.term,
    type,
    data: bytes,
  }));
  appendToLog(core.log, entries);
  core.unappliedBytes += bytesOf(entries);
  core.isSendDue = true;
  return first;
}

/**
 * Sends what is due: called once per Ready, so that everything since the last one travels together.
 */
export function sendDue(core: RaftCore): void {
  core.isSendDue = false;
  if (startReadRound(core)) broadcastHeartbeat(core);
  for (const [id, progress] of core.progress) {
    if (id === core.config.id) continue;
    const isCommitDue = canBumpCommit(progress, core.apply.commit);
    let isDue = progress.isAppendDue || (isCommitDue && progress.state === 'probe');
    progress.isAppendDue = false;
    while (sendAppend(core, id, progress, isDue)) isDue = false;
    if (!isPaused(progress) && canBumpCommit(progress, core.apply.commit)) {
      sendCommit(core, id, progress);
    }
  }
}

/**
 * Sends one append, or a snapshot in its place. False when the follower is paused or needs nothing.
 */
function sendAppend(
  core: RaftCore,
  to: ReplicaId,
  progress: Progress,
  evenIfEmpty: boolean,
): boolean {
  if (isPaused(progress)) return false;
  const prevIndex = progress.next - 1;
  const prevTerm = termAt(core.log, prevIndex);
  if (prevTerm === undefined) return sendSnapshot(core, to, progress);
  // With its window full a follower gets only empty appends: were all those in flight lost, an
  // empty one is refused or accepted and either answer reopens the window.
  const mayCarry = progress.state !== 'replicate' || !isFull(progress.inflights);
  const entries =
    mayCarry && progress.next <= lastIndex(core.log)
      ? sliceLog(core.log, progress.next, lastIndex(core.log), core.config.maxAppendBytes)
      : [];
  if (entries.length === 0 && !evenIfEmpty) return false;
  const { commit } = core.apply;
  send(core, { ...envelope(core, to), type: 'append', prevIndex, prevTerm, entries, commit });
  sentEntries(progress, entries.length, bytesOf(entries));
  progress.sentCommit = commit;
  return true;
}

/** With nothing to append, the commit index goes alone: half of all messages, were it answered. */
function sendCommit(core: RaftCore, to: ReplicaId, progress: Progress): void {
  const { commit } = core.apply;
  const prevIndex = progress.next - 1;
  const prevTerm = termAt(core.log, prevIndex);
  if (prevTerm === undefined) return;
  send(core, { ...envelope(core, to), type: 'commit', prevIndex, prevTerm, commit });
  progress.sentCommit = commit;
}

/** Offers the newest snapshot, unless the follower seems dead: it would only tie up a transfer. */
function sendSnapshot(core: RaftCore, to: ReplicaId, progress: Progress): boolean {
  if (core.now - progress.lastContact >= core.config.electionTicks) return false;
  const meta = core.snapshot;
  assert(
    meta !== undefined && meta.index >= core.log.compacted.index,
    'the log was compacted without a snapshot that covers it',
  );
  becomeSnapshot(progress, meta.index);
  send(core, { ...envelope(core, to), type: 'install-snapshot', meta });
  return true;
}

/** Tells members that this term has a leader, and up to where they may commit. */
export function broadcastHeartbeat(core: RaftCore): void {
  for (const [id, progress] of core.progress) {
    if (id === core.config.id || isSpared(core, id, progress)) continue;
    // Not beyond what it is known to have: the tail of its log may be another's.
    const commit = Math.min(progress.match, core.apply.commit);
    const readRound = core.reads.round;
    send(core, { ...envelope(core, id), type: 'heartbeat', commit, readRound });
    progress.sentCommit = Math.max(progress.sentCommit, commit);
  }
}

/** Nothing hangs on its answer, and another heartbeat within learnerHeartbeatTicks goes to it. */
function isSpared(
  { config, conf, now, log }: RaftCore,
  id: ReplicaId,
  follower: Progress,
): boolean {
  if (now % config.learnerHeartbeatTicks < config.heartbeatTicks) return false;
  if (follower.state !== 'replicate' || follower.match < lastIndex(log)) return false;
  return !isVoter(conf, id);
}

/** Commits what a quorum has on disk. True when that moved the commit index. */
export function advanceCommit(core: RaftCore): boolean {
  const index = committedIndex(core.conf, (id) => core.progress.get(id)?.match);
  if (index <= core.apply.commit || index === Infinity) return false;
  const term = termAt(core.log, index);
  if (term === undefined || !core.rules.mayCommitByCounting(term, core.term)) return false;
  commitTo(core, index);
  core.isSendDue = true;
  return true;
}

/** What the leader's own disk has counts like a follower's acknowledgement. */
export function acknowledgeOwnDisk(core: RaftCore): void {
  const own = core.progress.get(core.config.id);
  if (own === undefined) return;
  own.match = Math.max(own.match, core.log.stable);
  own.next = lastIndex(core.log) + 1;
  advanceCommit(core);
}

export function stepAccepted(core: RaftCore, message: AppendAccepted, progress: Progress): void {
  assert(
    message.index <= lastIndex(core.log),
    `replica ${message.from} acknowledged ${message.index}, which its leader does not have`,
  );
  progress.lastContact = core.now;
  const isNews = acknowledge(progress, message.index);
  // A probe that finds nothing missing is answered with what was known, and opens the pipeline too.
  const endsProbe = progress.state === 'probe' && progress.match === message.index;
  if (!isNews && !endsProbe) return;
  if (progress.state === 'probe') becomeReplicate(progress);
  else if (progress.state === 'snapshot') resumeAfterSnapshot(core, progress);
  advanceCommit(core);
  core.isSendDue = true;
  if (core.transfer?.to === message.from) offerLeadership(core);
}

/**
 * An acknowledgement during a snapshot: go on from the log if it reaches back to there, else probe
 * for another snapshot.
 */
function resumeAfterSnapshot(core: RaftCore, progress: Progress): void {
  if (progress.match + 1 >= firstIndex(core.log)) becomeReplicate(progress);
  else if (progress.match >= progress.pendingSnapshot) becomeProbe(progress);
}

export function stepRejected(core: RaftCore, message: AppendRejected, progress: Progress): void {
  progress.lastContact = core.now;
  // Every place where our term exceeds the follower's at the hint cannot match either: were it to,
  // the follower's log would have a higher term below the hint than at it.
  const hint =
    message.hintTerm > 0
      ? findConflictByTerm(core.log, message.hintIndex, message.hintTerm).index
      : message.hintIndex;
  if (!stepBack(progress, message.prevIndex, hint)) return;
  progress.isAppendDue = true;
  core.isSendDue = true;
}

export function stepHeartbeatReply(
  core: RaftCore,
  message: HeartbeatReply,
  progress: Progress,
): void {
  progress.lastContact = core.now;
  progress.isPaused = false;
  if (progress.match < lastIndex(core.log) || progress.state === 'probe') {
    progress.isAppendDue = true;
    core.isSendDue = true;
  }
  stepReadAck(core, message);
}
