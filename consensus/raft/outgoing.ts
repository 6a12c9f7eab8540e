// From the state of a replica to a Ready, and back when the shell has done its part.
//
// What must wait for the disk is held in the batch of the newest write; once the shell reports that
// one durable, it comes out with the next Ready. So a shell cannot say too early what the disk does
// not have.

import { assert } from '../../runtime/index.ts';
import type { Batch, RaftCore } from './core.ts';
import { proposeAutoLeave, releaseApplied } from './membership.ts';
import {
  bytesOf,
  entryAt,
  hasUnwritten,
  sliceLog,
  takeUnwritten,
  writtenThrough,
} from './raft-log.ts';
import { forwardReads } from './read-index.ts';
import type { Persist, Ready, SoftState } from './ready.ts';
import { acknowledgeOwnDisk, sendDue } from './replication.ts';
import { stepMessage } from './step.ts';
import type { Entry, HardState } from './types.ts';

/** Whether takeReady might bring anything. */
export function hasReady(core: RaftCore): boolean {
  return (
    core.isSendDue ||
    core.outbox.length > 0 ||
    core.held.length > 0 ||
    core.reads.forward.length > 0 ||
    core.readStates.length > 0 ||
    core.refusedReads.length > 0 ||
    hasUnwritten(core.log) ||
    isSnapshotNew(core) ||
    changedHardState(core) !== undefined ||
    changedSoftState(core) !== undefined ||
    appliableIndex(core) > core.apply.handed
  );
}

/** Everything there is to do, once. */
export function takeReady(core: RaftCore): Ready {
  if (core.role === 'leader' && core.isSendDue) sendDue(core);
  forwardReads(core);
  const persist = takePersist(core);
  const softState = changedSoftState(core);
  if (softState !== undefined) core.shownSoftState = softState;
  const ready = {
    messages: core.outbox,
    persist,
    committed: takeCommitted(core),
    reads: core.readStates,
    refusedReads: core.refusedReads,
    softState,
  };
  core.outbox = [];
  core.readStates = [];
  core.refusedReads = [];
  return ready;
}

function takePersist(core: RaftCore): Persist | undefined {
  const snapshot = isSnapshotNew(core) ? core.pendingSnapshot : undefined;
  const hardState = changedHardState(core);
  const { term, vote } = core.shownHardState;
  const isVoteNew = hardState !== undefined && (hardState.term !== term || hardState.vote !== vote);
  const token = core.lastToken + 1;
  const entries = takeUnwritten(core.log, token);
  const mustSync = isVoteNew || entries.length > 0 || snapshot !== undefined || commitsConf(core);
  let persist: Persist | undefined;
  if (mustSync || hardState !== undefined) {
    core.lastToken = token;
    core.batches.push({ token, mustSync, snapshot, commit: core.apply.commit, held: [] });
    if (hardState !== undefined) core.shownHardState = hardState;
    persist = { token, snapshot, hardState, entries, mustSync };
  }
  holdBack(core);
  return persist;
}

/** What is held waits for the newest write that matters; with none under way it may go. */
function holdBack(core: RaftCore): void {
  if (core.held.length === 0) return;
  const { held } = core;
  core.held = [];
  const batch = core.batches.findLast((candidate) => candidate.mustSync);
  if (batch === undefined) release(core, held);
  else for (const message of held) batch.held.push(message);
}

/** The write `token`, and with it every earlier one, is durable. */
export function persisted(core: RaftCore, token: number): void {
  assert(token <= core.lastToken, `write ${token} was never asked for`);
  writtenThrough(core.log, token);
  const done: Batch[] = [];
  while (core.batches.length > 0 && core.batches[0]!.token <= token) {
    done.push(core.batches.shift()!);
  }
  for (const batch of done) {
    if (batch.mustSync) core.apply.durable = Math.max(core.apply.durable, batch.commit);
    if (batch.snapshot !== undefined) snapshotInstalled(core, batch.snapshot);
    release(core, batch.held);
  }
  if (core.role === 'leader') acknowledgeOwnDisk(core);
}

