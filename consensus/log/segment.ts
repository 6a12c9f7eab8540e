// A segment of the log as bytes: a preamble, a header record, then records up to the first zeros.

import { SkeinError } from '../../runtime/index.ts';
import type { ReplicaId } from '../raft/types.ts';
import type { ReadRecord } from './record.ts';
import { readRecord, nextWrite, recordBytes, recordTypes, writesBetween } from './record.ts';

/** Raised when what is on disk changes its meaning; a program refuses what it does not know. */
export const logFormatVersion = 1;
export const preambleBytes = 16;
const magic = Buffer.from('SKEINLOG');
const headerDataBytes = 31;
/** Where the first record after the header starts. */
export const firstRecordOffset = preambleBytes + recordBytes(headerDataBytes);

/** What a segment says of itself. It is durable before the file has its name, so it is never torn. */
export interface SegmentHeader {
  readonly replicaId: ReplicaId;
  /** Counts segments from 1. */
  readonly sequence: number;
  /** The size the file was given: a shorter one has lost its end. */
  readonly bytes: number;
  /** The last entry before this segment. */
  readonly baseIndex: number;
  readonly baseTerm: number;
  /** Whether an installed snapshot took the place of all that came before. */
  readonly isRestart: boolean;
}

/** What a segment holds, up to the first write that is not whole. */
export interface SegmentScan {
  readonly header: SegmentHeader;
  /** The header record: its `previousCrc` is the last checksum of the segment before. */
  readonly headerRecord: ReadRecord;
  readonly records: readonly ReadRecord[];
  /** Where the last whole write starts. */
  readonly lastWriteStart: number;
  /** Where the next record would start. */
  readonly end: number;
  readonly lastCrc: number;
  readonly lastWrite: number;
  /** Whether bytes after `end` are not zero: a torn write or rot. */
  readonly hasResidue: boolean;
}

export function segmentName(sequence: number): string {
  return `segment-${String(sequence).padStart(12, '0')}.log`;
}

/** The sequence in a segment's file name; undefined for other files. */
export function sequenceOf(name: string): number | undefined {
  const match = /^segment-(\d{12})\.log$/.exec(name);
  return match === null ? undefined : Number(match[1]);
}

export function encodePreamble(): Buffer {
  const preamble = Buffer.alloc(preambleBytes);
  magic.copy(preamble);
  preamble.writeUInt32LE(logFormatVersion, magic.length);
  return preamble;
}

export function encodeHeader(header: SegmentHeader): Buffer {
  const data = Buffer.alloc(headerDataBytes);
  data.writeUIntLE(header.replicaId, 0, 6);
  data.writeUIntLE(header.sequence, 6, 6);
  data.writeUIntLE(header.bytes, 12, 6);
  data.writeUIntLE(header.baseIndex, 18, 6);
  data.writeUIntLE(header.baseTerm, 24, 6);
  data.writeUInt8(header.isRestart ? 1 : 0, 30);
  return data;
}

/** Reads a segment of `fileBytes`, of which `source` may leave out zeros at the end. Throws `unsupported` for an unknown version and `corrupt` for a broken header. */
export function scanSegment(path: string, source: Buffer, fileBytes: number): SegmentScan {
  const { header, headerRecord } = readHeader(path, source);
  if (fileBytes < header.bytes) {
    throw corruptLog(path, fileBytes, `it was cut short from ${header.bytes} bytes`);
  }
  const scan = scanRecords(source, headerRecord);
  if (scan.records.length === 0) {
    throw corruptLog(path, headerRecord.end, 'the hard state after its header fails its check');
  }
  return { header, headerRecord, ...scan };
}

