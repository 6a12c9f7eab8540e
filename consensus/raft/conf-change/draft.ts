// A configuration being edited: sets instead of sorted lists, and who was newly added.

import { assert, unreachable } from '../../../runtime/index.ts';
import type { ConfState, ReplicaId } from '../types.ts';
import type { ConfStep } from './change.ts';

export interface Draft {
  readonly voters: Set<ReplicaId>;
  readonly outgoing: Set<ReplicaId>;
  readonly learners: Set<ReplicaId>;
  readonly learnersNext: Set<ReplicaId>;
  /** Every member, and whether this edit added it: its progress then starts anew. */
  readonly members: Map<ReplicaId, { readonly isNew: boolean }>;
  autoLeave: boolean;
}

/** A draft of `conf`, with nobody new in it. */
export function draftOf(conf: ConfState): Draft {
  return {
    voters: new Set(conf.voters),
    outgoing: new Set(conf.votersOutgoing),
    learners: new Set(conf.learners),
    learnersNext: new Set(conf.learnersNext),
    members: new Map(membersOf(conf).map((id) => [id, { isNew: false }])),
    autoLeave: conf.autoLeave,
  };
}

/** Every replica of a configuration, sorted. */
export function membersOf(conf: ConfState): ReplicaId[] {
  return sorted(new Set([...conf.voters, ...conf.votersOutgoing, ...conf.learners]));
}

/** Whether `id` votes in either half. */
export function isVoter(conf: ConfState, id: ReplicaId): boolean {
  return conf.voters.includes(id) || conf.votersOutgoing.includes(id);
}

/** Whether decisions need both halves. */
export function isJoint(conf: ConfState): boolean {
  return conf.votersOutgoing.length > 0;
}

/** The draft as a configuration, after its invariants were checked. */
export function confOf(draft: Draft): ConfState {
  const conf = {
    voters: sorted(draft.voters),
    votersOutgoing: sorted(draft.outgoing),
    learners: sorted(draft.learners),
    learnersNext: sorted(draft.learnersNext),
    autoLeave: draft.autoLeave,
  };
  checkConf(conf);
  return conf;
}

/** Throws when `conf` breaks what every configuration keeps. */
export function checkConf(conf: ConfState): void {
  for (const id of conf.learnersNext) {
    assert(conf.votersOutgoing.includes(id), `next learner ${id} is no outgoing voter`);
  }
  for (const id of conf.learners) {
    assert(!isVoter(conf, id), `learner ${id} is a voter as well`);
  }
  if (isJoint(conf)) return;
  assert(conf.learnersNext.length === 0, 'next learners outside a joint configuration');
  assert(!conf.autoLeave, 'autoLeave outside a joint configuration');
}

/** Edits the draft by one step; a step that changes nothing is fine. */
export function editDraft(draft: Draft, step: ConfStep): void {
  switch (step.type) {
    case 'add-voter':
      return makeVoter(draft, step.id);
    case 'add-learner':
      return makeLearner(draft, step.id);
    case 'remove':
      return remove(draft, step.id);
    default:
      return unreachable(step.type);
  }
}

function makeVoter(draft: Draft, id: ReplicaId): void {
  if (!draft.members.has(id)) draft.members.set(id, { isNew: true });
  draft.learners.delete(id);
  draft.learnersNext.delete(id);
  draft.voters.add(id);
}

/**
 * A voter of the outgoing half cannot be a learner at once, for nobody may be both: it stays a
 * voter and is noted in `learnersNext`, to become a learner when the joint configuration is left.
 */
function makeLearner(draft: Draft, id: ReplicaId): void {
  if (draft.learners.has(id)) return;
  const member = draft.members.get(id) ?? { isNew: true };
  remove(draft, id);
  draft.members.set(id, member);
  if (draft.outgoing.has(id)) draft.learnersNext.add(id);
  else draft.learners.add(id);
}

function remove(draft: Draft, id: ReplicaId): void {
  draft.voters.delete(id);
  draft.learners.delete(id);
  draft.learnersNext.delete(id);
  if (!draft.outgoing.has(id)) draft.members.delete(id);
}

function sorted(ids: ReadonlySet<ReplicaId>): ReplicaId[] {
  return [...ids].sort((a, b) => a - b);
}
