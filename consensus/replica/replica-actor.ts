// The shell of one replica of the zone's log: messages, ticks and promises in; Raft decides.

import type { Actor } from '../../runtime/index.ts';
import { failed, ok, SkeinError, unreachable } from '../../runtime/index.ts';
import { encodeCommand } from '../store/command.ts';
import { refuseCommand } from '../store/command-header.ts';
import { compactionsDue } from '../store/compaction.ts';
import { createEntryPacker } from './entry-packing.ts';
import { refresh, refreshEveryTicks } from './freshness.ts';
import { endExpiredLeases, keepLease, renewalAnswered, renewForPeer } from './leases.ts';
import { admitSender, fencedByOther, isLossProven, seekAsked, seekLeader } from './fence.ts';
import { goOnLeaving, handOver, letGo, startLeaving } from './leaving.ts';
import { createLogWrites } from './log-writes.ts';
import { createPendingWrites } from './pending-writes.ts';
import { cutBySize } from './protocol.ts';
import type { HandedWrite, LocalRequest, RemoteMessage, Sender } from './protocol.ts';
import { createQuorumRounds } from './reads.ts';
import { handleReady, writeCommit } from './ready.ts';
import { claimedPeer, refusalTextLimit, remoteMessageSchema } from './remote-message-schema.ts';
import { leadingPeer, peerOf } from './routes.ts';
import { postStatus } from './replica-status.ts';
import type {
  Replica,
  ReplicaContext,
  ReplicaMessage,
  ReplicaOptions,
  SelfMessage,
} from './replica.ts';
import { considerRoom, createRoom, roomTold } from './room.ts';
import { createSnapshotReceiver } from './snapshot-receiver.ts';
import { createSnapshotSender } from './snapshot-sender.ts';
import { chunkRead, chunkReceived, chunkWanted, nudgeTransfers } from './snapshot-transfers.ts';
import { createCoverage, saveSnapshotIfDue, snapshotDropped, snapshotSaved } from './snapshots.ts';
import { stepChecked } from './step.ts';
import { askAgainMs, progressEveryTicks, statusEveryTicks, tickMs } from './timing.ts';
import { createVoterWatch } from './voter-watch.ts';
import { considerVoters, joinAsked, leaveAsked } from './voters.ts';

/** How long a renewal may wait for a quorum at the leader. */
const renewalWaitMs = 2_000;

export const replicaActor: Actor<ReplicaMessage, Replica, ReplicaOptions> = {
  mailboxLimit: 50_000,
  schema: remoteMessageSchema,
  claimedPeer,
  start: (options, ctx) => {
    const replica: Replica = {
      ...options,
      pending: createPendingWrites(),
      packEntries: createEntryPacker(),
      rounds: createQuorumRounds(options.self.replica, options.session),
      writes: createLogWrites(options.log),
      room: createRoom(),
      sender: createSnapshotSender(),
      receiver: createSnapshotReceiver(options.machine.restore),
      routes: new Map(),
      lives: new Map(),
      fenced: undefined,
      lastHardState: options.hardState,
      unwrittenCommit: undefined,
      coverage: createCoverage(options.raft.status().snapshotIndex, options.snapshotBytes),
      isFlushDue: false,
      wasLeader: false,
      ticks: 0,
      votersDueMs: 0,
      voterWatch: createVoterWatch(),
      compactingTo: 0,
      endingLeases: new Map(),
      askedAtMs: Number.NEGATIVE_INFINITY,
      leaving: undefined,
      hasLeft: false,
    };
    const { setAside } = options;
    if (setAside !== undefined) {
      const { why, directory } = setAside;
      ctx.log.warn('this peer joins as a new replica: its old log was set aside', {
        why,
        directory,
      });
    }
    ctx.after('tick', tickMs, { type: 'tick' });
    handleReady(replica, ctx);
    // A lone voter need not wait for an election that nobody can contest.
    const { voters } = replica.raft.status().conf;
    if (voters.length === 1 && voters[0] === options.self.replica) replica.raft.campaign();
    handleReady(replica, ctx);
    return replica;
  },
  receive: (replica, message, ctx) => {
    handle(replica, message, ctx);
    if (replica.fenced === undefined) handleReady(replica, ctx);
    return replica;
  },
  stopped: (replica) => {
    replica.pending.close();
    replica.rounds.close();
    replica.leaving?.(failed(new SkeinError('stopped', 'this peer stopped before it had left')));
    replica.machine.close();
  },
};

