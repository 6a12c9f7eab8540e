// The leader keeps the zone's voters right: records who joins, forgets who leaves, asks Raft for the next change.

import { encodeCommand } from '../store/command.ts';
import type { Transaction } from '../store/store.ts';
import type { ConfStep } from '../raft/conf-change/change.ts';
import type { RaftStatus } from '../raft/status.ts';
import type { ReplicaId } from '../raft/types.ts';
import type { RemoteMessage, Sender } from './protocol.ts';
import { fitterThan, heirAmong } from './leader-choice.ts';
import type { LeaderCandidate } from './leader-choice.ts';
import {
  forgetReplica,
  recordLife,
  recordReplica,
  replicaKey,
  replicaRecord,
  replicaRecords,
} from './replica-records.ts';
import type { ReplicaRecord } from './replica-records.ts';
import type { Replica, ReplicaContext } from './replica.ts';
import { peerOf } from './routes.ts';
import { votersEveryMs } from './timing.ts';
import { selectVoters } from './voter-selection.ts';
import type { Candidate, VoterChange } from './voter-selection.ts';

/** A learner this close behind the commit index may vote. */
const caughtUpEntries = 1_000;

/** Starts recorded at one look, when a whole zone has started: the rest comes with the next looks. */
const livesAtOnce = 32;

const propose = (replica: Replica, transaction: Transaction): void =>
  void replica.raft.propose([encodeCommand({ type: 'transaction', transaction })]);

/** A new replica asks to follow; until it is recorded it asks again. */
export function joinAsked(
  replica: Replica,
  { from, ...traits }: Extract<RemoteMessage, { type: 'join' }>,
): void {
  if (replica.raft.status().role !== 'leader') return;
  if (replica.machine.view.get(replicaKey(from.replica)) !== undefined) return;
  propose(replica, recordReplica(from, traits));
}

/** A replica leaves for good. The leader hands over first when it is the one that leaves. */
export function leaveAsked(replica: Replica, from: Sender): void {
  const { role, term, conf } = replica.raft.status();
  if (role !== 'leader') return;
  if (replica.machine.view.get(replicaKey(from.replica)) !== undefined) {
    return propose(replica, forgetReplica(from.replica));
  }
  const { voters, votersOutgoing, learners } = conf;
  const isMember = [...voters, ...votersOutgoing, ...learners].includes(from.replica);
  if (isMember) return;
  replica.replicaAt(from.peer).tell({ type: 'left', from: replica.self, term });
}

/** The founder's own record, and the record of a leader that was never recorded. True once there is one, or none is due. */
function isRecorded(replica: Replica): boolean {
  const { self, traits, machine } = replica;
  if (replica.leaving !== undefined || machine.view.get(replicaKey(self.replica)) !== undefined) {
    return true;
  }
  propose(replica, recordReplica(self, traits));
  return false;
}

/** One entry for each start of a replica that is heard of: its record tells every other life from this one. */
function recordLives(replica: Replica): void {
  const { machine, self, lives } = replica;
  const heard = (id: ReplicaId): number | undefined =>
    id === self.replica ? self.life : lives.get(id);
  const news = replicaRecords(machine.view).filter(({ replica: id, life }) => {
    const now = heard(id);
    return now !== undefined && now !== life;
  });
  for (const { replica: id } of news.slice(0, livesAtOnce)) {
    propose(replica, recordLife(machine.view, id, heard(id)!));
  }
}

/** Looks at the voters now and then; at most one change is under way at a time. */
export function considerVoters(replica: Replica, ctx: ReplicaContext): void {
  const nowMs = ctx.clock.monotonicMs();
  if (nowMs < replica.votersDueMs) return;
  replica.votersDueMs = nowMs + votersEveryMs;
  const status = replica.raft.status();
  const { conf } = status;
  if (status.role !== 'leader' || conf.votersOutgoing.length > 0 || !isRecorded(replica)) return;
  recordLives(replica);
  const candidates = candidatesFrom(replica, status, nowMs);
  if (yieldLeadership(replica, ctx, status)) return;
  const change = selectVoters(conf, replica.self.replica, candidates);
  if (change === undefined) return;
  const outcome = replica.raft.proposeConfChange({ transition: 'auto', steps: stepsOf(change) });
  if (outcome.accepted) {
    const { addLearners, promote, demote, remove } = change;
    ctx.log.info('the zone changes its voters', {
      learners: addLearners.join(' '),
      promoted: promote.join(' '),
      demoted: demote.join(' '),
      removed: remove.join(' '),
    });
  }
}

