// From one configuration to the next: simple, enter-joint, leave-joint (Raft thesis chapter 4).
//
//                 one voter at most comes or goes
//            +---------------- simple ----------------+
//            |                                        v
//        [ voters ] -- enter-joint --> [ voters && outgoing ] -- leave-joint --> [ voters ]
//
// Any two neighbours share a voter in every pair of their quorums: that is why a decision of one is
// never missed by the other.

import { unreachable } from '../../../runtime/index.ts';
import type { ConfState, ReplicaId } from '../types.ts';
import { kindOf } from './change.ts';
import type { ConfChange, ConfStep } from './change.ts';
import { confOf, draftOf, editDraft, isJoint } from './draft.ts';
import type { Draft } from './draft.ts';

/** Why a change does not fit the configuration it was meant for. */
export type ConfRefusal =
  | 'already-joint' // a joint configuration must be left before the next one is entered
  | 'not-joint' // there is nothing to leave
  | 'no-voters' // a joint configuration needs voters to start from
  | 'removes-all-voters'
  | 'too-many-voters'; // more than one voter would change without a joint configuration

export type ConfOutcome =
  | {
      readonly ok: true;
      readonly conf: ConfState;
      /** Members whose progress starts anew. */
      readonly added: readonly ReplicaId[];
    }
  | { readonly ok: false; readonly reason: ConfRefusal };

/** The configuration before anything was agreed on. */
export const emptyConf: ConfState = {
  voters: [],
  votersOutgoing: [],
  learners: [],
  learnersNext: [],
  autoLeave: false,
};

/** Carries out `change` the way it asks for. */
export function nextConf(conf: ConfState, change: ConfChange): ConfOutcome {
  const kind = kindOf(change);
  switch (kind) {
    case 'simple':
      return simpleChange(conf, change.steps);
    case 'enter-joint':
      return enterJoint(conf, change.steps, change.transition !== 'explicit');
    case 'leave-joint':
      return exitJoint(conf);
    default:
      return unreachable(kind);
  }
}

/** Any number of learners may come and go, but at most one voter. */
export function simpleChange(conf: ConfState, steps: readonly ConfStep[]): ConfOutcome {
  if (isJoint(conf)) return { ok: false, reason: 'already-joint' };
  const draft = draftOf(conf);
  for (const step of steps) editDraft(draft, step);
  if (draft.voters.size === 0) return { ok: false, reason: 'removes-all-voters' };
  const left = conf.voters.filter((id) => !draft.voters.has(id)).length;
  const came = [...draft.voters].filter((id) => !conf.voters.includes(id)).length;
  if (left + came > 1) return { ok: false, reason: 'too-many-voters' };
  return outcomeOf(draft);
}

/** The present voters become the outgoing half, and the steps edit the incoming one. */
export function enterJoint(
  conf: ConfState,
  steps: readonly ConfStep[],
  autoLeave: boolean,
): ConfOutcome {
  if (isJoint(conf)) return { ok: false, reason: 'already-joint' };
  if (conf.voters.length === 0) return { ok: false, reason: 'no-voters' };
  const draft = draftOf(conf);
  for (const id of conf.voters) draft.outgoing.add(id);
  for (const step of steps) editDraft(draft, step);
  if (draft.voters.size === 0) return { ok: false, reason: 'removes-all-voters' };
  draft.autoLeave = autoLeave;
  return outcomeOf(draft);
}

/** The incoming half decides alone from here on. */
export function exitJoint(conf: ConfState): ConfOutcome {
  if (!isJoint(conf)) return { ok: false, reason: 'not-joint' };
  const draft = draftOf(conf);
  for (const id of draft.learnersNext) draft.learners.add(id);
  draft.learnersNext.clear();
  for (const id of draft.outgoing) {
    if (!draft.voters.has(id) && !draft.learners.has(id)) draft.members.delete(id);
  }
  draft.outgoing.clear();
  draft.autoLeave = false;
  return outcomeOf(draft);
}

function outcomeOf(draft: Draft): ConfOutcome {
  const added = [...draft.members].filter(([, member]) => member.isNew).map(([id]) => id);
  return { ok: true, conf: confOf(draft), added };
}
