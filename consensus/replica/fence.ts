// Fencing, done: what `fencing.ts` decides about who speaks, and how a replica ends its own part.
//
//   acting --newer epoch, proof of a rollback, removed--> fenced: acts no more --marked on disk--> stopped
//                                                             next start: old log set aside, blank one, new id --> joins

import { SkeinError } from '../../runtime/index.ts';
import { formatEpoch } from './epoch.ts';
import { isLifeCredible, judgeEpoch, provesLoss } from './fencing.ts';
import type { Fenced, Sender, WireMessage } from './protocol.ts';
import { replicaRecord, replicaRecords } from './replica-records.ts';
import type { Replica, ReplicaContext } from './replica.ts';
import { seekAfterTicks } from './timing.ts';

/** Peers asked in one round by a replica that hears of no leader; the next round asks others. */
const soughtAtOnce = 5;

/** This replica's part has ended; the peer starts again and joins as a new one. */
function fencedError(why: string): SkeinError {
  const sentence = `${why}; starting this peer again sets its log aside and joins as a new replica`;
  return new SkeinError('stopped', sentence, { reason: 'fenced' });
}

/** Tells the end of a replica that a start of its peer heals from every other failure. */
export function isFenced(error: unknown): boolean {
  return error instanceof SkeinError && error.details['reason'] === 'fenced';
}

/** Acts no more from here on; once that cannot be forgotten by a crash, the replica stops. */
function fence(replica: Replica, ctx: ReplicaContext, why: string): void {
  if (replica.fenced !== undefined) return;
  replica.fenced = why;
  ctx.log.warn('this replica is fenced: its peer comes back as a new one', { why });
  ctx.run(
    () => replica.markLog(why),
    (outcome) => ({ type: 'broken', error: outcome.ok ? fencedError(why) : outcome.error }),
  );
}

/** The only voter is not fenced for a rollback: nobody could go on without it, and nobody but a person may choose. */
function rolledBack(replica: Replica, ctx: ReplicaContext, what: string): void {
  const { voters, votersOutgoing } = replica.raft.status().conf;
  const isOnly = voters.length === 1 && votersOutgoing.length === 0;
  const why = `this replica's directory is an old copy: ${what}`;
  if (!isOnly || voters[0] !== replica.self.replica) return fence(replica, ctx, why);
  throw new SkeinError(
    'corrupt',
    `${why}, and it is the only voter of its zone: run \`skein recover --dry-run\` here and at the other peers, ` +
      'and `skein recover` at the one that has most',
  );
}

/** Whether what `from` says is to be acted on; answers it, or ends this replica, where that is due. */
export function admitSender(replica: Replica, from: Sender, ctx: ReplicaContext): boolean {
  if (replica.fenced !== undefined) return false;
  if (!livesThere(replica, from)) {
    ctx.log.debug('a message of the zone log was refused: its replica lives on another peer', {
      ...from,
    });
    return false;
  }
  if (from.epoch !== replica.self.epoch && !isOfEpoch(replica, from, ctx)) return false;
  if (replica.lives.get(from.replica) === from.life) return true;
  const recorded = replicaRecord(replica.machine.view, from.replica)?.life;
  if (!isLifeCredible(recorded, from.life)) {
    tellFenced(replica, from, 'rolled-back');
    return false;
  }
  replica.lives.set(from.replica, from.life);
  return true;
}

/** The door has checked that the message is of `from.peer`; the log says which replica of the zone is that peer's. */
function livesThere(replica: Replica, { replica: id, peer, life }: Sender): boolean {
  // Looked up already: what was heard of its life is forgotten with each change of a record.
  if (replica.lives.get(id) === life && replica.routes.get(id) === peer) return true;
  if (id === replica.self.replica) return peer === replica.self.peer;
  const recorded = replicaRecord(replica.machine.view, id)?.peer;
  return recorded === undefined || recorded === peer;
}

