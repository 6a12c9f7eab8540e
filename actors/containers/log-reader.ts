// Reads the log of one instance across its rotated files, and follows it while it is written.

import { watch } from 'node:fs';
import { open, stat } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { dirname } from 'node:path';
import { rotatedFiles } from './keeper/log-file.ts';

const CHUNK_BYTES = 64 * 1024;
const NEWLINE = 0x0a;

/** What notifies of changes may miss one: look at least this often. */
const LOOK_MS = 1_000;

export interface LogReading {
  /** Start with the last lines only; undefined: all. */
  readonly tailLines: number | undefined;
  /** Undefined: end at the end of the file. Else go on until this says that nothing will be written any more. */
  readonly isEnded: (() => boolean | Promise<boolean>) | undefined;
  readonly signal: AbortSignal;
}

/** Whole lines without their newlines, as they stand in the files, oldest first. */
export async function* readLogLines(path: string, reading: LogReading): AsyncGenerator<Buffer> {
  const begin = await findBegin(path, reading.tailLines);
  let file: FileHandle | undefined = await openIfThere(begin.path);
  let { offset } = begin;
  let changes: Changes | undefined;
  try {
    if (reading.isEnded !== undefined) changes = watchDirectory(path);
    while (file !== undefined) {
      offset = yield* linesFrom(file, offset, reading.signal);
      if (reading.signal.aborted) return;
      // In this order, each before the last read: what is written before the answer is read after it.
      const isEnded = reading.isEnded === undefined || (await reading.isEnded());
      const next = await nextFile(path, file);
      offset = yield* linesFrom(file, offset, reading.signal);
      if (next !== undefined) {
        await file.close();
        file = await openIfThere(next);
        offset = 0;
      } else if (isEnded) {
        return;
      } else {
        await changes?.next(reading.signal);
        if (reading.signal.aborted) return;
      }
    }
  } finally {
    changes?.close();
    await file?.close();
  }
}

/** Yields what is whole from `offset` on; returns where the rest begins. */
async function* linesFrom(
  file: FileHandle,
  offset: number,
  signal: AbortSignal,
): AsyncGenerator<Buffer, number> {
  const buffer = Buffer.alloc(CHUNK_BYTES);
  let held: Buffer = Buffer.alloc(0);
  let at = offset;
  while (!signal.aborted) {
    const { bytesRead } = await file.read(buffer, 0, CHUNK_BYTES, at + held.length);
    if (bytesRead === 0) break;
    held = Buffer.concat([held, buffer.subarray(0, bytesRead)]);
    let from = 0;
    for (let end = held.indexOf(NEWLINE); end !== -1; end = held.indexOf(NEWLINE, from)) {
      yield held.subarray(from, end);
      from = end + 1;
    }
    at += from;
    held = held.subarray(from);
  }
  return at;
}

/** The file that follows `file`, once there is one: undefined while it is the newest. */
async function nextFile(path: string, file: FileHandle): Promise<string | undefined> {
  const { ino } = await file.stat();
  const rotated = rotatedFilesIfThere(path);
  const newest = await inodeOf(path);
  // The whole log was removed: what is open is all there is.
  if (newest === undefined || newest === ino) return undefined;
  const inodes = await Promise.all(rotated.map(inodeOf));
  // Not among them: it was the oldest and is gone, so the oldest now follows it.
  const at = inodes.indexOf(ino);
  return rotated[at + 1] ?? path;
}

/** Where the last `tailLines` lines begin. */
async function findBegin(
  path: string,
  tailLines: number | undefined,
): Promise<{ readonly path: string; readonly offset: number }> {
  const files = [...rotatedFilesIfThere(path), path];
  if (tailLines === undefined) return { path: files[0]!, offset: 0 };
  let wanted = tailLines;
  for (const candidate of files.toReversed()) {
    const found = await lastLines(candidate, wanted);
    if (found.offset !== undefined) return { path: candidate, offset: found.offset };
    wanted -= found.lines;
  }
  return { path: files[0]!, offset: 0 };
}

/** The offset of the last `wanted` lines of a file, or how many it has when these are fewer. */
async function lastLines(
  path: string,
  wanted: number,
): Promise<{ readonly offset: number | undefined; readonly lines: number }> {
  const file = await openIfThere(path);
  if (file === undefined) return { offset: undefined, lines: 0 };
  try {
    const { size } = await file.stat();
    const buffer = Buffer.alloc(CHUNK_BYTES);
    let newlines = 0;
    for (let end = size; end > 0;) {
      const begin = Math.max(0, end - CHUNK_BYTES);
      const { bytesRead } = await file.read(buffer, 0, end - begin, begin);
      for (let i = bytesRead - 1; i >= 0; i--) {
        if (buffer[i] !== NEWLINE) continue;
        if (newlines === wanted) return { offset: begin + i + 1, lines: newlines };
        newlines++;
      }
      end = begin;
    }
    return newlines === wanted
      ? { offset: 0, lines: newlines }
      : { offset: undefined, lines: newlines };
  } finally {
    await file.close();
  }
}

interface Changes {
  /** Resolves at the next change, or soon anyway. */
  readonly next: (signal: AbortSignal) => Promise<void>;
  readonly close: () => void;
}

function watchDirectory(path: string): Changes {
  let wake = (): void => {};
  // A change between two waits must not be missed.
  let hasChanged = false;
  const watcher = watch(dirname(path), { persistent: false }, () => {
    hasChanged = true;
    wake();
  });
  // The directory went: the next look finds out.
  watcher.on('error', () => wake());
  return {
    next: async (signal) => {
      if (!hasChanged && !signal.aborted) {
        await new Promise<void>((resolve) => {
          const timer = setTimeout(resolve, LOOK_MS);
          wake = () => {
            clearTimeout(timer);
            resolve();
          };
          signal.addEventListener('abort', wake, { once: true });
        });
      }
      signal.removeEventListener('abort', wake);
      hasChanged = false;
    },
    close: () => watcher.close(),
  };
}

async function openIfThere(path: string): Promise<FileHandle | undefined> {
  try {
    return await open(path, 'r');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    return undefined;
  }
}

async function inodeOf(path: string): Promise<number | undefined> {
  try {
    return (await stat(path)).ino;
  } catch {
    // Removed or rotated meanwhile.
    return undefined;
  }
}

function rotatedFilesIfThere(path: string): readonly string[] {
  try {
    return rotatedFiles(path);
  } catch {
    // The directory went with its pod.
    return [];
  }
}
