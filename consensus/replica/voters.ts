// The leader keeps the zone's voters right: records who joins, forgets who leaves, asks Raft for the next change.

import { encodeCommand } from '../store/command.ts';
import type { Transaction } from '../store/store.ts';
import type { ConfStep } from '../raft/conf-change/change.ts';
import type { RaftStatus } from '../raft/status.ts';
import type { RemoteMessage, Sender } from './protocol.ts';
import {
  forgetReplica,
  recordLife,
  recordReplica,
  replicaKey,
  replicaRecords,
} from './replica-records.ts';
import type { ReplicaRecord } from './replica-records.ts';
import type { Replica, ReplicaContext } from './replica.ts';
import { votersEveryMs } from './timing.ts';
import { selectVoters } from './voter-selection.ts';
import type { Candidate, VoterChange } from './voter-selection.ts';

/** A learner this close behind the commit index may vote. */
const caughtUpEntries = 1_000;

const propose = (replica: Replica, transaction: Transaction): void =>
  void replica.raft.propose([encodeCommand({ type: 'transaction', transaction })]);

/** A new replica asks to follow; until it is recorded it asks again. */
export function joinAsked(
  replica: Replica,
  { from, domain }: Extract<RemoteMessage, { type: 'join' }>,
): void {
  if (replica.raft.status().role !== 'leader') return;
  if (replica.machine.view.get(replicaKey(from.replica)) !== undefined) return;
  propose(replica, recordReplica(from, domain));
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

/** The founder's own record, and the record of a leader that was never recorded. */
function recordSelf(replica: Replica): void {
  const { self, domain, machine } = replica;
  if (replica.leaving !== undefined || machine.view.get(replicaKey(self.replica)) !== undefined) {
    return;
  }
  propose(replica, recordReplica(self, domain));
}

/** One entry for each start of a replica that is heard of: its record tells every other life from this one. */
function recordLives(replica: Replica): void {
  const { machine, self, lives } = replica;
  for (const { replica: id, life } of replicaRecords(machine.view)) {
    const heard = id === self.replica ? self.life : lives.get(id);
    if (heard === undefined || heard === life) continue;
    propose(replica, recordLife(machine.view, id, heard));
  }
}

/** Looks at the voters now and then; at most one change is under way at a time. */
export function considerVoters(replica: Replica, ctx: ReplicaContext): void {
  const now = ctx.clock.monotonicMs();
  if (now < replica.votersDueMs) return;
  replica.votersDueMs = now + votersEveryMs;
  const status = replica.raft.status();
  const { conf } = status;
  if (status.role !== 'leader' || conf.votersOutgoing.length > 0) return;
  recordSelf(replica);
  recordLives(replica);
  const candidates = candidatesFrom(replica, status);
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

function candidatesFrom(replica: Replica, status: RaftStatus): Candidate[] {
  const records = replicaRecords(replica.machine.view);
  const newest = new Map(records.map((record) => [record.peer, record.replica]));
  return records.map((record) => candidate(replica, status, record, newest));
}

function candidate(
  replica: Replica,
  status: RaftStatus,
  record: ReplicaRecord,
  newest: ReadonlyMap<string, number>,
): Candidate {
  const id = record.replica;
  const isSelf = id === replica.self.replica;
  const follower = status.followers.get(id);
  return {
    id,
    domain: record.domain,
    alive: isSelf || replica.health.isAlive(record.peer),
    deadForMs: isSelf ? 0 : replica.health.deadForMs(record.peer),
    caughtUp:
      isSelf ||
      (follower !== undefined &&
        follower.match + caughtUpEntries > status.commit &&
        follower.match > 0),
    superseded: newest.get(record.peer) !== id,
  };
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

/** The best replica to lead after this one: a living voter that is furthest along. */
export function successor(replica: Replica): number | undefined {
  const { conf, followers } = replica.raft.status();
  const records = new Map(
    replicaRecords(replica.machine.view).map((record) => [record.replica, record.peer]),
  );
  return conf.voters
    .filter((id) => id !== replica.self.replica)
    .filter((id) => {
      const peer = records.get(id);
      return peer !== undefined && replica.health.isAlive(peer);
    })
    .sort((a, b) => (followers.get(b)?.match ?? 0) - (followers.get(a)?.match ?? 0) || a - b)[0];
}
