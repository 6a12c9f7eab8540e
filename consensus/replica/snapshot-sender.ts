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
  isReading: boolean;
  heardAtMs: number;
}

/** What the actor must do next. */
export type SenderStep =
  | {
      readonly type: 'read';
      readonly chunk: number;
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
  readonly read: (to: ReplicaId, chunk: number, data: Uint8Array | undefined) => SenderStep;
  /** The receiver has everything before `chunk`. */
  readonly wanted: (to: ReplicaId, index: number, chunk: number, nowMs: number) => SenderStep;
  /** Transfers whose receiver went silent; they are forgotten. */
  readonly expired: (nowMs: number) => readonly ReplicaId[];
}

export function createSnapshotSender(): SnapshotSender {
  const transfers = new Map<ReplicaId, Transfer>();

  const readNext = (transfer: Transfer): SenderStep => {
    transfer.isReading = true;
    return {
      type: 'read',
      chunk: transfer.chunk,
      next: async () => {
        const { value, done } = await transfer.chunks.next();
        return done === true ? undefined : value;
      },
    };
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
        isReading: false,
        heardAtMs: nowMs,
      };
      transfers.set(to, transfer);
      return readNext(transfer);
    },
    read: (to, chunk, data) => {
      const transfer = transfers.get(to);
      if (transfer === undefined || transfer.chunk !== chunk) return { type: 'nothing' };
      transfer.isReading = false;
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
      if (transfer.isReading) return { type: 'nothing' };
      if (chunk === transfer.chunk) return send(transfer);
      if (chunk !== transfer.chunk + 1) return { type: 'nothing' };
      if (transfer.isLast) {
        transfers.delete(to);
        return { type: 'done' };
      }
      transfer.chunk = chunk;
      transfer.data = undefined;
      return readNext(transfer);
    },
    expired: (nowMs) => {
      const silent = [...transfers].filter(
        ([, transfer]) => nowMs - transfer.heardAtMs > silenceLimitMs,
      );
      for (const [to] of silent) transfers.delete(to);
      return silent.map(([to]) => to);
    },
  };
}
