// What a replica does about a disk without room: looks for some, tells its leader, and leads only where nobody else can.

import { SkeinError } from '../../runtime/index.ts';
import { diskFullReason } from '../log/disk.ts';
import { postStatus } from './replica-status.ts';
import { createRoomTable, lacksRoomForQuorum } from './room-table.ts';
import type { RoomTable } from './room-table.ts';
import type { RemoteMessage } from './protocol.ts';
import type { Replica, ReplicaContext } from './replica.ts';
import { leadingPeer, peersOf } from './routes.ts';
import { raftTiming, repeatShortageMs, seekRoomEveryMs, tickMs } from './timing.ts';
import { successor } from './voters.ts';

/** What is known of room, here and at others. */
export interface Room {
  readonly table: RoomTable;
  /** This replica's disk has none. */
  isShort: boolean;
  /** All replicas without room, as far as this one knows: the leader knows of everybody. */
  short: ReadonlySet<number>;
  soughtAtMs: number;
  /** The leader that was told of the shortage here. */
  told: { readonly peer: string; readonly atMs: number } | undefined;
  /** Since when this replica both leads and is short. */
  shortLeadSinceMs: number | undefined;
  /** Of a leader: why it takes no writes now. */
  refusal: SkeinError | undefined;
}

export function createRoom(): Room {
  return {
    table: createRoomTable(),
    isShort: false,
    short: new Set(),
    soughtAtMs: Number.NEGATIVE_INFINITY,
    told: undefined,
    shortLeadSinceMs: undefined,
    refusal: undefined,
  };
}

/** With each tick, and after room was sought. */
export function considerRoom(replica: Replica, ctx: ReplicaContext): void {
  const { room, writes } = replica;
  const nowMs = ctx.clock.monotonicMs();
  const isShort = !writes.hasRoom();
  if (isShort !== room.isShort) roomChanged(replica, ctx, isShort);
  if (isShort && nowMs - room.soughtAtMs >= seekRoomEveryMs) {
    room.soughtAtMs = nowMs;
    ctx.run(writes.seekRoom, () => ({ type: 'room-sought' }));
  }
  tellLeader(replica, nowMs);
  judgeRoom(replica, nowMs);
  handOverIfShort(replica, nowMs);
}

function roomChanged(replica: Replica, ctx: ReplicaContext, isShort: boolean): void {
  const { raft, room } = replica;
  room.isShort = isShort;
  raft.setReluctant(isShort);
  if (isShort) ctx.log.warn('the disk has no room for the zone log: free some space');
  else ctx.log.info('the disk has room for the zone log again');
}

/** At once when it changed or another leads, and again while it lasts: any one message may get lost. */
function tellLeader(replica: Replica, nowMs: number): void {
  const { room, self } = replica;
  const { isShort, told } = room;
  const peer = leadingPeer(replica);
  if (peer === undefined || peer === self.peer) return;
  // Whoever has said nothing has room.
  if (!isShort && told === undefined) return;
  if (isShort && told?.peer === peer && nowMs - told.atMs < repeatShortageMs) return;
  room.told = isShort ? { peer, atMs: nowMs } : undefined;
  replica.replicaAt(peer).tell({ type: 'room', from: self, hasRoom: !isShort });
}

/** Another replica says whether it has room. */
export function roomTold(
  replica: Replica,
  { from, hasRoom }: Extract<RemoteMessage, { type: 'room' }>,
  nowMs: number,
): void {
  replica.room.table.told(from.replica, hasRoom, nowMs);
  judgeRoom(replica, nowMs);
}

/** A leader refuses writes that no majority can put down: else they would wait for an answer that does not come. */
function judgeRoom(replica: Replica, nowMs: number): void {
  const { raft, room, self } = replica;
  const { role, conf } = raft.status();
  room.table.told(self.replica, !room.isShort, nowMs);
  const short = room.table.short(nowMs);
  const isNews = [...short].join() !== [...room.short].join();
  room.short = short;
  const isRefusing = role === 'leader' && lacksRoomForQuorum(conf, short);
  room.refusal = isRefusing ? majorityFull(peersOf(replica, short).map(replica.nameOf)) : undefined;
  if (isNews) postStatus(replica);
}

function majorityFull(fullDisks: readonly string[]): SkeinError {
  const peers = fullDisks.join(', ');
  return new SkeinError(
    'overloaded',
    `the zone takes no writes, the disks of most of its voters are full: free some space at ${peers}`,
    { reason: diskFullReason, peers },
  );
}

/** Others are given the time to say that they are no better off: disks that hold the same log fill up together. */
function handOverIfShort(replica: Replica, nowMs: number): void {
  const { raft, room } = replica;
  const { role, transferee } = raft.status();
  const isDue = role === 'leader' && room.isShort;
  room.shortLeadSinceMs = isDue ? (room.shortLeadSinceMs ?? nowMs) : undefined;
  if (room.shortLeadSinceMs === undefined || transferee !== 0) return;
  if (nowMs - room.shortLeadSinceMs < raftTiming.electionTicks * tickMs) return;
  const heir = successor(replica);
  if (heir !== undefined && !room.short.has(heir)) raft.transferLeader(heir);
}
