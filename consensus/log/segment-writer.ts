// Puts groups of batches down in the newest segment and opens the next one when it is full.
//
//   next.tmp (zeros) --header, hard state, durable--> rename --> directory synced --> records

import { assert, SkeinError } from '../../runtime/index.ts';
import type { Entry, HardState, ReplicaId } from '../raft/types.ts';
import type { Disk, DiskFile } from './disk.ts';
import { isDiskFull } from './disk.ts';
import type { LogBatch } from './log-storage.ts';
import { nextWrite, recordBytes, recordTypes, writeRecord } from './record.ts';
import {
  encodeHeader,
  encodePreamble,
  firstRecordOffset,
  preambleBytes,
  segmentName,
} from './segment.ts';
import type { SegmentHeader } from './segment.ts';
import { createSpareSegment, spareName } from './spare-segment.ts';

const noBytes = new Uint8Array(0);
const hardStateBytes = recordBytes(6);

export interface SegmentInfo {
  readonly sequence: number;
  readonly path: string;
  readonly bytes: number;
  /** The greatest index of an entry in it or before it; 0 for none. */
  readonly maxIndex: number;
}

/** Where the log ends, and all that the next record needs to know of it. */
export interface WriterState {
  readonly replicaId: ReplicaId;
  readonly segments: readonly SegmentInfo[];
  /** In the newest segment. */
  readonly offset: number;
  readonly lastCrc: number;
  readonly lastWrite: number;
  readonly lastIndex: number;
  readonly lastTerm: number;
  readonly hardState: HardState;
}

/** One caller at a time. A rejection for which `isDiskFull` holds changed nothing; any other is final. */
export interface SegmentWriter {
  readonly write: (batches: readonly LogBatch[]) => Promise<void>;
  /** Opens a segment after which nothing that came before counts. */
  readonly restart: (index: number, term: number, hardState: HardState) => Promise<void>;
  /** Removes the segments before the newest whose entries all lie at or below `index`. */
  readonly removeUpTo: (index: number) => Promise<void>;
  /** False from when the next segment could not be made for lack of room until it could: half a segment ahead of need. */
  readonly hasRoom: () => boolean;
  /** Tries again to make the next segment, if there was no room for it. */
  readonly seekRoom: () => Promise<void>;
  readonly segments: () => readonly SegmentInfo[];
  readonly close: () => Promise<void>;
}

/** The bytes a batch takes in a segment. */
export function batchBytes(batch: LogBatch): number {
  let bytes = batch.hardState === undefined ? 0 : hardStateBytes;
  for (const entry of batch.entries) bytes += recordBytes(entry.data.length);
  return bytes;
}

/** Makes the file of zeros by the spare's name into a new log's first segment, or into the next after `before`; durable when it resolves. */
export async function createSegment(
  disk: Disk,
  directory: string,
  header: SegmentHeader,
  before: Pick<WriterState, 'lastCrc' | 'lastWrite' | 'hardState'>,
): Promise<{ info: SegmentInfo; offset: number; lastCrc: number; lastWrite: number }> {
  const aside = `${directory}/${spareName}`;
  const path = `${directory}/${segmentName(header.sequence)}`;
  const start = Buffer.alloc(firstRecordOffset + hardStateBytes);
  encodePreamble().copy(start);
  const write = nextWrite(before.lastWrite);
  const record = { write, term: header.baseTerm, index: header.baseIndex };
  const headerCrc = writeRecord(start, preambleBytes, {
    ...record,
    type: recordTypes.segment,
    isLastOfWrite: false,
    previousCrc: before.lastCrc,
    data: encodeHeader(header),
  });
  const lastCrc = putHardState(start, firstRecordOffset, before.hardState, true, headerCrc, write);
  await orStop(path, async () => {
    const file = await disk.open(aside, 'write-through');
    await file.write(0, start);
    await file.close();
    await disk.rename(aside, path);
    await disk.syncDirectory(directory);
  });
  const { sequence, bytes, baseIndex } = header;
  const info = { sequence, path, bytes, maxIndex: baseIndex };
  return { info, offset: start.length, lastCrc, lastWrite: write };
}

/**
 * Lack of room is harmless only while preallocating. Inside a segment (on file systems that copy on write)
 * a part may have been written, and that is as final as any other failure.
 */
async function orStop(path: string, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (!isDiskFull(error)) throw error;
    throw new SkeinError('unavailable', `no room inside ${path}`, { path }, error);
  }
}

function putHardState(
  target: Buffer,
  offset: number,
  state: HardState,
  isLastOfWrite: boolean,
  previousCrc: number,
  write: number,
): number {
  const data = Buffer.alloc(6);
  data.writeUIntLE(state.vote, 0, 6);
  const { term, commit } = state;
  const type = recordTypes.hardState;
  const record = { type, isLastOfWrite, previousCrc, write, term, index: commit, data };
  return writeRecord(target, offset, record);
}

