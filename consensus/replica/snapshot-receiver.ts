// The follower's side of a snapshot transfer: gathers chunks in order and asks for the next.

import type { SnapshotMeta } from '../raft/types.ts';
import type { SnapshotChunk } from './protocol.ts';

/** A state machine larger than this is refused; far above the documented size of a zone. */
const sizeLimitBytes = 2 * 1024 ** 3;
/** A chunk that was asked for and did not come is asked for again. */
const askAgainMs = 1_000;

interface Gathering {
  readonly meta: SnapshotMeta;
  readonly from: SnapshotChunk['from'];
  readonly chunks: Uint8Array[];
  bytes: number;
  isWhole: boolean;
  askedAtMs: number;
}

/** Ask the sender for this chunk; asking for the one after the last ends the transfer. */
export interface Want {
  readonly from: SnapshotChunk['from'];
  readonly index: number;
  readonly chunk: number;
}

export interface SnapshotReceiver {
  /** Takes a chunk; says what to ask for, and whether the snapshot is whole now. */
  readonly take: (
    chunk: SnapshotChunk,
    nowMs: number,
  ) => { readonly want: Want; readonly isWhole: boolean } | undefined;
  /** The chunks of the snapshot at `index`, if it is whole; they are handed out once. */
  readonly collect: (index: number) => readonly Uint8Array[] | undefined;
  /** Raft did not want the snapshot that is whole: another offer of it begins anew. */
  readonly discardWhole: () => void;
  /** What to ask for again. */
  readonly due: (nowMs: number) => Want | undefined;
}

export function createSnapshotReceiver(): SnapshotReceiver {
  let gathering: Gathering | undefined;

  const want = ({ from, meta, chunks, isWhole }: Gathering): Want => ({
    from,
    index: meta.index,
    chunk: chunks.length + (isWhole ? 1 : 0),
  });

  return {
    take: (chunk, nowMs) => {
      const isNew =
        gathering === undefined ||
        gathering.meta.index !== chunk.meta.index ||
        gathering.from.replica !== chunk.from.replica;
      if (chunk.chunk === 0 && isNew) {
        const { meta, from } = chunk;
        gathering = { meta, from, chunks: [], bytes: 0, isWhole: false, askedAtMs: nowMs };
      } else if (isNew) {
        return undefined;
      }
      const current = gathering!;
      if (chunk.chunk !== current.chunks.length || current.isWhole) {
        return { want: want(current), isWhole: false };
      }
      if (current.bytes + chunk.data.byteLength > sizeLimitBytes) {
        gathering = undefined;
        return undefined;
      }
      current.askedAtMs = nowMs;
      if (chunk.isLast) {
        current.isWhole = true;
      } else {
        current.chunks.push(chunk.data);
        current.bytes += chunk.data.byteLength;
      }
      return { want: want(current), isWhole: chunk.isLast };
    },
    collect: (index) => {
      if (gathering?.meta.index !== index || !gathering.isWhole) return undefined;
      const { chunks } = gathering;
      gathering = undefined;
      return chunks;
    },
    discardWhole: () => {
      if (gathering?.isWhole === true) gathering = undefined;
    },
    due: (nowMs) => {
      if (gathering === undefined || gathering.isWhole) return undefined;
      if (nowMs - gathering.askedAtMs < askAgainMs) return undefined;
      gathering.askedAtMs = nowMs;
      return want(gathering);
    },
  };
}