function snapshotInstalled(core: RaftCore, meta: NonNullable<Batch['snapshot']>): void {
  core.apply.applied = Math.max(core.apply.applied, meta.index);
  core.snapshot = meta;
  // A second one may have come meanwhile.
  if (core.pendingSnapshot === meta) core.pendingSnapshot = undefined;
  core.apply.bytes = 0;
}

/** Lets messages go; those of a past term have lost their meaning. */
function release(core: RaftCore, messages: Batch['held']): void {
  for (const message of messages) {
    if (message.term < core.term) continue;
    if (message.to === core.config.id) stepMessage(core, message);
    else core.outbox.push(message);
  }
}

/** Up to here the shell may apply: committed, and on the own disk. */
function appliableIndex(core: RaftCore): number {
  const { apply, log } = core;
  if (core.pendingSnapshot !== undefined) return apply.handed;
  if (apply.bytes >= core.config.maxApplyBytes) return apply.handed;
  const to = Math.min(apply.commit, log.stable);
  return unsyncedConf(core, to) ?? to;
}

/**
 * A change of the configuration is applied only once its commit is on disk: a replica that acts in
 * a configuration, and forgets it in a crash, could need the votes of those it has sent away.
 */
function unsyncedConf(core: RaftCore, to: number): number | undefined {
  const { apply, log } = core;
  for (let index = Math.max(apply.handed, apply.durable) + 1; index <= to; index++) {
    if (entryAt(log, index)?.type === 'config') return index - 1;
  }
  return undefined;
}

/** Whether the commit index moved over a config entry since it was last written. */
function commitsConf(core: RaftCore): boolean {
  for (let index = core.shownHardState.commit + 1; index <= core.apply.commit; index++) {
    if (entryAt(core.log, index)?.type === 'config') return true;
  }
  return false;
}

function takeCommitted(core: RaftCore): Entry[] {
  const { apply } = core;
  const to = appliableIndex(core);
  if (to <= apply.handed) return [];
  const room = core.config.maxApplyBytes - apply.bytes;
  const entries = sliceLog(core.log, apply.handed + 1, to, room);
  apply.handed = entries.at(-1)!.index;
  apply.bytes += bytesOf(entries);
  for (const entry of entries) if (entry.type === 'config') apply.confs.push(entry);
  return entries;
}

/** Everything up to `index` is in the state machine. */
export function applied(core: RaftCore, index: number): void {
  const { apply } = core;
  // A snapshot on its way in stands for all that was handed out before it.
  if (index <= apply.applied || core.pendingSnapshot !== undefined) return;
  assert(index <= apply.handed, `applied ${index}, but only ${apply.handed} was handed out`);
  const conf = apply.confs[0];
  assert(
    conf === undefined || conf.index > index,
    `applied ${index}, but config entry ${conf?.index} was not given to applyConfChange`,
  );
  const entries: Entry[] = [];
  for (let at = apply.applied + 1; at <= index; at++) entries.push(entryAt(core.log, at)!);
  apply.applied = index;
  apply.bytes -= bytesOf(entries);
  if (core.role === 'leader') releaseApplied(core, entries);
  proposeAutoLeave(core);
}

function isSnapshotNew(core: RaftCore): boolean {
  const { pendingSnapshot: meta } = core;
  return meta !== undefined && !core.batches.some((batch) => batch.snapshot === meta);
}

function changedHardState(core: RaftCore): HardState | undefined {
  const { term, vote } = core;
  const { commit } = core.apply;
  const shown = core.shownHardState;
  const isSame = shown.term === term && shown.vote === vote && shown.commit === commit;
  return isSame ? undefined : { term, vote, commit };
}

function changedSoftState(core: RaftCore): SoftState | undefined {
  const { leader, role, shownSoftState: shown } = core;
  return shown.leader === leader && shown.role === role ? undefined : { leader, role };
}
