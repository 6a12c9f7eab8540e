// One record of the log as bytes, and how to tell a whole one from a broken one.
//
//   0 crc32c of all that follows   4 length of data    8 crc of the record before   12 number of the write
//  16 type   17 flags   18 zero   20 term (48 bits)   26 index (48 bits)   32 data, then zeros to a multiple of 8
//
// The record before is named by its checksum, so a record cannot be lost, moved or repeated unseen.
// The number of the write tells a torn write from rot: writes never overlap, so a whole record of a
// later write proves that the earlier one was complete.

import { crc32c } from './crc32c.ts';

export const recordHeaderBytes = 32;
/** Of one record's data. */
export const maxRecordDataBytes = 64 << 20;

/** Numbers on disk: never reuse one. */
export const recordTypes = { segment: 1, hardState: 2, normal: 3, config: 4 } as const;
const lastType = 4;
const flagLastOfWrite = 1;

export interface LogRecord {
  readonly type: number;
  /** Whether the write that put it down ends with it. */
  readonly isLastOfWrite: boolean;
  readonly previousCrc: number;
  /** Counts writes, modulo 2^32. */
  readonly write: number;
  readonly term: number;
  readonly index: number;
  readonly data: Uint8Array;
}

/** A record as read: with its own checksum and where the next one starts. */
export interface ReadRecord extends LogRecord {
  readonly crc: number;
  readonly end: number;
}

/** The bytes a record with that much data takes. */
export function recordBytes(dataBytes: number): number {
  return (recordHeaderBytes + dataBytes + 7) & ~7;
}

/** Puts a record at `offset` of a buffer with room for it; returns its checksum. */
export function writeRecord(target: Buffer, offset: number, record: LogRecord): number {
  const { data } = record;
  target.writeUInt32LE(data.length, offset + 4);
  target.writeUInt32LE(record.previousCrc, offset + 8);
  target.writeUInt32LE(record.write, offset + 12);
  target.writeUInt8(record.type, offset + 16);
  target.writeUInt8(record.isLastOfWrite ? flagLastOfWrite : 0, offset + 17);
  target.writeUInt16LE(0, offset + 18);
  target.writeUIntLE(record.term, offset + 20, 6);
  target.writeUIntLE(record.index, offset + 26, 6);
  target.set(data, offset + recordHeaderBytes);
  const end = offset + recordHeaderBytes + data.length;
  target.fill(0, end, offset + recordBytes(data.length));
  const crc = crc32c(target, offset + 4, end);
  target.writeUInt32LE(crc, offset);
  return crc;
}

/** The record at `offset`, its data a view; undefined when there is none or it fails its check. */
export function readRecord(source: Buffer, offset: number): ReadRecord | undefined {
  if (offset + recordHeaderBytes > source.length) return undefined;
  const type = source[offset + 16]!;
  const flags = source[offset + 17]!;
  const length = source.readUInt32LE(offset + 4);
  const end = offset + recordHeaderBytes + length;
  if (type === 0 || type > lastType || flags > flagLastOfWrite) return undefined;
  if (length > maxRecordDataBytes || end > source.length) return undefined;
  const crc = source.readUInt32LE(offset);
  if (crc32c(source, offset + 4, end) !== crc) return undefined;
  return {
    type,
    isLastOfWrite: (flags & flagLastOfWrite) !== 0,
    previousCrc: source.readUInt32LE(offset + 8),
    write: source.readUInt32LE(offset + 12),
    term: source.readUIntLE(offset + 20, 6),
    index: source.readUIntLE(offset + 26, 6),
    data: source.subarray(offset + recordHeaderBytes, end),
    crc,
    end: offset + recordBytes(length),
  };
}

/** The number of the write after `write`. */
export function nextWrite(write: number): number {
  return (write + 1) >>> 0;
}

/** How many writes `later` comes after `earlier`, negative when before. */
export function writesBetween(earlier: number, later: number): number {
  return (later - earlier) | 0;
}
