// Which replicas said that their disk has no room: whoever has none says so again and again, so silence means that it has.

import { voteResult } from '../raft/quorum/joint.ts';
import type { ConfState, ReplicaId } from '../raft/types.ts';

/** A report that was not repeated for this long counts no more. */
const reportLastsMs = 5_000;
/** Replicas remembered: more than a zone has. */
const reportsLimit = 1_024;

export interface RoomTable {
  readonly told: (replica: ReplicaId, hasRoom: boolean, nowMs: number) => void;
  /** Without room, as far as known. */
  readonly short: (nowMs: number) => ReadonlySet<ReplicaId>;
}

export function createRoomTable(): RoomTable {
  const toldAtMs = new Map<ReplicaId, number>();

  const forgetOld = (nowMs: number): void => {
    for (const [replica, atMs] of toldAtMs) {
      if (nowMs - atMs > reportLastsMs) toldAtMs.delete(replica);
    }
  };

  return {
    told: (replica, hasRoom, nowMs) => {
      forgetOld(nowMs);
      toldAtMs.delete(replica);
      if (!hasRoom && toldAtMs.size < reportsLimit) toldAtMs.set(replica, nowMs);
    },
    short: (nowMs) => {
      forgetOld(nowMs);
      return new Set([...toldAtMs.keys()].sort((a, b) => a - b));
    },
  };
}

/** The voters with room are too few to commit anything: in each majority that has to agree. */
export function lacksRoomForQuorum(conf: ConfState, short: ReadonlySet<ReplicaId>): boolean {
  return voteResult(conf, (id) => !short.has(id)) !== 'won';
}
