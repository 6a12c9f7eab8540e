// The state of one replica, and the transitions every role shares.

import { assert } from '../../runtime/index.ts';
import type { Random } from '../../runtime/index.ts';
import { isVoter } from './conf-change/draft.ts';
import type { RaftConfig } from './config.ts';
import type { Message } from './messages.ts';
import type { Progress } from './progress.ts';
import { lastIndex, termAt } from './raft-log.ts';
import type { RaftLog } from './raft-log.ts';
import type { ReadState, Role, SoftState } from './ready.ts';
import type { ReadQueue } from './read-queue.ts';
import { abandonReads } from './read-queue.ts';
import type { Rules } from './rules.ts';
import type { ConfState, Entry, HardState, ReplicaId, SnapshotMeta } from './types.ts';

/** A write handed out and not yet reported durable. */
export interface Batch {
  readonly token: number;
  readonly mustSync: boolean;
  /** The commit index it puts on disk. */
  readonly commit: number;
  readonly snapshot: SnapshotMeta | undefined;
  /** What may be said once it is durable. */
  readonly held: Message[];
}

/**
 * How far the log is committed, handed out and applied. applied <= handed <= commit <= lastIndex.
 */
export interface ApplyState {
  commit: number;
  handed: number;
  applied: number;
  /** The highest commit index that is on disk for certain. */
  durable: number;
  /** Bytes handed out and not reported applied. */
  bytes: number;
  /** Config entries handed out and not yet given back to applyConfChange. */
  confs: Entry[];
}

export interface RaftCore {
  readonly config: RaftConfig;
  readonly random: Random;
  readonly rules: Rules;

  term: number;
  /** Whom it voted for in `term`; 0 for nobody. */
  vote: ReplicaId;
  role: Role;
  leader: ReplicaId;
  conf: ConfState;
  readonly log: RaftLog;
  readonly apply: ApplyState;

  /** The newest durable snapshot: what a follower is given that needs compacted entries. */
  snapshot: SnapshotMeta | undefined;
  /** Received and not yet installed by the shell; nothing is applied meanwhile. */
  pendingSnapshot: SnapshotMeta | undefined;

  /** Ticks since creation; a clock for differences only. */
  now: number;
  electionElapsed: number;
  heartbeatElapsed: number;
  /** Drawn from [electionTicks, 2 * electionTicks) at each change of role; short while hurried. */
  electionTimeout: number;
  /** Campaigns that still come soon, since the leader is suspected; 0 as soon as it is heard. */
  hurriedCampaigns: number;
  /** Who led when it was suspected. */
  suspectedLeader: ReplicaId;
  /** When a leader was last heard, in ticks. */
  leaderContact: number;
  /** It would lead badly: it waits for others to campaign first. */
  isReluctant: boolean;

  /** A candidate's ballot box. */
  votes: Map<ReplicaId, boolean>;
  /** A leader's view of all members, itself included; empty in other roles. In order of id. */
  progress: Map<ReplicaId, Progress>;
  /** No change of the configuration is proposed before this index is applied. */
  pendingConfIndex: number;
  /** Bytes of entries in a leader's log that are not applied. */
  unappliedBytes: number;
  transfer: { readonly to: ReplicaId; elapsed: number } | undefined;
  /**
   * A leader may have something to send; looked at once per Ready, so that much is sent together.
   */
  isSendDue: boolean;
  readonly reads: ReadQueue;

  outbox: Message[];
  /** What waits for the next write. */
  held: Message[];
  batches: Batch[];
  lastToken: number;
  readStates: ReadState[];
  refusedReads: number[];
  shownHardState: HardState;
  shownSoftState: SoftState;
}

/** Sends a message, or holds it back until everything up to now is on disk. */
export function send(core: RaftCore, message: Message): void {
  // What a replica tells itself, its own vote, always waits.
  const waits = message.to === core.config.id || core.rules.waitsForDisk(message.type);
  if (waits) core.held.push(message);
  else core.outbox.push(message);
}

/** What elections spread beside votes. */
export function knownCommit(core: RaftCore): {
  readonly commit: number;
  readonly commitTerm: number;
} {
  const { commit } = core.apply;
  return { commit, commitTerm: termAt(core.log, commit) ?? 0 };
}

/**
 * Another replica has this entry committed: if it is in the own log, the own log is committed up to
 * it.
 */
export function learnCommit(core: RaftCore, commit: number, commitTerm: number): void {
  if (core.role === 'leader' || commitTerm === 0) return;
  if (termAt(core.log, commit) === commitTerm) commitTo(core, commit);
}

/** The header of a message in the present term. */
export function envelope(
  core: RaftCore,
  to: ReplicaId,
): { readonly from: ReplicaId; readonly to: ReplicaId; readonly term: number } {
  return { from: core.config.id, to, term: core.term };
}

/** Moves the commit index on; it never goes back. */
export function commitTo(core: RaftCore, index: number): void {
  if (index <= core.apply.commit) return;
  assert(
    index <= lastIndex(core.log),
    `commit ${index} is beyond the end ${lastIndex(core.log)}: acknowledged entries were lost`,
  );
  core.apply.commit = index;
}

/** Voters that suspect a leader together campaign one after the other, so many ticks apart: else they split the vote. */
const turnTicks = 3;

/** A hurried election timeout: voters take turns, beginning with the one after the suspected leader. */
function hurriedTimeout({ conf, config, random, suspectedLeader }: RaftCore): number {
  const others = [...new Set([...conf.voters, ...conf.votersOutgoing])]
    .filter((id) => id !== suspectedLeader)
    .sort((a, b) => Number(a < suspectedLeader) - Number(b < suspectedLeader) || a - b);
  const turn = Math.max(0, others.indexOf(config.id));
  return Math.min(1 + turn * turnTicks, config.electionTicks) + random.integer(2);
}

/** Draws a new election timeout. */
export function drawElectionTimeout(core: RaftCore): void {
  const { electionTicks } = core.config;
  core.electionElapsed = 0;
  core.electionTimeout =
    core.hurriedCampaigns > 0
      ? hurriedTimeout(core)
      : electionTicks + core.random.integer(electionTicks);
}

/** Forgets everything that belonged to the role it had; a new term comes without a vote. */
export function resetRole(core: RaftCore, term: number): void {
  assert(term >= core.term, `term ${term} after ${core.term}`);
  if (term !== core.term) {
    core.term = term;
    core.vote = 0;
  }
  core.leader = 0;
  core.heartbeatElapsed = 0;
  drawElectionTimeout(core);
  core.transfer = undefined;
  core.votes = new Map();
  core.progress = new Map();
  core.pendingConfIndex = 0;
  core.unappliedBytes = 0;
  core.isSendDue = false;
  abandonReads(core);
}

export function becomeFollower(core: RaftCore, term: number, leader: ReplicaId): void {
  resetRole(core, term);
  core.role = 'follower';
  core.leader = leader;
  if (leader !== 0) core.leaderContact = core.now;
}

/** May campaign: it votes in the configuration it knows, and its state machine is whole. */
export function isPromotable(core: RaftCore): boolean {
  return isVoter(core.conf, core.config.id) && core.pendingSnapshot === undefined;
}
