// One replica of a replicated log, as a pure state machine: messages and ticks in, a Ready out. No
// clock, no disk, no network.
//
// Roles (election.ts):      [ follower ] -> [ pre-candidate ] -> [ candidate ] -> [ leader ]
//                                 ^________________|__________________|_______________|
//
// The shell runs one loop, after every input or handful of inputs:
//
//      tick, step, propose, readIndex, ...                 persisted(token)          applied(index)
//                    |                                          ^                        ^
//                    v                                          |                        |
//        while hasReady(): ready() --+-- messages -----> network, at once, beside the disk
//                                    +-- persist ------> disk, in order of tokens, each as one unit
//                                    +-- committed ----> state machine, in order
//                                    +-- reads --------> serve once applied(index) has been reached
//
// The answers that promise durability (votes, requests for votes, acknowledged appends) are not in
// the Ready of the write they depend on: they stay inside until `persisted` says that the disk has
// it, and come out with the next Ready. The leader's own vote and acknowledgement take the same
// way, so a lone voter commits nothing its disk does not have.
//
// What the shell owes:
//   1. Writes are carried out in order, each whole or not at all; `persisted(token)` stands for
//      all up to token.
//   2. A write with a snapshot: make the data durable, put it in the state machine, start the log
//      anew; then report it.
//   3. Committed entries are applied in order; a `config` entry is given to applyConfChange; then
//      `applied`.
//   4. An `install-snapshot` message means: stream the data of that snapshot (or of a newer one,
//      with its own meta) to `to`, deliver the message there when all has arrived, and call
//      reportSnapshot here exactly once.
//   5. When a log found on disk does not continue the newest snapshot (a crash came between 2's
//      steps), it is dropped: createRaft leaves it out, status().lastIndex is then the snapshot's,
//      and the disk starts its log anew before the first write.
//   6. Proposals and their outcomes are the shell's: an accepted proposal is committed only if the
//      entry at firstIndex is handed out with the same term. Forwarding to the leader is the
//      shell's too.

import { assert, SkeinError } from '../../runtime/index.ts';
import type { Random } from '../../runtime/index.ts';
import type { ConfChange } from './conf-change/change.ts';
import type { RaftConfig } from './config.ts';
import type { RaftCore } from './core.ts';
import { campaign, suspectLeader, tickElection } from './election.ts';
import { createCore } from './initial-state.ts';
import type { InitialState } from './initial-state.ts';
import { reportSnapshot, reportUnreachable, tickLeader } from './leader.ts';
import { applyConfChange, proposeConfChange } from './membership.ts';
import type { ConfProposalOutcome } from './membership.ts';
import { checkMessage } from './messages.ts';
import type { Message } from './messages.ts';
import { applied, hasReady, persisted, takeReady } from './outgoing.ts';
import { propose } from './proposal.ts';
import type { ProposalOutcome } from './proposal.ts';
import { compactLog, termAt, trailingIndex } from './raft-log.ts';
import { readIndex } from './read-index.ts';
import type { ReadHaste, ReadOutcome } from './read-index.ts';
import type { Ready } from './ready.ts';
import { raftRules } from './rules.ts';
import { followersOf, statusOf } from './status.ts';
import type { FollowerStatus, RaftStatus } from './status.ts';
import { stepMessage } from './step.ts';
import { transferLeader } from './transfer.ts';
import type { TransferOutcome } from './transfer.ts';
import type { ConfState, Entry, ReplicaId, SnapshotMeta } from './types.ts';

