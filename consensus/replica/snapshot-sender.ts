// The leader's side of a snapshot transfer: one chunk at a time, each asked for by the receiver.
//
//   start --read--> chunk 0 sent --wanted 1--> read --> chunk 1 sent ... last chunk sent --wanted N--> done
//                        \______ nothing heard for too long ______________________________________--> failed

import type { InstallSnapshot } from '../raft/messages.ts';
import type { ReplicaId } from '../raft/types.ts';

/** A receiver that asks for nothing for this long has failed; Raft starts over. */
const silenceLimitMs = 10_000;

interface Transfer {
  readonly announcement: InstallSnapshot;
  readonly chunks: AsyncIterator<Uint8Array>;
  /** The chunk that is being read or was sent last. */
  chunk: number;
  /** The last one that was read; sent again when it is asked for again. */
  data: Uint8Array | undefined;
  isLast: boolean;
  /** The read under way; what an earlier one brings, of this transfer or of one it replaced, is dropped. */
  reading: number | undefined;
  heardAtMs: number;
}

/** What the actor must do next. */
export type SenderStep =
  | {
      readonly type: 'read';
      /** Tells this read from others; comes back with what it brings. */
      readonly read: number;
      readonly next: () => Promise<Uint8Array | undefined>;
    }
  | {
      readonly type: 'send';
      readonly announcement: InstallSnapshot;
      readonly chunk: number;
      readonly data: Uint8Array;
      readonly isLast: boolean;
    }
  | { readonly type: 'done' }
  | { readonly type: 'nothing' };

export interface SnapshotSender {
  /** Replaces a transfer to the same replica. */
  readonly start: (
    to: ReplicaId,
    announcement: InstallSnapshot,
    chunks: AsyncIterable<Uint8Array>,
    nowMs: number,
  ) => SenderStep;
  /** A chunk was read; undefined after the last. */
  readonly read: (to: ReplicaId, read: number, data: Uint8Array | undefined) => SenderStep;
  /** The receiver has everything before `chunk`. */
  readonly wanted: (to: ReplicaId, index: number, chunk: number, nowMs: number) => SenderStep;
  /** Transfers whose receiver went silent; they are forgotten. */
  readonly expired: (nowMs: number) => readonly ReplicaId[];
}

export function createSnapshotSender(): SnapshotSender {
  const transfers = new Map<ReplicaId, Transfer>();
  let reads = 0;

  /** The chunk after `skipped` others. */
  const readNext = (transfer: Transfer, skipped = 0): SenderStep => {
    const read = ++reads;
    transfer.reading = read;
    return {
      type: 'read',
      read,
      next: async () => {
        for (let left = skipped; left > 0; left--) await transfer.chunks.next();
        const { value, done } = await transfer.chunks.next();
        return done === true ? undefined : value;
      },
    };
  };
  /** Lets go of the file, which would stay open otherwise. */
  const forget = (to: ReplicaId): void => {
    const closing = transfers.get(to)?.chunks.return?.();
    // Nobody waits for the rest of it: a file that cannot be closed concerns no transfer.
    closing?.then(undefined, () => undefined);
    transfers.delete(to);
  };
  const send = ({ announcement, chunk, data, isLast }: Transfer): SenderStep =>
    data === undefined ? { type: 'nothing' } : { type: 'send', announcement, chunk, data, isLast };

  return {
    start: (to, announcement, chunks, nowMs) => {
      const transfer: Transfer = {
        announcement,
        chunks: chunks[Symbol.asyncIterator](),
        chunk: 0,
        data: undefined,
        isLast: false,
        reading: undefined,
        heardAtMs: nowMs,
      };
      forget(to);
      transfers.set(to, transfer);
      return readNext(transfer);
    },
    read: (to, read, data) => {
      const transfer = transfers.get(to);
      if (transfer === undefined || transfer.reading !== read) return { type: 'nothing' };
      transfer.reading = undefined;
      transfer.isLast = data === undefined;
      // The end is a chunk of its own, empty: only now is it known that none follows.
      transfer.data = data ?? new Uint8Array(0);
      return send(transfer);
    },
    wanted: (to, index, chunk, nowMs) => {
      const transfer = transfers.get(to);
      if (transfer === undefined || transfer.announcement.meta.index !== index)
        return { type: 'nothing' };
      transfer.heardAtMs = nowMs;
      if (transfer.reading !== undefined) return { type: 'nothing' };
      if (chunk === transfer.chunk) return send(transfer);
      const skipped = chunk - transfer.chunk - 1;
      if (skipped < 0) return { type: 'nothing' };
      if (transfer.isLast) {
        if (skipped > 0) return { type: 'nothing' };
        forget(to);
        return { type: 'done' };
      }
      // A receiver that holds more than it was sent goes on with a transfer that broke off.
      transfer.chunk = chunk;
      transfer.data = undefined;
      return readNext(transfer, skipped);
    },
    expired: (nowMs) => {
      const silent = [...transfers].filter(
        ([, transfer]) => nowMs - transfer.heardAtMs > silenceLimitMs,
      );
      for (const [to] of silent) forget(to);
      return silent.map(([to]) => to);
    },
  };
}
