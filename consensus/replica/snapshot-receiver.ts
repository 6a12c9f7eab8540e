// The follower's side of a snapshot transfer: reads chunks, in order, into a fresh state as they come, and asks for more.
//
//   chunk 0 -> gathering --each next one--> read, kept --the last--> whole -> collected, once
//                  |                            \__ it makes no sense __> refused: not taken for a while
//                  \__ one ahead of its turn: kept until those before it are there

import { asSkeinError, SkeinError } from '../../runtime/index.ts';
import type { SnapshotMeta } from '../raft/types.ts';
import type { Restoration } from '../store/state-machine.ts';
import type { SnapshotChunk } from './protocol.ts';

/** A state machine larger than this is refused; far above the documented size of a zone. */
const sizeLimitBytes = 2 * 1024 ** 3;
/** After so long without a chunk what is missing is asked for again; after twice as long the next time, on a slow line. */
const askAgainMs = 1_000;
const askAgainMaxMs = 8_000;
/** A transfer of which nothing came for so long has been given up, or its replica was fed from the log after all. */
const forgottenAfterMs = 60_000;
/** Chunks kept that came ahead of their turn: more than a sender has on their way. */
const aheadLimit = 32;
/** A snapshot that made no sense is not taken again for so long; another one is. */
const refusedForMs = 10_000;

interface Gathering {
  readonly meta: SnapshotMeta;
  readonly from: SnapshotChunk['from'];
  readonly restoration: Restoration;
  readonly chunks: Uint8Array[];
  readonly ahead: Map<number, SnapshotChunk>;
  bytes: number;
  isWhole: boolean;
  /** When a chunk came last, and when it was asked for one. */
  heardAtMs: number;
  askedAtMs: number;
  askAfterMs: number;
}

/** Tell the sender that everything before this chunk is here; the one after the last ends the transfer. */
export interface Want {
  readonly from: SnapshotChunk['from'];
  readonly index: number;
  readonly chunk: number;
  /** Nothing came for a while: what is on its way seems to be lost. */
  readonly isLate: boolean;
}

/** What a chunk led to. */
export type Taken =
  | { readonly type: 'wanted'; readonly want: Want; readonly isWhole: boolean }
  | { readonly type: 'refused'; readonly error: SkeinError }
  | { readonly type: 'nothing' };

/** A snapshot that was found whole, as it came and as it was read. */
export interface Received {
  readonly chunks: readonly Uint8Array[];
  readonly restoration: Restoration;
}

export interface SnapshotReceiver {
  readonly take: (chunk: SnapshotChunk, nowMs: number) => Taken;
  /** The snapshot at `index`, if it is whole; it is handed out once. */
  readonly collect: (index: number) => Received | undefined;
  /** Raft did not want the snapshot that is whole: another offer of it begins anew. */
  readonly discardWhole: () => void;
  /** What to ask for again. */
  readonly due: (nowMs: number) => Want | undefined;
}

const nothing: Taken = { type: 'nothing' };

/** `restore` begins a fresh state. */
export function createSnapshotReceiver(restore: () => Restoration): SnapshotReceiver {
  let gathering: Gathering | undefined;
  let refused:
    | { readonly replica: number; readonly index: number; readonly atMs: number }
    | undefined;

  const begin = ({ meta, from }: SnapshotChunk, nowMs: number): Gathering => ({
    meta,
    from,
    restoration: restore(),
    chunks: [],
    ahead: new Map(),
    bytes: 0,
    isWhole: false,
    heardAtMs: nowMs,
    askedAtMs: nowMs,
    askAfterMs: askAgainMs,
  });

  const isRefused = ({ meta, from }: SnapshotChunk, nowMs: number): boolean =>
    refused !== undefined &&
    refused.replica === from.replica &&
    refused.index === meta.index &&
    nowMs - refused.atMs < refusedForMs;

  const refuse = ({ meta, from }: SnapshotChunk, nowMs: number, thrown: unknown): Taken => {
    gathering = undefined;
    refused = { replica: from.replica, index: meta.index, atMs: nowMs };
    return { type: 'refused', error: asSkeinError(thrown) };
  };

  return {
    take: (chunk, nowMs) => {
      if (isRefused(chunk, nowMs)) return nothing;
      if (!isOf(gathering, chunk)) {
        if (chunk.chunk !== 0) return nothing;
        gathering = begin(chunk, nowMs);
      }
      const current = gathering!;
      current.heardAtMs = nowMs;
      const expected = current.chunks.length;
      const isAhead = chunk.chunk > expected;
      if (isAhead && current.ahead.size < aheadLimit) current.ahead.set(chunk.chunk, chunk);
      // Each one is answered, so that a sender hears from here, and one that starts over learns what is here already.
      if (isAhead || chunk.chunk < expected || current.isWhole) return wanted(current, false);
      try {
        readOn(current, chunk);
      } catch (error) {
        return refuse(chunk, nowMs, error);
      }
      if (current.bytes > sizeLimitBytes) {
        return refuse(chunk, nowMs, tooLarge());
      }
      return wanted(current, current.isWhole);
    },
    collect: (index) => {
      if (gathering?.meta.index !== index || !gathering.isWhole) return undefined;
      const { chunks, restoration } = gathering;
      gathering = undefined;
      return { chunks, restoration };
    },
    discardWhole: () => {
      if (gathering?.isWhole === true) gathering = undefined;
    },
    due: (nowMs) => {
      if (gathering === undefined || gathering.isWhole) return undefined;
      if (nowMs - gathering.heardAtMs > forgottenAfterMs) {
        gathering = undefined;
        return undefined;
      }
      const { heardAtMs, askedAtMs, askAfterMs } = gathering;
      if (nowMs - Math.max(heardAtMs, askedAtMs) < askAfterMs) return undefined;
      gathering.askedAtMs = nowMs;
      gathering.askAfterMs = Math.min(2 * askAfterMs, askAgainMaxMs);
      return { ...wantOf(gathering), isLate: true };
    },
  };
}

const tooLarge = (): SkeinError =>
  new SkeinError('too-large', `a snapshot of more than ${sizeLimitBytes} bytes is not taken`, {
    limit: sizeLimitBytes,
  });

const isOf = (gathering: Gathering | undefined, { meta, from }: SnapshotChunk): boolean =>
  gathering?.meta.index === meta.index && gathering.from.replica === from.replica;

const wantOf = ({ from, meta, chunks, isWhole }: Gathering): Want => ({
  from,
  index: meta.index,
  chunk: chunks.length + (isWhole ? 1 : 0),
  isLate: false,
});

const wanted = (gathering: Gathering, isWhole: boolean): Taken => ({
  type: 'wanted',
  want: wantOf(gathering),
  isWhole,
});

/** Reads this chunk and those that came ahead of it. Throws what the state throws for one that makes no sense. */
function readOn(gathering: Gathering, first: SnapshotChunk): void {
  const { restoration, chunks, ahead } = gathering;
  let chunk: SnapshotChunk | undefined = first;
  while (chunk !== undefined && !gathering.isWhole) {
    if (chunk.isLast) {
      restoration.complete();
      gathering.isWhole = true;
    } else {
      restoration.add(chunk.data);
      chunks.push(chunk.data);
      gathering.bytes += chunk.data.byteLength;
    }
    chunk = ahead.get(chunks.length);
    ahead.delete(chunks.length);
  }
}