export interface Raft {
  /** One unit of abstract time has passed. */
  readonly tick: () => void;
  /**
   * A message from another replica. Throws `invalid`, with nothing changed, when it is malformed or
   * not for this one.
   */
  readonly step: (message: Message) => void;
  /** Commands to append, all or none. Throws `invalid` when one of them is empty. */
  readonly propose: (data: readonly Uint8Array[]) => ProposalOutcome;
  /** Throws `invalid` for a malformed change. */
  readonly proposeConfChange: (change: ConfChange) => ConfProposalOutcome;
  /** To be called with every committed `config` entry; returns the configuration from then on. */
  readonly applyConfChange: (entry: Entry) => ConfState;
  /** Asks up to where to apply before a linearizable read. `context` comes back in Ready.reads, in
   * Ready.refusedReads, or, when messages get lost, not at all: give it a deadline. */
  readonly readIndex: (context: number, haste?: ReadHaste) => ReadOutcome;
  readonly transferLeader: (to: ReplicaId) => TransferOutcome;
  /** Campaigns now, with a pre-vote. Does nothing in a leader or where the vote is missing. */
  readonly campaign: () => void;
  /** While set it campaigns only after all others had the time to; what else it does stays the same. */
  readonly setReluctant: (isReluctant: boolean) => void;
  /** The failure detector suspects the leader: look for another soon, if it was not heard of late. To be said with each tick while it lasts. */
  readonly suspectLeader: () => void;
  /** Messages to `id` seem to get lost. */
  readonly reportUnreachable: (id: ReplicaId) => void;
  /** Whether the snapshot offered to `id` was delivered. */
  readonly reportSnapshot: (id: ReplicaId, isDelivered: boolean) => void;
  /** There may be something to do; true at times without anything coming of it. */
  readonly hasReady: () => boolean;
  /** What is to do now. Handing it out counts as accepting it: nothing in it comes again. */
  readonly ready: () => Ready;
  /** The write with this token, and all before it, are durable. */
  readonly persisted: (token: number) => void;
  /** Everything up to `index` is in the state machine. */
  readonly applied: (index: number) => void;
  /**
   * The term of an entry that is kept, or of the last one compacted; for the meta of a snapshot.
   * Undefined for what was applied just now means that a snapshot from the leader is being
   * installed: take none.
   */
  readonly termAt: (index: number) => number | undefined;
  /**
   * A snapshot of the own state machine is durable: followers that lag far behind are given this
   * one.
   */
  readonly snapshotTaken: (meta: SnapshotMeta) => void;
  /** The lowest index to cut the log at that leaves, up to `index`, no more than these behind. */
  readonly trailingIndex: (
    index: number,
    limits: { readonly entries: number; readonly bytes: number },
  ) => number;
  /**
   * Forgets entries up to `index`, which the newest snapshot covers. What trails behind it spares
   * slow followers a snapshot.
   */
  readonly compact: (index: number) => void;
  readonly status: () => RaftStatus;
  /** What a leader knows of every member but itself; empty in others. */
  readonly followers: () => ReadonlyMap<ReplicaId, FollowerStatus>;
}

/** `rules` is for tests that break one; production leaves it out. Throws as createCore does. */
export function createRaft(
  config: RaftConfig,
  random: Random,
  initial: InitialState,
  rules = raftRules,
): Raft {
  const core = createCore(config, random, initial, rules);
  return {
    tick: () => tick(core),
    step: (message) => step(core, message),
    propose: (data) => propose(core, data),
    proposeConfChange: (change) => proposeConfChange(core, change),
    applyConfChange: (entry) => applyConfChange(core, entry),
    readIndex: (context, haste) => readIndex(core, context, haste),
    transferLeader: (to) => transferLeader(core, to),
    campaign: () => campaign(core, 'pre-vote'),
    setReluctant: (isReluctant) => void (core.isReluctant = isReluctant),
    suspectLeader: () => suspectLeader(core),
    reportUnreachable: (id) => reportUnreachable(core, id),
    reportSnapshot: (id, isDelivered) => reportSnapshot(core, id, isDelivered),
    hasReady: () => hasReady(core),
    ready: () => takeReady(core),
    persisted: (token) => persisted(core, token),
    applied: (index) => applied(core, index),
    termAt: (index) => termAt(core.log, index),
    snapshotTaken: (meta) => snapshotTaken(core, meta),
    trailingIndex: (index, limits) => trailingIndex(core.log, index, limits),
    compact: (index) => compact(core, index),
    status: () => statusOf(core),
    followers: () => followersOf(core),
  };
}

function tick(core: RaftCore): void {
  core.now++;
  if (core.role === 'leader') tickLeader(core);
  else tickElection(core);
}

function step(core: RaftCore, message: Message): void {
  checkMessage(message);
  const { id } = core.config;
  if (message.to !== id || message.from === id) {
    throw new SkeinError(
      'invalid',
      `a message from ${message.from} to ${message.to} came to ${id}`,
      {
        type: message.type,
      },
    );
  }
  stepMessage(core, message);
}

function snapshotTaken(core: RaftCore, meta: SnapshotMeta): void {
  assert(
    meta.index <= core.apply.applied,
    `a snapshot at ${meta.index}, but only ${core.apply.applied} is applied`,
  );
  // One from the leader may be newer already, or on its way in.
  const known = Math.max(core.snapshot?.index ?? 0, core.pendingSnapshot?.index ?? 0);
  if (meta.index <= known) return;
  assert(
    termAt(core.log, meta.index) === meta.term,
    `a snapshot at ${meta.index} claims term ${meta.term}`,
  );
  core.snapshot = meta;
}

function compact(core: RaftCore, index: number): void {
  if (index <= core.log.compacted.index) return;
  const covered = core.snapshot?.index ?? 0;
  assert(index <= covered, `compaction to ${index}, but the newest snapshot ends at ${covered}`);
  compactLog(core.log, index);
}
