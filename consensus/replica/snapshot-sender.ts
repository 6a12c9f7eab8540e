// The leader's side of a snapshot transfer: a window of chunks on their way, moved on by what the receiver has.
//
//   start --read--> chunk 0 sent, read on --wanted n--> window moves: read on ... last sent --wanted the next--> done
//                        \______ wanted n, late: what is in the window is sent again
//                        \______ nothing heard for too long ___________________________________________--> failed

import type { InstallSnapshot } from '../raft/messages.ts';
import type { ReplicaId } from '../raft/types.ts';

/** Chunks on their way to one receiver: at 1 MiB each well below what the bulk lane of the mesh holds. */
const windowChunks = 8;
/** A receiver that asks for nothing for this long has failed; Raft starts over. */
const silenceLimitMs = 10_000;

interface SentChunk {
  readonly chunk: number;
  readonly data: Uint8Array;
  readonly isLast: boolean;
}

interface Transfer {
  readonly announcement: InstallSnapshot;
  readonly chunks: AsyncIterator<Uint8Array>;
  /** The receiver has everything before this chunk. */
  wanted: number;
  /** The next chunk to be read. wanted <= nextRead, but where a receiver goes on with a transfer that broke off. */
  nextRead: number;
  /** The last chunk, once it was read. */
  last: number | undefined;
  /** Read and not known to have arrived, in order. */
  window: SentChunk[];
  /** The read under way; what an earlier one brings, of a transfer that this one replaced, is dropped. */
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
  | ({ readonly type: 'send'; readonly announcement: InstallSnapshot } & SentChunk)
  | { readonly type: 'done' };

export interface SnapshotSender {
  /** Replaces a transfer to the same replica. */
  readonly start: (
    to: ReplicaId,
    announcement: InstallSnapshot,
    chunks: AsyncIterable<Uint8Array>,
    nowMs: number,
  ) => readonly SenderStep[];
  /** A chunk was read; undefined after the last. */
  readonly read: (
    to: ReplicaId,
    read: number,
    data: Uint8Array | undefined,
  ) => readonly SenderStep[];
  /** The receiver has everything before `chunk`, and has waited long for it if that is late. */
  readonly wanted: (
    to: ReplicaId,
    index: number,
    chunk: number,
    isLate: boolean,
    nowMs: number,
  ) => readonly SenderStep[];
  /** Transfers whose receiver went silent; they are forgotten. */
  readonly expired: (nowMs: number) => readonly ReplicaId[];
}

export function createSnapshotSender(): SnapshotSender {
  const transfers = new Map<ReplicaId, Transfer>();
  let reads = 0;

  /** One chunk at a time, while the window has room. */
  const readOn = (transfer: Transfer): SenderStep[] => {
    const isEnded = transfer.last !== undefined;
    if (isEnded || transfer.reading !== undefined) return [];
    if (transfer.nextRead >= transfer.wanted + windowChunks) return [];
    const read = ++reads;
    transfer.reading = read;
    const next = async () => {
      const { value, done } = await transfer.chunks.next();
      return done === true ? undefined : value;
    };
    return [{ type: 'read', read, next }];
  };
  /** Lets go of the file, which would stay open otherwise. */
  const forget = (to: ReplicaId): void => {
    const closing = transfers.get(to)?.chunks.return?.();
    // Nobody waits for the rest of it: a file that cannot be closed concerns no transfer.
    closing?.then(undefined, () => undefined);
    transfers.delete(to);
  };
  const send = ({ announcement }: Transfer, sent: SentChunk): SenderStep => ({
    type: 'send',
    announcement,
    ...sent,
  });

  return {
    start: (to, announcement, chunks, nowMs) => {
      const transfer: Transfer = {
        announcement,
        chunks: chunks[Symbol.asyncIterator](),
        wanted: 0,
        nextRead: 0,
        last: undefined,
        window: [],
        reading: undefined,
        heardAtMs: nowMs,
      };
      forget(to);
      transfers.set(to, transfer);
      return readOn(transfer);
    },
    read: (to, read, data) => {
      const transfer = transfers.get(to);
      if (transfer === undefined || transfer.reading !== read) return [];
      transfer.reading = undefined;
      const chunk = transfer.nextRead++;
      const isLast = data === undefined;
      if (isLast) transfer.last = chunk;
      // A receiver that goes on with a transfer that broke off has the first ones.
      if (chunk < transfer.wanted) return readOn(transfer);
      // The end is a chunk of its own, empty: only now is it known that none follows.
      const sent = { chunk, data: data ?? new Uint8Array(0), isLast };
      transfer.window.push(sent);
      return [send(transfer, sent), ...readOn(transfer)];
    },
    wanted: (to, index, chunk, isLate, nowMs) => {
      const transfer = transfers.get(to);
      if (transfer === undefined || transfer.announcement.meta.index !== index) return [];
      transfer.heardAtMs = nowMs;
      if (transfer.last !== undefined && chunk > transfer.last) {
        forget(to);
        return [{ type: 'done' }];
      }
      if (chunk < transfer.wanted) return [];
      transfer.wanted = chunk;
      transfer.window = transfer.window.filter((sent) => sent.chunk >= chunk);
      const again = isLate ? transfer.window.map((sent) => send(transfer, sent)) : [];
      return [...again, ...readOn(transfer)];
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