/** Goes on from `initial`; new segments get `segmentBytes`, or what one group needs if that is more. */
export async function openSegmentWriter(
  disk: Disk,
  directory: string,
  segmentBytes: number,
  initial: WriterState,
): Promise<SegmentWriter> {
  let state = initial;
  let file: DiskFile = await disk.open(newest(state).path, 'write-through');
  let buffer = Buffer.allocUnsafeSlow(1 << 16);
  const spare = createSpareSegment(disk, directory, segmentBytes);
  const prepareNext = () => {
    if (state.offset > newest(state).bytes / 2) spare.prepare();
  };
  prepareNext();

  /** Changes nothing when there is no room. */
  const rotate = async (
    base: { index: number; term: number },
    bytes: number,
    restartWith?: HardState,
  ) => {
    await spare.take(bytes);
    const header = headerAfter(state, base, bytes, restartWith !== undefined);
    const hardState = restartWith ?? state.hardState;
    const before = { ...state, hardState };
    const { info, ...end } = await createSegment(disk, directory, header, before);
    await file.close();
    file = await disk.open(info.path, 'write-through');
    const segments = [...state.segments, info];
    state = { ...before, ...end, segments, lastIndex: base.index, lastTerm: base.term };
  };

  return {
    write: async (batches) => {
      const bytes = batches.reduce((sum, batch) => sum + batchBytes(batch), 0);
      if (bytes === 0) return;
      if (state.offset + bytes > newest(state).bytes) {
        const needed = firstRecordOffset + hardStateBytes + bytes;
        const base = { index: state.lastIndex, term: state.lastTerm };
        await rotate(base, Math.max(segmentBytes, needed));
      }
      if (buffer.length < bytes) buffer = Buffer.allocUnsafeSlow(2 ** Math.ceil(Math.log2(bytes)));
      const after = encodeGroup(buffer, batches, state);
      assert(after.offset - state.offset === bytes, 'a group takes the room it was given');
      const { path } = newest(state);
      await orStop(path, () => file.write(state.offset, buffer.subarray(0, bytes)));
      state = after;
      prepareNext();
    },
    restart: async (index, term, hardState) => {
      await rotate({ index, term }, segmentBytes, hardState);
      state = await removeSegments(disk, directory, state, state.segments.length - 1);
    },
    removeUpTo: async (index) => {
      const keepFrom = state.segments.findIndex((segment) => segment.maxIndex > index);
      const count = keepFrom === -1 ? state.segments.length - 1 : keepFrom;
      state = await removeSegments(
        disk,
        directory,
        state,
        Math.min(count, state.segments.length - 1),
      );
    },
    hasRoom: () => !spare.isShort(),
    seekRoom: spare.retry,
    segments: () => state.segments,
    close: async () => {
      await spare.close();
      await file.close();
    },
  };
}

function headerAfter(
  state: WriterState,
  base: { readonly index: number; readonly term: number },
  bytes: number,
  isRestart: boolean,
): SegmentHeader {
  const sequence = newest(state).sequence + 1;
  const { replicaId } = state;
  return { replicaId, sequence, bytes, baseIndex: base.index, baseTerm: base.term, isRestart };
}

function newest(state: WriterState): SegmentInfo {
  const last = state.segments.at(-1);
  assert(last !== undefined, 'a log has a segment');
  return last;
}

/** Oldest first and one at a time: after a crash no segment is missing between two others. */
async function removeSegments(
  disk: Disk,
  directory: string,
  state: WriterState,
  count: number,
): Promise<WriterState> {
  for (const segment of state.segments.slice(0, count)) {
    await disk.remove(segment.path);
    await disk.syncDirectory(directory);
  }
  return { ...state, segments: state.segments.slice(count) };
}

/** One write for a group: hard state before the entries of its batch, each record chained to the one before. */
function encodeGroup(
  target: Buffer,
  batches: readonly LogBatch[],
  before: WriterState,
): WriterState {
  const write = nextWrite(before.lastWrite);
  let at = 0;
  let crc = before.lastCrc;
  let { hardState, lastIndex, lastTerm } = before;
  let maxIndex = newest(before).maxIndex;
  let left = batches.reduce((sum, b) => sum + b.entries.length + (b.hardState ? 1 : 0), 0);
  for (const batch of batches) {
    if (batch.hardState !== undefined) {
      hardState = batch.hardState;
      crc = putHardState(target, at, hardState, --left === 0, crc, write);
      at += hardStateBytes;
    }
    for (const entry of batch.entries) {
      crc = putEntry(target, at, entry, --left === 0, crc, write);
      at += recordBytes(entry.data.length);
      lastIndex = entry.index;
      lastTerm = entry.term;
      maxIndex = Math.max(maxIndex, lastIndex);
    }
  }
  const segments = [...before.segments.slice(0, -1), { ...newest(before), maxIndex }];
  const end = { offset: before.offset + at, lastCrc: crc, lastWrite: write };
  return { ...before, ...end, segments, hardState, lastIndex, lastTerm };
}

function putEntry(
  target: Buffer,
  offset: number,
  entry: Entry,
  isLastOfWrite: boolean,
  previousCrc: number,
  write: number,
): number {
  return writeRecord(target, offset, {
    type: entry.type === 'normal' ? recordTypes.normal : recordTypes.config,
    isLastOfWrite,
    previousCrc,
    write,
    term: entry.term,
    index: entry.index,
    data: entry.data.length === 0 ? noBytes : entry.data,
  });
}
