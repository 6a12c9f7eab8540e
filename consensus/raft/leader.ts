// What a leader does: take office, tick, hear its followers.

import { assert } from '../../runtime/index.ts';
import { membersOf } from './conf-change/draft.ts';
import { becomeFollower, resetRole } from './core.ts';
import type { RaftCore } from './core.ts';
import { proposeAutoLeave } from './membership.ts';
import type { Message } from './messages.ts';
import { createProgress, snapshotDelivered, snapshotFailed, becomeProbe } from './progress.ts';
import { committedIndex } from './quorum/joint.ts';
import { bytesOf, lastIndex } from './raft-log.ts';
import { startPatientRound, stepReadRequest } from './read-index.ts';
import {
  acknowledgeOwnDisk,
  appendAsLeader,
  broadcastHeartbeat,
  stepAccepted,
  stepHeartbeatReply,
  stepRejected,
} from './replication.ts';
import { tickTransfer } from './transfer.ts';
import type { ReplicaId } from './types.ts';

export function becomeLeader(core: RaftCore): void {
  assert(core.role === 'candidate', `a ${core.role} cannot become leader`);
  core.hurriedCampaigns = 0;
  resetRole(core, core.term);
  core.role = 'leader';
  core.leader = core.config.id;
  const next = lastIndex(core.log) + 1;
  for (const id of membersOf(core.conf)) {
    core.progress.set(id, createProgress(core.config, next, core.now));
  }
  const { entries, compacted } = core.log;
  core.unappliedBytes = bytesOf(entries.slice(core.apply.applied - compacted.index));
  if (core.rules.appendsNoop) appendAsLeader(core, 'normal', [new Uint8Array(0)]);
  // A change of the configuration may lurk in the log. Nothing is proposed before all of it, and an
  // entry of this term, is applied.
  core.pendingConfIndex = lastIndex(core.log);
  core.isSendDue = true;
  acknowledgeOwnDisk(core);
}

export function tickLeader(core: RaftCore): void {
  if (ticksSinceQuorum(core) >= core.config.electionTicks) {
    // Whoever is cut off stops leading, at the latest when others may elect a successor.
    becomeFollower(core, core.term, 0);
    return;
  }
  if (core.transfer !== undefined) {
    tickTransfer(core);
    if (core.transfer === undefined) proposeAutoLeave(core);
  }
  core.heartbeatElapsed++;
  if (core.heartbeatElapsed < core.config.heartbeatTicks) return;
  core.heartbeatElapsed = 0;
  startPatientRound(core);
  broadcastHeartbeat(core);
}

/** Ticks since a quorum, the leader among it, was last heard. */
export function ticksSinceQuorum(core: RaftCore): number {
  const contact = committedIndex(core.conf, (id) =>
    id === core.config.id ? core.now : core.progress.get(id)?.lastContact,
  );
  return core.now - Math.min(contact, core.now);
}

type ToLeader = 'append-accepted' | 'append-rejected' | 'heartbeat-reply' | 'read-index';

/** What followers of the present term say. */
export function stepLeader(core: RaftCore, message: Extract<Message, { type: ToLeader }>): void {
  if (message.type === 'read-index') return stepReadRequest(core, message);
  const progress = core.progress.get(message.from);
  // Whoever was removed may still talk for a while.
  if (progress === undefined) return;
  if (message.type === 'append-accepted') stepAccepted(core, message, progress);
  else if (message.type === 'append-rejected') stepRejected(core, message, progress);
  else stepHeartbeatReply(core, message, progress);
}

/** Messages to `id` seem to get lost: stop running ahead of it. */
export function reportUnreachable(core: RaftCore, id: ReplicaId): void {
  const progress = core.progress.get(id);
  if (progress?.state === 'replicate' && id !== core.config.id) becomeProbe(progress);
}

/** How the transfer of the snapshot that was offered to `id` ended. */
export function reportSnapshot(core: RaftCore, id: ReplicaId, isDelivered: boolean): void {
  const progress = core.progress.get(id);
  if (progress?.state !== 'snapshot') return;
  if (isDelivered) snapshotDelivered(progress);
  else snapshotFailed(progress);
}
