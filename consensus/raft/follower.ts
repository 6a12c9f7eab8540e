// What a follower does with its leader's messages (paper section 5.3).

import { assert } from '../../runtime/index.ts';
import { becomeFollower, commitTo, drawElectionTimeout, envelope, send } from './core.ts';
import type { RaftCore } from './core.ts';
import { campaign } from './election.ts';
import { switchConf } from './membership.ts';
import type { Append, CommitNotice, Heartbeat, InstallSnapshot } from './messages.ts';
import { appendToLog, findConflictByTerm, lastIndex, restoreLog, termAt } from './raft-log.ts';
import type { Entry } from './types.ts';

/** Someone leads this term: follow. */
function follow(
  core: RaftCore,
  message: Append | CommitNotice | Heartbeat | InstallSnapshot,
): void {
  // It lives: no haste any more.
  const wasHurried = core.hurriedCampaigns > 0;
  core.hurriedCampaigns = 0;
  if (core.role !== 'follower') becomeFollower(core, core.term, message.from);
  else if (wasHurried) drawElectionTimeout(core);
  core.electionElapsed = 0;
  core.leader = message.from;
  core.leaderContact = core.now;
}

export function stepAppend(core: RaftCore, message: Append): void {
  follow(core, message);
  const { commit } = core.apply;
  if (message.prevIndex < commit) return accept(core, message, commit);
  if (termAt(core.log, message.prevIndex) !== message.prevTerm) return reject(core, message);
  const fresh = firstConflict(core, message.entries);
  if (fresh !== undefined) {
    assert(
      fresh > commit,
      `leader ${message.from} overwrites entry ${fresh}, committed up to ${commit}`,
    );
    appendToLog(core.log, message.entries.slice(fresh - message.prevIndex - 1));
  }
  const last = message.prevIndex + message.entries.length;
  // Behind `last` the own log may hold another leader's entries.
  commitTo(core, Math.min(message.commit, last));
  accept(core, message, last);
}

export function stepCommit(core: RaftCore, message: CommitNotice): void {
  follow(core, message);
  if (termAt(core.log, message.prevIndex) !== message.prevTerm) return;
  // Behind `prevIndex` the own log may hold another leader's entries.
  commitTo(core, Math.min(message.commit, message.prevIndex));
}

/** The first of `entries` that the own log lacks or has from another term. */
function firstConflict(core: RaftCore, entries: readonly Entry[]): number | undefined {
  for (const entry of entries) {
    const ours = termAt(core.log, entry.index);
    if (ours === undefined || core.rules.isConflict(ours, entry.term)) return entry.index;
  }
  return undefined;
}

function accept(core: RaftCore, message: Append | InstallSnapshot, index: number): void {
  send(core, { ...envelope(core, message.from), type: 'append-accepted', index });
}

/** Says where the logs may agree, so that the leader need not feel its way back entry by entry. */
function reject(core: RaftCore, message: Append): void {
  const from = Math.min(message.prevIndex, lastIndex(core.log));
  const hint = findConflictByTerm(core.log, from, message.prevTerm);
  send(core, {
    ...envelope(core, message.from),
    type: 'append-rejected',
    prevIndex: message.prevIndex,
    hintIndex: hint.index,
    hintTerm: hint.term,
  });
}

export function stepHeartbeat(core: RaftCore, message: Heartbeat): void {
  follow(core, message);
  commitTo(core, message.commit);
  const { readRound } = message;
  send(core, { ...envelope(core, message.from), type: 'heartbeat-reply', readRound });
}

/**
 * A snapshot whose data the shell has received. One that brings nothing new is answered with what
 * is committed; else the Ready asks the shell to install it, and the answer waits for that.
 */
export function stepInstallSnapshot(core: RaftCore, message: InstallSnapshot): void {
  follow(core, message);
  const { meta } = message;
  if (meta.index <= core.apply.commit) return accept(core, message, core.apply.commit);
  if (termAt(core.log, meta.index) === meta.term) {
    // The log has it all already; it only did not know that it is committed.
    commitTo(core, meta.index);
    return accept(core, message, meta.index);
  }
  restoreLog(core.log, meta);
  core.apply.commit = meta.index;
  core.apply.handed = meta.index;
  core.apply.confs = [];
  core.pendingSnapshot = meta;
  switchConf(core, meta.conf, []);
  accept(core, message, meta.index);
}

/** The leader hands over: campaign without asking first, for this is no disturbance. */
export function stepTimeoutNow(core: RaftCore): void {
  if (core.role === 'follower') campaign(core, 'transfer');
}