/** Reads a segment's header from its first `firstRecordOffset` bytes; throws as `scanSegment`. */
export function readHeader(
  path: string,
  source: Buffer,
): Pick<SegmentScan, 'header' | 'headerRecord'> {
  checkPreamble(path, source);
  const headerRecord = readRecord(source, preambleBytes);
  if (headerRecord === undefined || headerRecord.type !== recordTypes.segment) {
    throw corruptLog(path, preambleBytes, 'its header fails its check');
  }
  const { data } = headerRecord;
  const view = Buffer.from(data.buffer, data.byteOffset, data.length);
  const header: SegmentHeader = {
    replicaId: view.readUIntLE(0, 6),
    sequence: view.readUIntLE(6, 6),
    bytes: view.readUIntLE(12, 6),
    baseIndex: view.readUIntLE(18, 6),
    baseTerm: view.readUIntLE(24, 6),
    isRestart: view.readUInt8(30) === 1,
  };
  return { header, headerRecord };
}

/** Only whole writes count: what is left of a torn one was never acknowledged, and nothing may follow it. */
function scanRecords(
  source: Buffer,
  headerRecord: ReadRecord,
): Omit<SegmentScan, 'header' | 'headerRecord'> {
  const records: ReadRecord[] = [];
  let last = headerRecord;
  let whole = headerRecord;
  let wholeCount = 0;
  let lastWriteStart = preambleBytes;
  for (;;) {
    const next = readRecord(source, last.end);
    if (next === undefined || !follows(last, next)) break;
    records.push(next);
    last = next;
    if (!next.isLastOfWrite) continue;
    // The header shares its write with the hard state after it.
    if (wholeCount > 0) lastWriteStart = whole.end;
    whole = next;
    wholeCount = records.length;
  }
  return {
    records: records.slice(0, wholeCount),
    lastWriteStart,
    end: whole.end,
    lastCrc: whole.crc,
    lastWrite: whole.write,
    hasResidue: lastNonZero(source, whole.end) >= 0,
  };
}

function follows(last: ReadRecord, next: ReadRecord): boolean {
  const write = last.isLastOfWrite ? nextWrite(last.write) : last.write;
  return next.type !== recordTypes.segment && next.previousCrc === last.crc && next.write === write;
}

/**
 * Whether what follows the scanned records can be one torn write that was never acknowledged.
 * Not so when a whole record of a later write is among it: writes do not overlap, so the broken one was complete.
 */
export function isTornTail(source: Buffer, scan: SegmentScan): boolean {
  const newest = nextWrite(scan.lastWrite);
  const stop = lastNonZero(source, scan.end);
  for (let offset = scan.end; offset <= stop; offset += 8) {
    const record = readRecord(source, offset);
    if (record !== undefined && writesBetween(newest, record.write) > 0) return false;
  }
  return true;
}

/** The offset of the last byte from `start` on that is not zero; -1 when there is none. */
export function lastNonZero(source: Buffer, start: number): number {
  const zeros = Buffer.alloc(1 << 16);
  let end = source.length;
  while (end > start) {
    const from = Math.max(start, end - zeros.length);
    if (source.compare(zeros, 0, end - from, from, end) !== 0) {
      for (let at = end - 1; at >= from; at--) if (source[at] !== 0) return at;
    }
    end = from;
  }
  return -1;
}

function checkPreamble(path: string, source: Buffer): void {
  if (
    source.length < preambleBytes ||
    source.compare(magic, 0, magic.length, 0, magic.length) !== 0
  ) {
    throw corruptLog(path, 0, 'it does not begin as a segment of a log does');
  }
  const version = source.readUInt32LE(magic.length);
  if (version !== logFormatVersion) {
    throw new SkeinError(
      'unsupported',
      `${path} has log format version ${version}, this program reads version ${logFormatVersion}: ` +
        'start the program that wrote it, or a newer one',
      { path, version },
    );
  }
}

/** The error for a log that cannot be trusted: where, what, and what to do. */
export function corruptLog(path: string, offset: number, what: string): SkeinError {
  return new SkeinError(
    'corrupt',
    `${path} is broken at offset ${offset}: ${what}. Acknowledged entries may be lost, so this replica ` +
      'must not go on with it: `skein rejoin` has the peer set it aside and join again as a new replica',
    { path, offset },
  );
}
