// The loop around Raft: send at once, persist in order, apply what is committed, serve what was confirmed.

import type { LogBatch } from '../log/log-storage.ts';
import type { Message } from '../raft/messages.ts';
import type { Persist, Ready } from '../raft/ready.ts';
import type { Entry, SnapshotMeta } from '../raft/types.ts';
import { cutBySize } from './protocol.ts';
import { recordsChanged } from './fence.ts';
import type { WireMessage } from './protocol.ts';
import { followLease } from './leases.ts';
import { isReplicaKey } from './replica-records.ts';
import { postStatus } from './replica-status.ts';
import { peerOf } from './routes.ts';
import type { Replica, ReplicaContext } from './replica.ts';
import { coverLog, installation } from './snapshots.ts';
import { offerSnapshot } from './snapshot-transfers.ts';
import { votersChanged } from './voters.ts';

/** Does everything Raft has to do now. Called after every message. */
export function handleReady(replica: Replica, ctx: ReplicaContext): void {
  const { raft } = replica;
  while (raft.hasReady()) {
    const ready = raft.ready();
    sendMessages(replica, ctx, ready.messages);
    if (ready.persist !== undefined) persist(replica, ctx, ready.persist);
    applyCommitted(replica, ctx, ready.committed);
    serveReads(replica, ready);
    if (ready.softState !== undefined) leaderMayHaveChanged(replica, ctx);
  }
  // Raft takes a whole snapshot at once or never.
  replica.receiver.discardWhole();
}

const bytesOf = (message: WireMessage): number =>
  message.type === 'append' ? message.entries.length : 0;

/** One envelope per replica and round, unless its entries are more than the mesh carries. */
function sendMessages(replica: Replica, ctx: ReplicaContext, messages: readonly Message[]): void {
  const byReplica = new Map<number, WireMessage[]>();
  for (const message of messages) {
    if (message.type === 'install-snapshot') {
      offerSnapshot(replica, ctx, message);
      continue;
    }
    const sent =
      message.type === 'append'
        ? { ...message, entries: replica.packEntries(message.entries) }
        : message;
    const batch = byReplica.get(message.to);
    if (batch === undefined) byReplica.set(message.to, [sent]);
    else batch.push(sent);
  }
  for (const [to, batch] of byReplica) {
    const peer = peerOf(replica, to);
    // Before its first message a new replica's peer may be unknown; Raft asks again by itself.
    if (peer === undefined) continue;
    for (const part of cutBySize(batch, bytesOf)) {
      replica.replicaAt(peer).tell({ type: 'raft', from: replica.self, messages: part });
    }
  }
}

/**
 * A received snapshot replaces state machine and log before anything later is written; plain writes go to
 * the log at once, which keeps their order and lets them share a sync. A commit index alone needs no sync of its own,
 * it can be learned again: it goes with the next write, or with the next tick.
 */
function persist(replica: Replica, ctx: ReplicaContext, write: Persist): void {
  const { token, entries, mustSync } = write;
  if (write.hardState !== undefined) replica.lastHardState = write.hardState;
  if (!mustSync) {
    replica.unwrittenCommit = token;
    return;
  }
  const isCommitDue = replica.unwrittenCommit !== undefined;
  replica.unwrittenCommit = undefined;
  const hardState = write.hardState ?? (isCommitDue ? replica.lastHardState : undefined);
  const batch = { entries, ...(hardState === undefined ? {} : { hardState }) };
  if (write.snapshot !== undefined) install(replica, ctx, write.snapshot);
  append(replica, ctx, token, batch);
}

/** Puts down a commit index that no later write has taken along; called with each tick. */
export function writeCommit(replica: Replica, ctx: ReplicaContext): void {
  const { unwrittenCommit: token, lastHardState: hardState } = replica;
  if (token === undefined) return;
  replica.unwrittenCommit = undefined;
  append(replica, ctx, token, { entries: [], hardState });
}

function append(replica: Replica, ctx: ReplicaContext, token: number, batch: LogBatch): void {
  ctx.run(
    () => replica.writes.append(batch),
    (outcome) =>
      outcome.ok ? { type: 'persisted', token } : { type: 'broken', error: outcome.error },
  );
}

/** The append behind it in line says when it is done. */
function install(replica: Replica, ctx: ReplicaContext, meta: SnapshotMeta): void {
  ctx.run(
    () => replica.writes.install(installation(replica, meta)),
    (outcome) => (outcome.ok ? { type: 'flush' } : { type: 'broken', error: outcome.error }),
  );
}

function applyCommitted(replica: Replica, ctx: ReplicaContext, entries: readonly Entry[]): void {
  if (entries.length === 0) return;
  for (const entry of entries) applyEntry(replica, ctx, entry);
  const { index } = entries.at(-1)!;
  replica.raft.applied(index);
  replica.rounds.applied(index);
  coverLog(replica, ctx, entries);
}

function applyEntry(replica: Replica, ctx: ReplicaContext, entry: Entry): void {
  if (entry.type === 'config') {
    replica.raft.applyConfChange(entry);
    votersChanged(replica);
    postStatus(replica);
    return;
  }
  const { request, answer, events, isRepeated } = replica.machine.apply(entry.index, entry.data);
  if (events.some(({ kv }) => isReplicaKey(kv.key))) recordsChanged(replica, ctx);
  if (request?.session === replica.session) replica.pending.applied(request.sequence, answer);
  // A repeated answer tells of a lease that may have ended since.
  if (replica.wasLeader && answer.ok && !isRepeated)
    followLease(replica, answer.value, ctx.clock.monotonicMs());
}

function serveReads(replica: Replica, ready: Ready): void {
  for (const { context, index } of ready.reads) replica.rounds.confirmed(context, index);
  for (const context of ready.refusedReads) replica.rounds.refused(context);
  if (ready.reads.length > 0) replica.rounds.applied(replica.raft.status().applied);
}

function leaderMayHaveChanged(replica: Replica, ctx: ReplicaContext): void {
  const { role, term, leader } = replica.raft.status();
  const isLeader = role === 'leader';
  if (isLeader && !replica.wasLeader) {
    replica.lessor.lead(replica.machine.leases(), ctx.clock.monotonicMs());
    replica.compactingTo = 0;
    replica.endingLeases.clear();
  }
  if (!isLeader && replica.wasLeader) replica.lessor.resign();
  replica.wasLeader = isLeader;
  replica.pending.leaderChanged();
  postStatus(replica);
  ctx.log.info('the zone log changed its leader', {
    role,
    term,
    leader: leader === 0 ? undefined : peerOf(replica, leader),
  });
  ctx.self.tell({ type: 'flush' });
}
