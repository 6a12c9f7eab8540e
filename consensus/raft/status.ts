// What a replica can say of itself.

import type { RaftCore } from './core.ts';
import { ticksSinceQuorum } from './leader.ts';
import { inflightOf, isPaused } from './progress.ts';
import type { ProgressState } from './progress.ts';
import { firstIndex, lastIndex } from './raft-log.ts';
import type { Role } from './ready.ts';
import type { ConfState, ReplicaId } from './types.ts';

export interface FollowerStatus {
  readonly state: ProgressState;
  readonly match: number;
  readonly next: number;
  readonly isPaused: boolean;
  readonly inflight: number;
  readonly pendingSnapshot: number;
  readonly ticksSinceContact: number;
}

export interface RaftStatus {
  readonly id: ReplicaId;
  readonly role: Role;
  readonly term: number;
  readonly vote: ReplicaId;
  readonly leader: ReplicaId;
  readonly commit: number;
  readonly applied: number;
  readonly firstIndex: number;
  readonly lastIndex: number;
  /** The last index known to be on the own disk. */
  readonly stable: number;
  readonly snapshotIndex: number;
  /** Bytes of the entries kept in memory. */
  readonly logBytes: number;
  readonly unappliedBytes: number;
  readonly conf: ConfState;
  /** To whom leadership is being handed over; 0 when to nobody. */
  readonly transferee: ReplicaId;
  /** Of a leader: since a quorum was heard. Of others: since a leader was heard. */
  readonly ticksSinceContact: number;
}

export function statusOf(core: RaftCore): RaftStatus {
  const isLeader = core.role === 'leader';
  return {
    id: core.config.id,
    role: core.role,
    term: core.term,
    vote: core.vote,
    leader: core.leader,
    commit: core.apply.commit,
    applied: core.apply.applied,
    firstIndex: firstIndex(core.log),
    lastIndex: lastIndex(core.log),
    stable: core.log.stable,
    snapshotIndex: core.snapshot?.index ?? 0,
    logBytes: core.log.bytes,
    unappliedBytes: core.unappliedBytes,
    conf: core.conf,
    transferee: core.transfer?.to ?? 0,
    ticksSinceContact: isLeader ? ticksSinceQuorum(core) : core.now - core.leaderContact,
  };
}

/** Of a leader: every member but itself. */
export function followersOf(core: RaftCore): Map<ReplicaId, FollowerStatus> {
  const followers = new Map<ReplicaId, FollowerStatus>();
  for (const [id, progress] of core.progress) {
    if (id === core.config.id) continue;
    followers.set(id, {
      state: progress.state,
      match: progress.match,
      next: progress.next,
      isPaused: isPaused(progress),
      inflight: inflightOf(progress),
      pendingSnapshot: progress.pendingSnapshot,
      ticksSinceContact: core.now - progress.lastContact,
    });
  }
  return followers;
}
