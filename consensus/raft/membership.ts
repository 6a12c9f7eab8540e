// Changing who votes and who learns, by entries in the log (Raft thesis chapter 4).
//
//   proposeConfChange -> config entry -> committed -> Ready.committed -> shell -> applyConfChange
//
// A configuration counts from when its entry is applied. Neighbouring configurations have common
// quorums, two steps apart they need not: so a leader proposes a change only when all before it are
// applied, and nobody campaigns while it knows of a committed change it has not applied.

import { assert } from '../../runtime/index.ts';
import { checkConfChange, decodeConfChange, encodeConfChange } from './conf-change/change.ts';
import type { ConfChange } from './conf-change/change.ts';
import { leaveJoint } from './conf-change/change.ts';
import { nextConf } from './conf-change/changer.ts';
import type { ConfRefusal } from './conf-change/changer.ts';
import { isJoint, isVoter, membersOf } from './conf-change/draft.ts';
import { becomeFollower } from './core.ts';
import type { RaftCore } from './core.ts';
import { createProgress } from './progress.ts';
import { refuseProposal } from './proposal.ts';
import type { ProposalOutcome } from './proposal.ts';
import { entryAt, entryBytes, firstIndex, lastIndex } from './raft-log.ts';
import { confirmReads } from './read-index.ts';
import { acknowledgeOwnDisk, advanceCommit, appendAsLeader, sendDue } from './replication.ts';
import type { ConfState, Entry, ReplicaId } from './types.ts';

export type ConfProposalOutcome =
  | ProposalOutcome
  /** An earlier change, or an entry a new leader found in its log, is not applied yet. */
  | { readonly accepted: false; readonly reason: 'conf-change-pending' }
  | { readonly accepted: false; readonly reason: ConfRefusal };

/**
 * Appends a change of the configuration, when it fits the present one. Throws `invalid` for a
 * malformed change.
 */
export function proposeConfChange(core: RaftCore, change: ConfChange): ConfProposalOutcome {
  checkConfChange(change);
  const refusal = refuseProposal(core);
  if (refusal !== undefined) return refusal;
  if (core.pendingConfIndex > core.apply.applied) {
    return { accepted: false, reason: 'conf-change-pending' };
  }
  const next = nextConf(core.conf, change);
  if (!next.ok) return { accepted: false, reason: next.reason };
  const first = appendAsLeader(core, 'config', [encodeConfChange(change)]);
  core.pendingConfIndex = first;
  return { accepted: true, term: core.term, firstIndex: first };
}

/**
 * The configuration after `entry`, which Ready.committed handed out; to be called in order, before
 * it is reported applied.
 */
export function applyConfChange(core: RaftCore, entry: Entry): ConfState {
  const expected = core.apply.confs[0];
  // A snapshot that came meanwhile holds this change and perhaps later ones.
  if (entry.index <= core.log.compacted.index) return core.conf;
  assert(
    expected !== undefined && expected.index === entry.index,
    `config entry ${entry.index} applied, but ${expected?.index ?? 'none'} is the next`,
  );
  const outcome = nextConf(core.conf, decodeConfChange(entry.data));
  assert(outcome.ok, `config entry ${entry.index} does not fit the configuration it was agreed in`);
  core.apply.confs.shift();
  switchConf(core, outcome.conf, outcome.added);
  return core.conf;
}

/** Goes over to another configuration, and lets a leader draw the consequences. */
export function switchConf(core: RaftCore, conf: ConfState, added: readonly ReplicaId[]): void {
  core.conf = conf;
  if (core.role !== 'leader') return;
  const old = core.progress;
  core.progress = new Map();
  for (const id of membersOf(conf)) {
    const kept = added.includes(id) ? undefined : old.get(id);
    const next = Math.max(lastIndex(core.log), 1);
    core.progress.set(id, kept ?? createProgress(core.config, next, core.now));
  }
  if (!isVoter(conf, core.config.id)) {
    // Removed or made a learner. Those who stay should learn what is committed, then elect another.
    sendDue(core);
    becomeFollower(core, core.term, 0);
    return;
  }
  if (core.transfer !== undefined && !isVoter(conf, core.transfer.to)) core.transfer = undefined;
  acknowledgeOwnDisk(core);
  advanceCommit(core);
  confirmReads(core);
  core.isSendDue = true;
}

/** A leader leaves a joint configuration by itself, once it and all before it are applied. */
export function proposeAutoLeave(core: RaftCore): void {
  if (core.role !== 'leader' || !core.conf.autoLeave || !isJoint(core.conf)) return;
  if (core.pendingConfIndex > core.apply.applied || core.transfer !== undefined) return;
  core.pendingConfIndex = appendAsLeader(core, 'config', [encodeConfChange(leaveJoint)]);
}

/**
 * Whether a committed change waits to be applied: then the own configuration may be two steps
 * behind.
 */
export function hasUnappliedConf(core: RaftCore): boolean {
  for (let index = core.apply.applied + 1; index <= core.apply.commit; index++) {
    if (entryAt(core.log, index)?.type === 'config') return true;
  }
  return false;
}

/**
 * The index up to which a log proves itself committed: a leader proposes a change only when it has
 * applied every earlier one, so in any log all config entries but the last are committed. A replica
 * whose commit index was not synced before a crash learns from this what it must apply before it
 * campaigns.
 */
export function commitProvenByConf(core: RaftCore): number {
  let isLast = true;
  for (let index = lastIndex(core.log); index >= firstIndex(core.log); index--) {
    if (entryAt(core.log, index)!.type !== 'config') continue;
    if (!isLast) return index;
    isLast = false;
  }
  return 0;
}

/** A leader counts what is not applied; `entries` now are. */
export function releaseApplied(core: RaftCore, entries: readonly Entry[]): void {
  for (const entry of entries) core.unappliedBytes -= entryBytes(entry);
}