function isOfEpoch(replica: Replica, from: Sender, ctx: ReplicaContext): boolean {
  const { self } = replica;
  const holdsNothing = replica.raft.status().conf.voters.length === 0;
  const verdict = judgeEpoch(self.epoch, from.epoch, holdsNothing);
  if (verdict === 'answer') tellFenced(replica, from, 'epoch');
  if (verdict === 'adopt') replica.self = { ...self, epoch: from.epoch };
  if (verdict === 'stop') {
    const [own, newer] = [formatEpoch(self.epoch), formatEpoch(from.epoch)];
    fence(
      replica,
      ctx,
      `the zone was recovered without this replica: epoch ${newer} is over ${own}`,
    );
  }
  return verdict === 'act' || verdict === 'adopt';
}

function tellFenced(replica: Replica, to: Sender, why: Fenced['why']): void {
  replica.replicaAt(to.peer).tell({
    type: 'fenced',
    from: replica.self,
    replica: to.replica,
    life: to.life,
    why,
    term: replica.raft.status().term,
  });
}

/** Another replica says that this one's part has ended. What is meant for an earlier life is over already. */
export function fencedByOther(replica: Replica, message: Fenced, ctx: ReplicaContext): void {
  const { self } = replica;
  if (message.replica !== self.replica || message.life !== self.life) return;
  switch (message.why) {
    case 'rolled-back':
      return rolledBack(replica, ctx, 'the zone knows of a later start of it');
    case 'removed':
      // A deposed leader may not know yet that this replica is in.
      if (message.term < replica.raft.status().term) return;
      return fence(replica, ctx, 'the zone goes on without this replica');
    case 'epoch':
      // From an epoch that is not above this one.
      return;
  }
}

/** A heartbeat of a leader that was told more by this very replica than it has. */
export function isLossProven(replica: Replica, message: WireMessage, ctx: ReplicaContext): boolean {
  if (message.type !== 'heartbeat') return false;
  const status = replica.raft.status();
  if (!provesLoss(message, status)) return false;
  const { lastIndex } = status;
  rolledBack(replica, ctx, `it ends at entry ${lastIndex} and had acknowledged ${message.commit}`);
  return true;
}

/** A record of a replica came, changed or went: what was believed of its life is looked up again. */
export function recordsChanged(replica: Replica, ctx: ReplicaContext): void {
  replica.lives.clear();
  const { self, machine } = replica;
  const recorded = replicaRecord(machine.view, self.replica)?.life;
  if (isLifeCredible(recorded, self.life)) return;
  rolledBack(replica, ctx, 'the log tells of a later start of it');
}

/** Asks peers of the zone, in turn, when no leader was heard for long: nobody else may ever speak to this replica again. */
export function seekLeader(replica: Replica, nowMs: number): void {
  if (replica.leaving !== undefined || replica.hasLeft) return;
  const { role, ticksSinceContact } = replica.raft.status();
  if (role === 'leader' || ticksSinceContact < seekAfterTicks) return;
  replica.askedAtMs = nowMs;
  const peers = replica.joinThrough();
  const first = replica.ticks % Math.max(1, peers.length);
  const turn = [...peers.slice(first), ...peers.slice(0, first)].slice(0, soughtAtOnce);
  for (const peer of turn) replica.replicaAt(peer).tell({ type: 'seek', from: replica.self });
}

/** Only a leader that has applied an entry of its own term knows all who belong to the zone. */
export function seekAsked(replica: Replica, from: Sender): void {
  const { role, term, applied, conf } = replica.raft.status();
  if (role !== 'leader' || replica.raft.termAt(applied) !== term) return;
  const { voters, votersOutgoing, learners, learnersNext } = conf;
  if ([...voters, ...votersOutgoing, ...learners, ...learnersNext].includes(from.replica)) return;
  const records = replicaRecords(replica.machine.view);
  const newest = records.filter(({ peer }) => peer === from.peer).at(-1);
  if (newest?.replica === from.replica) return;
  tellFenced(replica, from, 'removed');
}
