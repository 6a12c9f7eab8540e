// When a replica saves its state machine, and how one reaches a replica that is too far behind.

import type { InstallSnapshot } from '../raft/messages.ts';
import type { ReplicaId } from '../raft/types.ts';
import type { Replica, ReplicaContext } from './replica.ts';
import { peerOf } from './routes.ts';
import type { SnapshotChunk } from './protocol.ts';
import type { SenderStep } from './snapshot-sender.ts';
import { stepChecked } from './step.ts';

/** Entries applied between two snapshots, as etcd does. */
const snapshotEveryEntries = 10_000;
/** Entries kept behind a snapshot, which spare a slow follower the whole of it. */
const trailingEntries = 5_000;

/** Starts to save a snapshot when enough was applied since the last one. */
export function saveSnapshotIfDue(replica: Replica, ctx: ReplicaContext, index: number): void {
  if (replica.isSavingSnapshot || index - replica.snapshotIndex < snapshotEveryEntries) return;
  const term = replica.raft.termAt(index);
  if (term === undefined) return;
  replica.isSavingSnapshot = true;
  const meta = { index, term, conf: replica.raft.status().conf };
  const chunks = replica.machine.snapshot();
  ctx.run(
    () => replica.log.saveSnapshot(meta, chunks),
    (outcome) =>
      outcome.ok ? { type: 'snapshot-saved', meta } : { type: 'broken', error: outcome.error },
  );
}

/** The snapshot is durable: entries that it covers may go. */
export function snapshotSaved(
  replica: Replica,
  ctx: ReplicaContext,
  meta: Parameters<Replica['raft']['snapshotTaken']>[0],
): void {
  replica.isSavingSnapshot = false;
  if (meta.index <= replica.snapshotIndex) return;
  replica.snapshotIndex = meta.index;
  replica.raft.snapshotTaken(meta);
  const index = Math.max(0, meta.index - trailingEntries);
  replica.raft.compact(index);
  ctx.run(
    () => replica.log.compact(index),
    (outcome) => (outcome.ok ? { type: 'flush' } : { type: 'broken', error: outcome.error }),
  );
}

/** Raft wants `message.to` to have a snapshot: streams the newest one, then its announcement. */
export function offerSnapshot(
  replica: Replica,
  ctx: ReplicaContext,
  message: InstallSnapshot,
): void {
  const found = replica.log.readSnapshot();
  if (found === undefined || peerOf(replica, message.to) === undefined) {
    replica.raft.reportSnapshot(message.to, false);
    return;
  }
  const announcement = { ...message, meta: found.meta };
  const now = ctx.clock.monotonicMs();
  take(replica, ctx, message.to, replica.sender.start(message.to, announcement, found.chunks, now));
}

export function chunkRead(
  replica: Replica,
  ctx: ReplicaContext,
  to: ReplicaId,
  read: number,
  data: Uint8Array | undefined,
): void {
  take(replica, ctx, to, replica.sender.read(to, read, data));
}

export function chunkWanted(
  replica: Replica,
  ctx: ReplicaContext,
  from: ReplicaId,
  index: number,
  chunk: number,
): void {
  const now = ctx.clock.monotonicMs();
  take(replica, ctx, from, replica.sender.wanted(from, index, chunk, now));
}

/** A chunk from the leader: keep it, ask for the next, and announce the snapshot to Raft once it is whole. */
export function chunkReceived(replica: Replica, ctx: ReplicaContext, chunk: SnapshotChunk): void {
  const taken = replica.receiver.take(chunk, ctx.clock.monotonicMs());
  if (taken === undefined) return;
  askForChunk(replica, taken.want);
  if (taken.isWhole) stepChecked(replica, chunk.announcement, ctx);
}

/** On every tick: what is late is asked for again, whoever is silent is given up. */
export function nudgeTransfers(replica: Replica, nowMs: number): void {
  const late = replica.receiver.due(nowMs);
  if (late !== undefined) askForChunk(replica, late);
  for (const to of replica.sender.expired(nowMs)) replica.raft.reportSnapshot(to, false);
}

function askForChunk(
  replica: Replica,
  { from, index, chunk }: NonNullable<ReturnType<Replica['receiver']['due']>>,
): void {
  replica.replicaAt(from.peer).tell({ type: 'snapshot-wanted', from: replica.self, index, chunk });
}

function take(replica: Replica, ctx: ReplicaContext, to: ReplicaId, step: SenderStep): void {
  switch (step.type) {
    case 'read':
      ctx.run(step.next, (outcome) =>
        outcome.ok
          ? { type: 'chunk-read', to, read: step.read, data: outcome.value }
          : { type: 'broken', error: outcome.error },
      );
      return;
    case 'send': {
      const { announcement, chunk, data, isLast } = step;
      const peer = peerOf(replica, to);
      if (peer === undefined) return;
      const meta = announcement.meta;
      replica.replicaAt(peer).tell({
        type: 'snapshot-chunk',
        from: replica.self,
        meta,
        chunk,
        data,
        isLast,
        announcement,
      });
      return;
    }
    case 'done':
      replica.raft.reportSnapshot(to, true);
      return;
    case 'nothing':
      return;
  }
}
