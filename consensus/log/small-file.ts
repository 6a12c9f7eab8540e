// A small fact beside the log, as one JSON file: replaced whole or not at all.

import { SkeinError } from '../../runtime/index.ts';
import type { Disk } from './disk.ts';

/** What such a file may hold; none here comes near it. */
const maxBytes = 64 << 10;

/** When it resolves the file is there, with this in it, after any crash. */
export async function writeSmallFile(
  disk: Disk,
  directory: string,
  name: string,
  value: unknown,
): Promise<void> {
  const path = `${directory}/${name}`;
  const aside = `${path}.tmp`;
  if ((await disk.list(directory)).includes(`${name}.tmp`)) await disk.remove(aside);
  const file = await disk.open(aside, 'write');
  try {
    await file.write(0, Buffer.from(JSON.stringify(value)));
    await file.sync();
  } finally {
    await file.close();
  }
  await disk.rename(aside, path);
  await disk.syncDirectory(directory);
}

/** Undefined when there is no such file. Throws `corrupt` when it is not JSON. */
export async function readSmallFile(disk: Disk, directory: string, name: string): Promise<unknown> {
  if (!(await disk.list(directory)).includes(name)) return undefined;
  const path = `${directory}/${name}`;
  const file = await disk.open(path, 'read');
  try {
    return JSON.parse(Buffer.from(await file.read(0, maxBytes)).toString()) as unknown;
  } catch (error) {
    throw new SkeinError('corrupt', `${path} cannot be read as JSON`, { path }, error);
  } finally {
    await file.close();
  }
}
