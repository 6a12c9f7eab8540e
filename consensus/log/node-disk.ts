// The disk port on Node's file system.

import * as fs from 'node:fs';
import * as files from 'node:fs/promises';
import { dirname, resolve } from 'node:path';

import { SkeinError, unreachable } from '../../runtime/index.ts';
import { diskFull } from './disk.ts';
import type { Access, Disk, DiskFile } from './disk.ts';
import { lockDirectory } from './node-directory-lock.ts';

const zeros = Buffer.alloc(1 << 20);

/**
 * O_DSYNC saves a second system call per write. On macOS it stops at the drive's cache; there only
 * fsync, which Node turns into F_FULLFSYNC, reaches the platters.
 */
const hasTrustedDsync = process.platform === 'linux';

/** The real disk. */
export function nodeDisk(): Disk {
  return {
    makeDirectory,
    list: (directory) => files.readdir(directory),
    open,
    sizeBytes: async (path) => (await files.stat(path)).size,
    preallocate,
    rename: (from, to) => files.rename(from, to),
    remove: (path) => files.unlink(path),
    removeDirectory: (path) => files.rmdir(path),
    syncDirectory,
    lock: lockDirectory,
  };
}

/** A directory that came to be is durable only when the one that holds it was synced. */
async function makeDirectory(path: string): Promise<void> {
  const topmost = await files.mkdir(path, { recursive: true, mode: 0o700 });
  if (topmost === undefined) return;
  let made = resolve(path);
  for (;;) {
    await syncDirectory(dirname(made));
    if (made === resolve(topmost)) return;
    made = dirname(made);
  }
}

async function open(path: string, access: Access): Promise<DiskFile> {
  const handle = await files.open(path, flagsOf(access), 0o600).catch(told(path));
  const syncsItself = access !== 'write-through' || hasTrustedDsync;
  // A disk that gives blocks late finds only here that it has none.
  const sync = () => settle((done) => fs.fsync(handle.fd, done)).catch(told(path));
  return {
    read: (offset, length) => readFully(handle.fd, offset, length),
    write: async (offset, bytes) => {
      await writeFully(handle.fd, path, offset, bytes);
      if (!syncsItself) await sync();
    },
    sync,
    close: () => handle.close(),
  };
}

function flagsOf(access: Access): number {
  const { O_RDONLY, O_RDWR, O_CREAT, O_DSYNC } = fs.constants;
  switch (access) {
    case 'read':
      return O_RDONLY;
    case 'write':
      return O_RDWR | O_CREAT;
    case 'write-through':
      return hasTrustedDsync ? O_RDWR | O_DSYNC : O_RDWR;
    default:
      return unreachable(access);
  }
}

/**
 * Asks first: whoever tries in vain now and then would else fill the disk to its last byte each time, to the
 * harm of all others on it. A quota shows only in the attempt.
 */
async function preallocate(path: string, bytes: number): Promise<void> {
  const { bavail, bsize } = await files.statfs(dirname(path));
  if (bavail * bsize < bytes) throw diskFull(path);
  const handle = await files.open(path, 'wx', 0o600).catch(told(path));
  try {
    for (let at = 0; at < bytes; at += zeros.length) {
      const piece = zeros.subarray(0, Math.min(zeros.length, bytes - at));
      await writeFully(handle.fd, path, at, piece);
    }
    await settle((done) => fs.fsync(handle.fd, done)).catch(told(path));
  } catch (error) {
    await files.unlink(path);
    throw error;
  } finally {
    await handle.close();
  }
}

async function syncDirectory(path: string): Promise<void> {
  const handle = await files.open(path, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Callbacks rather than a FileHandle's promises: this is the hot path. */
function settle(start: (done: (error: Error | null) => void) => void): Promise<void> {
  return new Promise((done, reject) => {
    start((error) => (error ? reject(error) : done()));
  });
}

async function writeFully(
  fd: number,
  path: string,
  offset: number,
  bytes: Uint8Array,
): Promise<void> {
  let written = 0;
  while (written < bytes.length) {
    written += await new Promise<number>((done, reject) => {
      fs.write(fd, bytes, written, bytes.length - written, offset + written, (error, count) => {
        if (error) reject(isOutOfRoom(error) ? diskFull(path, error) : error);
        else if (count === 0) reject(new SkeinError('unavailable', `${path} took no bytes`));
        else done(count);
      });
    });
  }
}

/** Rethrows, telling lack of room apart. */
function told(path: string): (error: NodeJS.ErrnoException) => never {
  return (error) => {
    throw isOutOfRoom(error) ? diskFull(path, error) : error;
  };
}

function isOutOfRoom(error: NodeJS.ErrnoException): boolean {
  return error.code === 'ENOSPC' || error.code === 'EDQUOT';
}

async function readFully(fd: number, offset: number, length: number): Promise<Uint8Array> {
  const target = Buffer.allocUnsafeSlow(length);
  let filled = 0;
  while (filled < length) {
    const count = await new Promise<number>((done, reject) => {
      fs.read(fd, target, filled, length - filled, offset + filled, (error, bytesRead) => {
        if (error) reject(error);
        else done(bytesRead);
      });
    });
    if (count === 0) break;
    filled += count;
  }
  return target.subarray(0, filled);
}
