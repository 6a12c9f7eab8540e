// Reads a log back: what was acknowledged is all there, or it says where it is not.

import { SkeinError } from '../../runtime/index.ts';
import type { Entry, HardState, ReplicaId } from '../raft/types.ts';
import type { Disk, DiskFile } from './disk.ts';
import type { ReadRecord } from './record.ts';
import { recordTypes } from './record.ts';
import {
  corruptLog,
  firstRecordOffset,
  isTornTail,
  lastNonZero,
  readHeader,
  scanSegment,
  sequenceOf,
} from './segment.ts';
import type { SegmentScan } from './segment.ts';
import type { SegmentInfo, WriterState } from './segment-writer.ts';

/** Where a log begins: its term is unknown when what was rewritten began in segments that are gone. */
export interface LogBase {
  readonly index: number;
  readonly term: number | undefined;
}

/** What the segments hold, before any snapshot is put under it. */
export interface RecoveredSegments {
  readonly replicaId: ReplicaId;
  readonly hardState: HardState;
  /** The last entry that is not in the segments any more; 0 when none is missing. */
  readonly base: LogBase;
  /** From `base.index + 1` on, without a gap. */
  readonly entries: readonly Entry[];
  readonly writer: WriterState;
}

interface Replay {
  base: LogBase;
  entries: Entry[];
  hardState: HardState;
  segments: SegmentInfo[];
}

/** Undefined when there is no log. Throws `corrupt` or `unsupported`; cuts a torn tail, unless it may only read. */
export async function recoverSegments(
  disk: Disk,
  directory: string,
  mayRepair = true,
): Promise<RecoveredSegments | undefined> {
  const paths = await segmentsInUse(disk, directory, mayRepair);
  const replay: Replay = {
    base: { index: 0, term: 0 },
    entries: [],
    hardState: { term: 0, vote: 0, commit: 0 },
    segments: [],
  };
  let before: SegmentScan | undefined;
  for (const path of paths) {
    const { source, scan } = await readSegment(disk, path);
    checkContinuation(path, before, scan);
    if (scan.hasResidue) {
      const isLast = path === paths.at(-1);
      if (!isLast || !isTornTail(source, scan)) {
        throw corruptLog(path, scan.end, 'a record fails its check, and it was acknowledged');
      }
      if (mayRepair) await cutTail(disk, path, source, scan.end);
    }
    if (mayRepair && path === paths.at(-1)) await settleLastWrite(disk, path, source, scan);
    if (before === undefined) {
      replay.base = { index: scan.header.baseIndex, term: scan.header.baseTerm };
    }
    replaySegment(path, replay, scan);
    before = scan;
  }
  if (before === undefined) return undefined;
  const { base, entries, hardState, segments } = replay;
  const { replicaId } = before.header;
  const lastIndex = base.index + entries.length;
  const lastTerm = entries.at(-1)?.term ?? base.term ?? 0;
  const { end: offset, lastCrc, lastWrite } = before;
  return {
    replicaId,
    hardState,
    base,
    entries,
    writer: { replicaId, segments, offset, lastCrc, lastWrite, lastIndex, lastTerm, hardState },
  };
}

/** What can still be read of a log that may be broken: the records before the first broken place. Changes nothing. */
export async function readableSegments(
  disk: Disk,
  directory: string,
): Promise<{ readonly replicaId: ReplicaId | undefined; readonly records: readonly ReadRecord[] }> {
  const records: ReadRecord[] = [];
  let replicaId: ReplicaId | undefined;
  try {
    for (const path of await segmentsInUse(disk, directory, false)) {
      const { scan } = await readSegment(disk, path);
      replicaId = scan.header.replicaId;
      records.push(...scan.records);
      if (scan.hasResidue) break;
    }
  } catch (error) {
    if (!(error instanceof SkeinError) || error.code !== 'corrupt') throw error;
  }
  return { replicaId, records };
}

/** In order; those that a restart made void are passed over, and removed. */
async function segmentsInUse(
  disk: Disk,
  directory: string,
  mayRepair: boolean,
): Promise<readonly string[]> {
  const names = (await disk.list(directory)).filter((name) => sequenceOf(name) !== undefined);
  const paths = names.sort().map((name) => `${directory}/${name}`);
  let start = 0;
  for (const [at, path] of paths.entries()) {
    const file = await disk.open(path, 'read');
    const { header } = readHeader(path, Buffer.from(await file.read(0, firstRecordOffset)));
    await file.close();
    if (header.isRestart) start = at;
  }
  for (const path of mayRepair ? paths.slice(0, start) : []) {
    await disk.remove(path);
    await disk.syncDirectory(directory);
  }
  return paths.slice(start);
}

