// What the Raft shell needs of a disk: append in order, recover, snapshot, compact.

import type { Entry, HardState, ReplicaId, SnapshotMeta } from '../raft/types.ts';

/** Written as one unit, in this order, before it is acknowledged. */
export interface LogBatch {
  readonly hardState?: HardState;
  /** Entries that continue the log, or overwrite it from their first index on. */
  readonly entries: readonly Entry[];
}

/** A state machine as bytes, in chunks of bounded size. */
export type SnapshotChunks = Iterable<Uint8Array> | AsyncIterable<Uint8Array>;

export interface LogStorage {
  /**
   * Resolves when the batch is durable. Batches queue in order and share a sync (group commit). Without room for it a
   * batch waits, first in line, and all behind it in order, until `seekRoom` finds some. A rejection is final, the log
   * has stopped, but for `overloaded` (the queue is full): then nothing of it was written.
   */
  readonly append: (batch: LogBatch) => Promise<void>;
  /** False from when no room was found for the next segment, half a segment before appends have to wait, until some is. */
  readonly hasRoom: () => boolean;
  /** Looks for room again, if there was none: to be called now and then. Never rejects. */
  readonly seekRoom: () => Promise<void>;
  /**
   * Written aside, synced, renamed; then the newest snapshot. Also used for one received from the leader.
   * Without room for it (`isDiskFull`) it leaves nothing behind.
   */
  readonly saveSnapshot: (meta: SnapshotMeta, chunks: SnapshotChunks) => Promise<void>;
  /** The newest snapshot's chunks, to restore from or to send. */
  readonly readSnapshot: () =>
    | { readonly meta: SnapshotMeta; readonly chunks: AsyncIterable<Uint8Array> }
    | undefined;
  /** Entries up to and including `index` are covered by the newest snapshot and may go. */
  readonly compact: (index: number) => Promise<void>;
  /** Forgets the whole log after a received snapshot took its place: `meta` is the newest saved. Without room (`isDiskFull`) nothing changes. */
  readonly restart: (meta: SnapshotMeta, hardState: HardState) => Promise<void>;
  readonly stats: () => {
    readonly bytes: number;
    readonly syncs: number;
    readonly segments: number;
  };
  readonly close: () => Promise<void>;
}

/** What was found on disk. */
export interface RecoveredLog {
  readonly replicaId: ReplicaId;
  readonly hardState: HardState;
  readonly snapshot?: SnapshotMeta;
  /** Entries after the snapshot, without a gap. */
  readonly entries: readonly Entry[];
}