function handle(replica: Replica, message: ReplicaMessage, ctx: ReplicaContext): void {
  switch (message.type) {
    case 'raft':
    case 'hand-over':
    case 'not-taken':
    case 'refused':
    case 'room':
    case 'join':
    case 'leave':
    case 'left':
    case 'seek':
    case 'fenced':
    case 'renew':
    case 'snapshot-chunk':
    case 'snapshot-wanted':
      if (!admitSender(replica, message.from, ctx)) return;
      replica.routes.set(message.from.replica, message.from.peer);
      return fromReplica(replica, message, ctx);
    case 'write':
    case 'barrier':
    case 'keep-lease':
    case 'hand-leadership-over':
    case 'leave-zone':
      return fromPeer(replica, message, ctx);
    default:
      return fromSelf(replica, message, ctx);
  }
}

function fromReplica(replica: Replica, message: RemoteMessage, ctx: ReplicaContext): void {
  switch (message.type) {
    case 'raft':
      for (const each of message.messages) {
        // Then nothing more is acted on, the rest of the message neither.
        if (isLossProven(replica, each, ctx)) return;
        stepChecked(replica, each, ctx);
      }
      return;
    case 'hand-over':
      return handedOver(replica, message.from, message.writes);
    case 'not-taken':
      return replica.pending.notTaken(message.sequences);
    case 'refused': {
      const { code, message: why, reason, sequences } = message;
      return replica.pending.refused(sequences, new SkeinError(code, why, { reason }));
    }
    case 'room':
      return roomTold(replica, message, ctx.clock.monotonicMs());
    case 'join':
      return joinAsked(replica, message);
    case 'leave':
      return leaveAsked(replica, message.from);
    case 'left':
      // A deposed leader may not know yet that this replica is in.
      if (message.term >= replica.raft.status().term) letGo(replica);
      return;
    case 'seek':
      return seekAsked(replica, message.from);
    case 'fenced':
      return fencedByOther(replica, message, ctx);
    case 'renew':
      return renewForPeer(replica, ctx, message, ctx.clock.monotonicMs() + renewalWaitMs);
    case 'snapshot-chunk':
      return chunkReceived(replica, ctx, message);
    case 'snapshot-wanted':
      return chunkWanted(replica, ctx, message);
    default:
      return unreachable(message);
  }
}

function fromPeer(replica: Replica, request: LocalRequest, ctx: ReplicaContext): void {
  switch (request.type) {
    case 'write':
      replica.pending.add(request);
      return flushSoon(replica, ctx);
    case 'barrier':
      awaitRound(replica, ctx, request);
      return flushSoon(replica, ctx);
    case 'keep-lease':
      // Its round waits for a heartbeat anyhow: the next tick asks for it.
      return keepLease(replica, ctx, request);
    case 'hand-leadership-over':
      return handOver(replica);
    case 'leave-zone':
      return startLeaving(replica, request);
    default:
      return unreachable(request);
  }
}

function awaitRound(
  { rounds, freshness, machine }: Replica,
  ctx: ReplicaContext,
  { deadlineAtMs, settle }: Extract<LocalRequest, { type: 'barrier' }>,
): void {
  const beganMs = ctx.clock.monotonicMs();
  rounds.add(deadlineAtMs, (confirmed) => {
    if (confirmed.ok) freshness.confirmed(beganMs);
    settle(confirmed.ok ? ok(machine.view.revision()) : confirmed);
  });
}

function fromSelf(replica: Replica, message: SelfMessage, ctx: ReplicaContext): void {
  if (replica.fenced !== undefined && message.type !== 'broken') return;
  switch (message.type) {
    case 'tick':
      return tick(replica, ctx);
    case 'flush':
      replica.isFlushDue = false;
      return flush(replica, ctx);
    case 'persisted':
      replica.raft.persisted(message.token);
      // The last writes before the disk is full need not wait for a tick to be known as such.
      return replica.writes.hasRoom() ? undefined : considerRoom(replica, ctx);
    case 'room-sought':
      return considerRoom(replica, ctx);
    case 'snapshot-saved':
      return snapshotSaved(replica, ctx, message.meta, message.bytes);
    case 'snapshot-dropped':
      return snapshotDropped(replica, ctx);
    case 'chunk-read':
      return chunkRead(replica, ctx, message.to, message.read, message.data);
    case 'renewal-answered':
      return message.reply.ok
        ? renewalAnswered(message.lease, message.reply.value, message.settle)
        : message.settle(message.reply);
    case 'broken':
      throw message.error;
    default:
      return unreachable(message);
  }
}

