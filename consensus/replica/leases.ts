// Leases at the leader: renewed after a quorum round, ended by an entry (design, law 1).

import { ok, SkeinError, failed } from '../../runtime/index.ts';
import type { Result } from '../../runtime/index.ts';
import type { Lease } from '../store/store.ts';
import type { CommandAnswer } from '../store/state-machine.ts';
import { encodeCommand } from '../store/command.ts';
import { leadingPeer } from './routes.ts';
import type { LocalRequest, RemoteMessage } from './protocol.ts';
import { isRenewReply } from './remote-message-schema.ts';
import type { Replica, ReplicaContext } from './replica.ts';

/** An end that was proposed and not applied for this long is proposed again. */
const proposeAgainMs = 2_000;

/** The leader starts the clock of a lease it has just granted, and stops that of one that ended. */
export function followLease(replica: Replica, answer: CommandAnswer, nowMs: number): void {
  if (answer.type === 'lease-granted') replica.lessor.granted(answer.lease, nowMs);
  if (answer.type !== 'lease-ended') return;
  replica.lessor.ended(answer.id);
  replica.endingLeases.delete(answer.id);
}

/** The leader proposes the end of what is past its deadline. */
export function endExpiredLeases(replica: Replica, nowMs: number): void {
  for (const id of replica.lessor.expired(nowMs)) {
    const proposedAtMs = replica.endingLeases.get(id) ?? Number.NEGATIVE_INFINITY;
    if (nowMs - proposedAtMs < proposeAgainMs) continue;
    const outcome = replica.raft.propose([encodeCommand({ type: 'end-lease', id })]);
    if (outcome.accepted) replica.endingLeases.set(id, nowMs);
  }
}

const leaderChanged = (): SkeinError =>
  new SkeinError('unavailable', 'the leader changed while a lease was renewed');

const ended = (id: number): SkeinError =>
  new SkeinError('not-found', `lease ${id} has ended: what it protected is no longer yours`);

/** This peer renews a lease: through its own quorum round when it leads, else by asking the leader. */
export function keepLease(
  replica: Replica,
  ctx: ReplicaContext,
  request: Extract<LocalRequest, { type: 'keep-lease' }>,
): void {
  const { lease, deadlineAtMs, settle } = request;
  if (replica.raft.status().role === 'leader') {
    renew(replica, ctx, lease, deadlineAtMs, settle);
    return;
  }
  const peer = leadingPeer(replica);
  const waitMs = deadlineAtMs - ctx.clock.monotonicMs();
  if (peer === undefined || waitMs <= 0) {
    settle(
      failed(new SkeinError('unavailable', 'the zone has no leader that could renew a lease')),
    );
    return;
  }
  const { self } = replica;
  ctx.ask<Extract<RemoteMessage, { type: 'renew' }>>(
    replica.replicaAt(peer),
    (replyTo) => ({ type: 'renew', from: self, lease, replyTo }),
    waitMs,
    (reply) => ({ type: 'renewal-answered', lease, reply, settle }),
  );
}

/** What the leader's peer answered to a renewal, as this peer's own answer. No door has looked at it. */
export function renewalAnswered(
  lease: number,
  reply: unknown,
  settle: Extract<LocalRequest, { type: 'keep-lease' }>['settle'],
): void {
  if (!isRenewReply(reply)) return settle(failed(leaderChanged()));
  switch (reply.type) {
    case 'renewed':
      return settle(ok<Lease>({ id: lease, ttlMs: reply.ttlMs }));
    case 'ended':
      return settle(failed(ended(lease)));
    case 'not-leader':
      return settle(failed(leaderChanged()));
  }
}

/** Another peer asks this one, as leader, to renew. */
export function renewForPeer(
  replica: Replica,
  ctx: ReplicaContext,
  message: Extract<RemoteMessage, { type: 'renew' }>,
  deadlineAtMs: number,
): void {
  const { lease, replyTo } = message;
  if (replica.raft.status().role !== 'leader') {
    replyTo.tell({ type: 'not-leader' });
    return;
  }
  renew(replica, ctx, lease, deadlineAtMs, (renewed) => {
    if (renewed.ok) replyTo.tell({ type: 'renewed', ttlMs: renewed.value.ttlMs });
    else replyTo.tell({ type: renewed.error.code === 'not-found' ? 'ended' : 'not-leader' });
  });
}

/**
 * A quorum must say that this replica still leads, in a round begun after the request came. Only then is it known
 * which leases there are: a new leader may not have applied a grant that its predecessor confirmed.
 */
function renew(
  replica: Replica,
  ctx: ReplicaContext,
  lease: number,
  deadlineAtMs: number,
  answer: (renewed: Result<Lease>) => void,
): void {
  const settle = (confirmed: Result<number>): void => {
    if (!confirmed.ok) return answer(confirmed);
    // Another leader may have answered the round: what this one knew of leases is gone then.
    if (!replica.wasLeader) return answer(failed(leaderChanged()));
    const renewed = replica.lessor.renewed(lease, ctx.clock.monotonicMs());
    return answer(renewed === undefined ? failed(ended(lease)) : ok(renewed));
  };
  // Nobody is in a hurry: renewals are asked for long before a lease ends, and all of them share the next heartbeat's round.
  replica.rounds.add(deadlineAtMs, settle, 'with-heartbeat');
}
