// How a replica leaves its zone for good: its leadership first, then its record and its seat.
//
//   asked to leave --> hands over, asks the leader to be let go, again and again --> a leader says that it is out
//
// It does not conclude from its own log that it is out: those who stay may not know yet that the change is committed,
// and could not elect a leader without its vote.

import type { Result } from '../../runtime/index.ts';
import { failed, ok, SkeinError } from '../../runtime/index.ts';
import { membersOf } from '../raft/conf-change/draft.ts';
import type { LocalRequest } from './protocol.ts';
import type { Replica } from './replica.ts';
import { leadingPeer } from './routes.ts';
import { askAgainMs } from './timing.ts';
import { leaveAsked, successor } from './voters.ts';

/** Lets a voter lead that can, if this replica leads. */
export function handOver(replica: Replica): void {
  if (replica.raft.status().role !== 'leader') return;
  const to = successor(replica);
  if (to !== undefined) replica.raft.transferLeader(to);
}

/** Also while it joins: nobody is there that it could leave the zone to. */
const isAlone = ({ raft, self }: Replica): boolean =>
  membersOf(raft.status().conf).every((id) => id === self.replica);

const lastOfZone = (): Result<never> =>
  failed(
    new SkeinError('forbidden', 'this is the last peer of its zone: stop it instead of leaving'),
  );

/** Errors, by the request: forbidden for the last peer of its zone. */
export function startLeaving(
  replica: Replica,
  request: Extract<LocalRequest, { type: 'leave-zone' }>,
): void {
  if (isAlone(replica)) return request.settle(lastOfZone());
  // Whoever asks again, because the first answer took too long, hears the same answer.
  const { leaving: before } = replica;
  replica.leaving = (left) => {
    before?.(left);
    request.settle(left);
  };
}

/** With each tick: hands leadership over, and asks to be let go. */
export function goOnLeaving(replica: Replica, nowMs: number): void {
  if (replica.leaving === undefined || nowMs - replica.askedAtMs < askAgainMs) return;
  replica.askedAtMs = nowMs;
  if (replica.raft.status().role === 'leader') {
    // All others left meanwhile: it stays, and is put on the list again.
    if (isAlone(replica)) return letGo(replica, lastOfZone());
    // Off the list first: nobody hands leadership to one that leaves, and a learner can take a lone voter's place.
    leaveAsked(replica, replica.self);
    return handOver(replica);
  }
  // Once it is out it hears of no leader any more: any peer may be the one.
  const peer = leadingPeer(replica);
  for (const each of peer === undefined ? replica.joinThrough() : [peer]) {
    replica.replicaAt(each).tell({ type: 'leave', from: replica.self });
  }
}

/** It is out, or stays after all. */
export function letGo(replica: Replica, outcome: Result<void> = ok(undefined)): void {
  replica.hasLeft ||= outcome.ok;
  replica.leaving?.(outcome);
  replica.leaving = undefined;
}