/**
 * To be called with each change of the configuration: a leader whose vote was just handed over hands over its
 * leadership while it still leads, so that the zone need not wait for an election.
 */
export function votersChanged(replica: Replica): void {
  const { role, conf } = replica.raft.status();
  if (role !== 'leader' || conf.voters.includes(replica.self.replica)) return;
  const to = successor(replica);
  if (to !== undefined) replica.raft.transferLeader(to);
}

/** A witness leads, or a peer that was cordoned, only while no other can. True when it hands over. */
function yieldLeadership(replica: Replica, ctx: ReplicaContext, status: RaftStatus): boolean {
  // A full disk is a reason of its own, see room.ts: there the leader first hears who is no better off.
  if (replica.leaving !== undefined || replica.room.isShort) return false;
  const { machine, self, voterWatch, raft } = replica;
  const record = replicaRecord(machine.view, self.replica);
  if (record === undefined) return false;
  const to = fitterThan(leaderCandidate(replica, status, record), otherVoters(replica, status));
  if (to === undefined || !voterWatch.mayYield(ctx.clock.monotonicMs())) return false;
  ctx.log.info('leadership of the zone is offered to a fitter voter', { to: peerOf(replica, to) });
  return raft.transferLeader(to).accepted;
}

function candidatesFrom(replica: Replica, status: RaftStatus, nowMs: number): Candidate[] {
  const { voterWatch, machine } = replica;
  const records = replicaRecords(machine.view);
  const newest = new Map(records.map((record) => [record.peer, record.replica]));
  const candidates = records.map((record) => ({
    ...standing(replica, status, record),
    domain: record.domain,
    superseded: newest.get(record.peer) !== record.replica,
  }));
  const steady = candidates.filter(({ alive, caughtUp }) => alive && caughtUp);
  voterWatch.look(
    status.term,
    steady.map(({ id }) => id),
    nowMs,
  );
  return candidates.map((candidate) => ({
    ...candidate,
    steadyForMs: voterWatch.steadyForMs(candidate.id, nowMs),
  }));
}

/** What this leader sees of a replica. */
function standing(replica: Replica, status: RaftStatus, { replica: id, ...record }: ReplicaRecord) {
  const isSelf = id === replica.self.replica;
  const match = replica.raft.followers().get(id)?.match ?? 0;
  const hasRoom = !replica.room.short.has(id);
  return {
    id,
    isWitness: record.isWitness === true,
    isWithdrawn: replica.isWithdrawn(record.peer),
    alive: isSelf || replica.health.isAlive(record.peer),
    deadForMs: isSelf ? 0 : replica.health.deadForMs(record.peer),
    hasRoom,
    // Whoever has no room will fall behind.
    caughtUp: hasRoom && (isSelf || (match + caughtUpEntries > status.commit && match > 0)),
  };
}

const leaderCandidate = (
  replica: Replica,
  status: RaftStatus,
  record: ReplicaRecord,
): LeaderCandidate => ({
  ...standing(replica, status, record),
  match: replica.raft.followers().get(record.replica)?.match ?? status.lastIndex,
});

/** Who could lead instead of this leader. One that leaves is not on the list any more. */
function otherVoters(replica: Replica, status: RaftStatus): LeaderCandidate[] {
  const { machine, self } = replica;
  return status.conf.voters
    .filter((id) => id !== self.replica)
    .map((id) => replicaRecord(machine.view, id))
    .filter((record) => record !== undefined)
    .map((record) => leaderCandidate(replica, status, record));
}

function stepsOf({ addLearners, promote, demote, remove }: VoterChange): ConfStep[] {
  const steps = (type: ConfStep['type'], ids: readonly number[]): ConfStep[] =>
    ids.map((id) => ({ type, id }));
  return [
    ...steps('add-learner', [...addLearners, ...demote]),
    ...steps('add-voter', promote),
    ...steps('remove', remove),
  ];
}

/** The best replica to lead after this one. */
export const successor = (replica: Replica): number | undefined =>
  heirAmong(otherVoters(replica, replica.raft.status()));
