// Raft's writes on their way to the log: in order, and behind a received snapshot that takes the log's place.
//
//   append ---------------------------------> log, at once          no room: the log keeps them in line
//   install -> saved -> log anew -> swapped                         no room: tried again when some was sought
//   append behind an install ---- waits ----> log

import { isDiskFull } from '../log/disk.ts';
import type { LogBatch, LogStorage } from '../log/log-storage.ts';
import { batchBytes } from '../log/segment-writer.ts';
import type { HardState, SnapshotMeta } from '../raft/types.ts';

/**
 * Bytes that may wait for the disk before a replica takes no more entries from its leader, who sends them again. A
 * leader's own are bounded by Raft: by `maxUnappliedBytes`.
 */
const maxWaitingBytes = 64 << 20;

/** A received snapshot that was found whole. */
export interface Installation {
  readonly meta: SnapshotMeta;
  readonly chunks: readonly Uint8Array[];
  /** What the log starts anew with. */
  readonly hardState: HardState;
  /** Puts it into the state machine. */
  readonly finish: () => void;
}

export interface LogWrites {
  /** Resolves when it is durable; rejects when the log has stopped. */
  readonly append: (batch: LogBatch) => Promise<void>;
  /** Makes the snapshot durable, starts the log anew behind it, then finishes. */
  readonly install: (installation: Installation) => Promise<void>;
  /** So much waits that no more is to be taken. */
  readonly isFull: () => boolean;
  readonly hasRoom: () => boolean;
  /** Looks for room again. Never rejects. */
  readonly seekRoom: () => Promise<void>;
}

export function createLogWrites(log: LogStorage): LogWrites {
  /** The newest installation, while it goes on. */
  let gate: Promise<void> | undefined;
  let waitingBytes = 0;
  let roomSought: (() => void) | undefined;

  /** Whatever finds no room is done again after each search. */
  const onceThereIsRoom = async (work: () => Promise<void>): Promise<void> => {
    for (;;) {
      try {
        return await work();
      } catch (error) {
        if (!isDiskFull(error)) throw error;
        await new Promise<void>((sought) => (roomSought = sought));
      }
    }
  };

  const install = async (before: Promise<void> | undefined, installation: Installation) => {
    const { meta, chunks, hardState, finish } = installation;
    await before;
    await onceThereIsRoom(() => log.saveSnapshot(meta, chunks));
    await onceThereIsRoom(() => log.restart(meta, hardState));
    finish();
  };

  return {
    append: (batch) => {
      const bytes = batchBytes(batch);
      waitingBytes += bytes;
      const written = gate === undefined ? log.append(batch) : gate.then(() => log.append(batch));
      return written.finally(() => (waitingBytes -= bytes));
    },
    install: (installation) => {
      const own = install(gate, installation).then(() => {
        if (gate === own) gate = undefined;
      });
      gate = own;
      return own;
    },
    isFull: () => waitingBytes > maxWaitingBytes,
    hasRoom: () => log.hasRoom() && roomSought === undefined,
    seekRoom: async () => {
      await log.seekRoom();
      const again = roomSought;
      roomSought = undefined;
      again?.();
    },
  };
}
