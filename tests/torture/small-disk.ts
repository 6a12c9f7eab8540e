// A peer's disk as a small tmpfs of its own, which a file of ballast fills to the last byte.

import { execFile } from 'node:child_process';
import { mkdir, open, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);
/** Room for the state of some hundred rounds, twice while it is saved, and the log behind it. */
const sizeMb = 192;
const bigChunk = Buffer.alloc(1024 * 1024);
/** A page: when not even that fits, the disk is full. */
const smallChunk = Buffer.alloc(4096);

export interface SmallDisk {
  readonly path: string;
  readonly fill: () => Promise<void>;
  readonly free: () => Promise<void>;
  /** With all that is on it; nobody may use it any more. */
  readonly unmount: () => Promise<void>;
}

/** Inside the sandbox only. */
export async function mountSmallDisk(path: string): Promise<SmallDisk> {
  await mkdir(path, { recursive: true });
  await run('mount', ['-t', 'tmpfs', '-o', `size=${sizeMb}m,mode=0700`, 'none', path]);
  const ballast = join(path, 'ballast');
  return {
    path,
    fill: async () => {
      const file = await open(ballast, 'w');
      try {
        for (const chunk of [bigChunk, smallChunk]) await fillWith(file, chunk);
      } finally {
        await file.close();
      }
    },
    free: () => rm(ballast, { force: true }),
    unmount: async () => void (await run('umount', [path])),
  };
}

type File = Awaited<ReturnType<typeof open>>;

async function fillWith(file: File, chunk: Buffer): Promise<void> {
  for (;;) {
    try {
      await file.write(chunk);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOSPC') return;
      throw error;
    }
  }
}
