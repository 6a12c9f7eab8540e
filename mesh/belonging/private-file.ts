// Small files that only their owner may read, replaced in one step.

import { randomBytes } from 'node:crypto';
import { mkdir, open, rename, unlink } from 'node:fs/promises';
import { dirname } from 'node:path';
import { SkeinError } from '../../runtime/index.ts';

/** Written aside, synced and renamed: a reader sees the old text or the new. Rejects: unavailable. */
export async function writePrivateFile(path: string, text: string): Promise<void> {
  // A name of its own each time: a draft that a crash left may have another mode, and writers may overlap.
  const draft = `${path}.${randomBytes(4).toString('hex')}`;
  try {
    await mkdir(dirname(path), { recursive: true, mode: 0o700 });
    const file = await open(draft, 'wx', 0o600);
    try {
      await file.writeFile(text);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(draft, path);
  } catch (error) {
    await unlink(draft).catch(() => undefined);
    const reason = error instanceof Error ? error.message : String(error);
    const sentence = `cannot write ${path}: ${reason}; check that its directory is writable and not full`;
    throw new SkeinError('unavailable', sentence, { path }, error);
  }
}