function tick(replica: Replica, ctx: ReplicaContext): void {
  const now = ctx.clock.monotonicMs();
  ctx.after('tick', tickMs, { type: 'tick' });
  replica.raft.tick();
  suspectLeader(replica);
  replica.pending.expire(now);
  replica.rounds.expire(now);
  flush(replica, ctx);
  writeCommit(replica, ctx);
  nudgeTransfers(replica, now);
  considerRoom(replica, ctx);
  saveSnapshotIfDue(replica, ctx);
  if (replica.wasLeader) {
    considerVoters(replica, ctx);
    endExpiredLeases(replica, now);
    compactRevisions(replica);
  }
  askToJoin(replica, now);
  goOnLeaving(replica, now);
  if (replica.ticks % refreshEveryTicks === 0) refresh(replica, ctx);
  replica.ticks += 1;
  if (replica.ticks % statusEveryTicks === 0) postStatus(replica);
  if (replica.ticks % progressEveryTicks === 0) replica.machine.tellProgress();
}

/** What the mesh knows of the leader's peer shortens the wait for another, many times over when it was killed. */
function suspectLeader(replica: Replica): void {
  const { role, leader } = replica.raft.status();
  const peer = role === 'follower' && leader !== 0 ? peerOf(replica, leader) : undefined;
  if (peer !== undefined && !replica.health.isAlive(peer)) replica.raft.suspectLeader();
}

/** Everything that came in this turn goes out together. */
function flushSoon(replica: Replica, ctx: ReplicaContext): void {
  if (replica.isFlushDue) return;
  replica.isFlushDue = true;
  ctx.self.tell({ type: 'flush' });
}

function flush(replica: Replica, ctx: ReplicaContext): void {
  const now = ctx.clock.monotonicMs();
  replica.rounds.askDue(now, (context, haste) => replica.raft.readIndex(context, haste).accepted);
  if (replica.raft.status().role === 'leader') {
    const due = replica.pending.takeDue(now, 'self');
    if (due.length > 0) proposeFor(replica, replica.self, due);
    return;
  }
  const peer = leadingPeer(replica);
  if (peer === undefined) return;
  const due = replica.pending.takeDue(now, 'other');
  if (due.length === 0) return;
  const writes = due.map(({ sequence, command }) => ({ sequence, command }));
  for (const part of cutBySize(writes, ({ command }) => command.length)) {
    replica.replicaAt(peer).tell({ type: 'hand-over', from: replica.self, writes: part });
  }
}

function proposeFor(replica: Replica, from: Sender, writes: readonly HandedWrite[]): void {
  const { refusal } = replica.room;
  if (replica.wasLeader && refusal !== undefined) return refuse(replica, from, writes, refusal);
  const outcome = replica.raft.propose(writes.map(({ command }) => command));
  if (outcome.accepted) return;
  const sequences = writes.map(({ sequence }) => sequence);
  if (from.replica === replica.self.replica) replica.pending.notTaken(sequences);
  else replica.replicaAt(from.peer).tell({ type: 'not-taken', from: replica.self, sequences });
}

/** What other peers hand over may be of another version: none of that becomes an entry, which could stop the zone. */
function handedOver(replica: Replica, from: Sender, writes: readonly HandedWrite[]): void {
  const known: HandedWrite[] = [];
  for (const write of writes) {
    const error = refuseCommand(write.command);
    if (error === undefined) known.push(write);
    else refuse(replica, from, [write], error);
  }
  if (known.length > 0) proposeFor(replica, from, known);
}

/** None of these is proposed: asking again would be answered alike. */
function refuse(
  replica: Replica,
  from: Sender,
  writes: readonly HandedWrite[],
  error: SkeinError,
): void {
  const sequences = writes.map(({ sequence }) => sequence);
  if (from.replica === replica.self.replica) return replica.pending.refused(sequences, error);
  const { code, message, details } = error;
  const reason = String(details['reason'] ?? '');
  const refused = {
    type: 'refused',
    from: replica.self,
    sequences,
    code,
    message: message.slice(0, refusalTextLimit),
    reason,
  } as const;
  replica.replicaAt(from.peer).tell(refused);
}

/** A replica that no configuration knows asks the members it knows of, until one of them feeds it. */
function askToJoin(replica: Replica, nowMs: number): void {
  if (nowMs - replica.askedAtMs < askAgainMs) return;
  const { conf, leader } = replica.raft.status();
  if (conf.voters.length > 0) return seekLeader(replica, nowMs);
  if (leader !== 0) return;
  replica.askedAtMs = nowMs;
  for (const peer of replica.joinThrough()) {
    const { self, traits } = replica;
    replica.replicaAt(peer).tell({ type: 'join', from: self, ...traits });
  }
}

/** Old revisions go by themselves, a step at a time; an idle zone proposes nothing. */
function compactRevisions(replica: Replica): void {
  const { machine, raft } = replica;
  const due = compactionsDue(machine.history(), replica.compactingTo, replica.retention);
  if (due.length === 0) return;
  const commands = due.map((revision) => encodeCommand({ type: 'compact', revision }));
  if (raft.propose(commands).accepted) replica.compactingTo = due.at(-1)!;
}
