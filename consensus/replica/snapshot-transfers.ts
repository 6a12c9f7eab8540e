// How a snapshot reaches a replica that is too far behind: on an actor of its own at the receiver, so that the mesh
// carries it beside the log and never before it.

import type { Actor, ActorRef } from '../../runtime/index.ts';
import type { InstallSnapshot } from '../raft/messages.ts';
import type { ReplicaId } from '../raft/types.ts';
import type { RemoteMessage, SnapshotChunk } from './protocol.ts';
import { claimedPeer, snapshotChunkSchema } from './remote-message-schema.ts';
import type { Replica, ReplicaContext } from './replica.ts';
import { peerOf } from './routes.ts';
import type { Want } from './snapshot-receiver.ts';
import type { SenderStep } from './snapshot-sender.ts';
import { stepChecked } from './step.ts';

/** Takes chunks off the bulk lane and gives them to the replica of its peer. */
export const snapshotChunksActor: Actor<
  SnapshotChunk,
  ActorRef<SnapshotChunk>,
  ActorRef<SnapshotChunk>
> = {
  // More than all senders have on their way to one receiver: only one of them leads.
  mailboxLimit: 100,
  schema: snapshotChunkSchema,
  claimedPeer,
  start: (replica) => replica,
  receive: (replica, chunk) => {
    replica.tell(chunk);
    return replica;
  },
};

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
  const steps = replica.sender.start(message.to, announcement, found.chunks, now);
  take(replica, ctx, message.to, steps);
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
  { from, index, chunk, isLate }: Extract<RemoteMessage, { type: 'snapshot-wanted' }>,
): void {
  const now = ctx.clock.monotonicMs();
  const steps = replica.sender.wanted(from.replica, index, chunk, isLate, now);
  take(replica, ctx, from.replica, steps);
}

/**
 * A chunk from the leader: read into a fresh state, and announced to Raft once that is whole. One that makes no sense is
 * asked for again later, by silence; so is everything while the disk has no room for it.
 */
export function chunkReceived(replica: Replica, ctx: ReplicaContext, chunk: SnapshotChunk): void {
  if (!replica.writes.hasRoom()) return;
  const taken = replica.receiver.take(chunk, ctx.clock.monotonicMs());
  if (taken.type === 'refused') {
    const { index } = chunk.meta;
    ctx.log.warn('a snapshot of the zone was refused, it will be asked for again', {
      index,
      from: chunk.from.peer,
      reason: taken.error.message,
    });
  }
  if (taken.type !== 'wanted') return;
  askForChunk(replica, taken.want);
  if (taken.isWhole) stepChecked(replica, chunk.announcement, ctx);
}

/** On every tick: what is late is asked for again, whoever is silent is given up. */
export function nudgeTransfers(replica: Replica, nowMs: number): void {
  const late = replica.writes.hasRoom() ? replica.receiver.due(nowMs) : undefined;
  if (late !== undefined) askForChunk(replica, late);
  for (const to of replica.sender.expired(nowMs)) replica.raft.reportSnapshot(to, false);
}

function askForChunk(replica: Replica, { from, ...wanted }: Want): void {
  replica.replicaAt(from.peer).tell({ type: 'snapshot-wanted', from: replica.self, ...wanted });
}

function take(
  replica: Replica,
  ctx: ReplicaContext,
  to: ReplicaId,
  steps: readonly SenderStep[],
): void {
  for (const step of steps) takeStep(replica, ctx, to, step);
}

function takeStep(replica: Replica, ctx: ReplicaContext, to: ReplicaId, step: SenderStep): void {
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
      const { meta } = announcement;
      const from = replica.self;
      const message = { from, meta, chunk, data, isLast, announcement };
      replica.chunksAt(peer).tell({ type: 'snapshot-chunk', ...message });
      return;
    }
    case 'done':
      replica.raft.reportSnapshot(to, true);
      return;
  }
}