function checkContinuation(path: string, before: SegmentScan | undefined, scan: SegmentScan): void {
  const { header, headerRecord } = scan;
  if (before === undefined) return;
  if (header.sequence !== before.header.sequence + 1) {
    throw corruptLog(path, 0, `segment ${before.header.sequence + 1} before it is missing`);
  }
  if (header.replicaId !== before.header.replicaId) {
    throw corruptLog(path, 0, 'it belongs to another replica than the segment before it');
  }
  if (headerRecord.previousCrc !== before.lastCrc) {
    throw corruptLog(path, 0, 'the end of the segment before it is missing');
  }
}

function replaySegment(path: string, replay: Replay, scan: SegmentScan): void {
  let maxIndex = scan.header.baseIndex;
  for (const record of scan.records) {
    if (record.type === recordTypes.hardState) {
      const vote = Buffer.from(record.data).readUIntLE(0, 6);
      replay.hardState = { term: record.term, vote, commit: record.index };
      continue;
    }
    // A new leader's entry may replace some in segments that were removed later, once it was compacted too.
    if (record.index <= replay.base.index) {
      replay.base = { index: record.index - 1, term: undefined };
    }
    const at = Math.min(record.index - replay.base.index - 1, replay.entries.length);
    if (record.index !== replay.base.index + at + 1) {
      throw corruptLog(path, record.end, `entry ${record.index} does not continue the log`);
    }
    replay.entries.length = at;
    replay.entries.push(toEntry(record));
    maxIndex = Math.max(maxIndex, record.index);
  }
  const { sequence, bytes } = scan.header;
  replay.segments.push({ sequence, path, bytes, maxIndex });
}

/** A copy of the data, so that an entry does not keep its whole segment in memory. */
function toEntry(record: ReadRecord): Entry {
  const type = record.type === recordTypes.config ? 'config' : 'normal';
  return { index: record.index, term: record.term, type, data: new Uint8Array(record.data) };
}

/** Zeros over what was torn, durably: none of it can be taken for a later write. */
async function cutTail(disk: Disk, path: string, source: Buffer, end: number): Promise<void> {
  const file = await disk.open(path, 'write-through');
  await file.write(end, Buffer.alloc(lastNonZero(source, end) + 1 - end));
  await file.close();
}

/**
 * What is read may be in the page cache only: the process before this one may have ended, or been refused, while it waited
 * for its last write. Who goes on with that write acknowledges it, so it is written once more, durably.
 */
async function settleLastWrite(
  disk: Disk,
  path: string,
  source: Buffer,
  { lastWriteStart, end }: SegmentScan,
): Promise<void> {
  const file = await disk.open(path, 'write-through');
  await file.write(lastWriteStart, source.subarray(lastWriteStart, end));
  await file.close();
}

/**
 * A new segment is 64 MB of zeros, and reading them all would cost a small peer its memory: so only what was used is
 * read. A record whose own zeros were left out looks like residue; then the whole file is read after all.
 */
async function readSegment(
  disk: Disk,
  path: string,
): Promise<{ readonly source: Buffer; readonly scan: SegmentScan }> {
  const bytes = await disk.sizeBytes(path);
  const file = await disk.open(path, 'read');
  try {
    const used = await readUsed(file, bytes);
    const scan = scanSegment(path, used, bytes);
    if (!scan.hasResidue || used.length === bytes) return { source: used, scan };
    const source = asBuffer(await file.read(0, bytes));
    return { source, scan: scanSegment(path, source, bytes) };
  } finally {
    await file.close();
  }
}

/** Read at a time. */
const chunkBytes = 1 << 20;

/** The file up to its last chunk that is not all zeros. */
async function readUsed(file: DiskFile, bytes: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let used = 0;
  for (let offset = 0; offset < bytes; offset += chunkBytes) {
    chunks.push(asBuffer(await file.read(offset, Math.min(chunkBytes, bytes - offset))));
    if (lastNonZero(chunks.at(-1)!, 0) >= 0) used = chunks.length;
    // One chunk of zeros is as good as another: all but the first few are given back at once.
    else if (chunks.length > used + 1) chunks[chunks.length - 1] = chunks[used]!;
  }
  return Buffer.concat(chunks.slice(0, used));
}

const asBuffer = ({ buffer, byteOffset, length }: Uint8Array): Buffer =>
  Buffer.from(buffer, byteOffset, length);
