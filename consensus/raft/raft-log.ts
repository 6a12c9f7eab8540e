// The log in memory: what is compacted, what is on disk, what is on its way there, what is new.
//
//   compacted |  stable: on disk   |  handed out, not yet stable  |  not handed out
//   ----------+--------------------+------------------------------+----------------
//             ^ firstIndex         ^ stable + 1                   ^ handed + 1      ^ lastIndex
//
// A write that is on its way may be overtaken: a new leader cuts the log at i and writes other
// entries there, and perhaps yet another leader the first ones again. When the oldest write
// completes, what it wrote will still be overwritten by those behind it, though index and term look
// right. So every write remembers the range it is the newest writer of, and a cut at i takes i and
// all above out of every range.

import { assert } from '../../runtime/index.ts';
import type { LogEnd } from './rules.ts';
import type { Entry } from './types.ts';

interface PendingWrite {
  readonly token: number;
  lastIndex: number;
}

export interface RaftLog {
  /** The last entry that is gone, or 0: what a snapshot covers. */
  compacted: LogEnd;
  /** Those after it, without a gap. */
  entries: Entry[];
  /** Up to here on disk. compacted.index <= stable <= handed <= lastIndex. */
  stable: number;
  handed: number;
  writes: PendingWrite[];
  /** Bytes of `entries`, overhead included. */
  bytes: number;
}

/** What an entry costs beside its data: index, term, type and framing. */
const entryOverheadBytes = 32;

export function entryBytes(entry: Entry): number {
  return entry.data.length + entryOverheadBytes;
}

export function bytesOf(entries: readonly Entry[]): number {
  let bytes = 0;
  for (const entry of entries) bytes += entryBytes(entry);
  return bytes;
}

/** A log as it was found on disk: everything in it is stable. */
export function createRaftLog(compacted: LogEnd, entries: readonly Entry[]): RaftLog {
  const stable = compacted.index + entries.length;
  const log = { compacted, entries: [...entries], stable, handed: stable, writes: [] };
  return { ...log, bytes: bytesOf(entries) };
}

export function firstIndex(log: RaftLog): number {
  return log.compacted.index + 1;
}

export function lastIndex(log: RaftLog): number {
  return log.compacted.index + log.entries.length;
}

export function logEnd(log: RaftLog): LogEnd {
  return log.entries.at(-1) ?? log.compacted;
}

/** The term at `index`; undefined when it is compacted or not there yet. */
export function termAt(log: RaftLog, index: number): number | undefined {
  if (index === log.compacted.index) return log.compacted.term;
  return log.entries[index - log.compacted.index - 1]?.term;
}

/** The entry at `index`, if it is kept. */
export function entryAt(log: RaftLog, index: number): Entry | undefined {
  return log.entries[index - log.compacted.index - 1];
}

/** Entries from `from` to `to`, both included, as many as fit in `maxBytes` but at least one. */
export function sliceLog(log: RaftLog, from: number, to: number, maxBytes: number): Entry[] {
  assert(from > log.compacted.index, `entry ${from} is compacted`);
  const start = from - log.compacted.index - 1;
  const limit = Math.min(to, lastIndex(log)) - log.compacted.index;
  let end = start;
  let bytes = 0;
  while (end < limit) {
    bytes += entryBytes(log.entries[end]!);
    if (bytes > maxBytes && end > start) break;
    end++;
  }
  return log.entries.slice(start, end);
}

/** Puts `entries` into the log; what stood at and above the first of them is cut off. */
export function appendToLog(log: RaftLog, entries: readonly Entry[]): void {
  if (entries.length === 0) return;
  const from = entries[0]!.index;
  assert(from > log.compacted.index, `append at ${from}, which is compacted`);
  assert(from <= lastIndex(log) + 1, `append at ${from} leaves a gap`);
  if (from <= lastIndex(log)) cutLog(log, from);
  for (const entry of entries) log.entries.push(entry);
  log.bytes += bytesOf(entries);
}

function cutLog(log: RaftLog, from: number): void {
  log.bytes -= bytesOf(log.entries.slice(from - log.compacted.index - 1));
  log.entries.length = from - log.compacted.index - 1;
  log.stable = Math.min(log.stable, from - 1);
  log.handed = Math.min(log.handed, from - 1);
  for (const write of log.writes) write.lastIndex = Math.min(write.lastIndex, from - 1);
}

/** Entries not yet handed out to be written; from now on they belong to the write `token`. */
export function takeUnwritten(log: RaftLog, token: number): Entry[] {
  const entries = log.entries.slice(log.handed - log.compacted.index);
  log.handed = lastIndex(log);
  if (entries.length > 0) log.writes.push({ token, lastIndex: log.handed });
  return entries;
}

export function hasUnwritten(log: RaftLog): boolean {
  return log.handed < lastIndex(log);
}

/** The write `token` and all before it are on disk. */
export function writtenThrough(log: RaftLog, token: number): void {
  while (log.writes.length > 0 && log.writes[0]!.token <= token) {
    log.stable = Math.max(log.stable, log.writes.shift()!.lastIndex);
  }
}

/**
 * The highest index at or below `index` where this log could agree with one that has `term` there:
 * terms never fall along a log, so places with a higher term are passed over (section 5.3, end).
 */
export function findConflictByTerm(log: RaftLog, index: number, term: number): LogEnd {
  for (let at = Math.min(index, lastIndex(log)); at > 0; at--) {
    const ours = termAt(log, at);
    if (ours === undefined) return { index: at, term: 0 };
    if (ours <= term) return { index: at, term: ours };
  }
  return { index: 0, term: 0 };
}

/** The lowest index to compact to that leaves, up to `index`, no more than these behind. */
export function trailingIndex(
  log: RaftLog,
  index: number,
  limits: { readonly entries: number; readonly bytes: number },
): number {
  const least = Math.max(log.compacted.index, index - limits.entries);
  let at = index;
  let bytes = 0;
  while (at > least) {
    bytes += entryBytes(entryAt(log, at)!);
    if (bytes > limits.bytes) break;
    at--;
  }
  return at;
}

/** Drops entries up to `index`, which a snapshot covers and the disk has. */
export function compactLog(log: RaftLog, index: number): void {
  if (index <= log.compacted.index) return;
  assert(index <= log.stable, `compaction to ${index} beyond what is on disk, ${log.stable}`);
  const end = entryAt(log, index)!;
  const dropped = log.entries.slice(0, index - log.compacted.index);
  log.entries = log.entries.slice(index - log.compacted.index);
  log.bytes -= bytesOf(dropped);
  log.compacted = { index: end.index, term: end.term };
}

/** A snapshot takes the place of the whole log. */
export function restoreLog(log: RaftLog, end: LogEnd): void {
  log.compacted = { index: end.index, term: end.term };
  log.entries = [];
  log.bytes = 0;
  log.stable = end.index;
  log.handed = end.index;
  log.writes = [];
}
