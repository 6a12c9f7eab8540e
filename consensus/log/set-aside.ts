// A log that must not be gone on with is set aside: its files move to a directory beside it, and a blank one begins.
//
//   marked (`fenced` is durable) --next start--> files moved one by one --> `fenced` renamed to `set-aside`
//                                                  \__ crash: the next start goes on __/
//
// From the mark on nothing of the old log is ever used again, whatever comes between.

import { z } from 'zod';
import type { Random } from '../../runtime/index.ts';
import type { Disk } from './disk.ts';
import { readSmallFile, writeSmallFile } from './small-file.ts';

/** Of the logs set aside so many are kept, for whoever wants to look into them. */
export const keptAside = 3;

/** The mark; once all is done, the note of what was set aside. */
const markName = 'fenced';
const noteName = 'set-aside';
const nameLimit = 2 ** 32;

const noteSchema = z.object({
  /** A sentence. */
  why: z.string(),
  /** Names of directories beside the log's, newest first. */
  directories: z.array(z.string()),
});
type Note = z.infer<typeof noteSchema>;

export interface SetAside {
  readonly why: string;
  /** Where the old log is now. */
  readonly directory: string;
}

/** Marks the log: the next start sets it aside. Does nothing when it is marked already. */
export async function markLog(
  disk: Disk,
  directory: string,
  why: string,
  random: Random,
): Promise<void> {
  if ((await disk.list(directory)).includes(markName)) return;
  const before = await readNote(disk, directory, noteName);
  const name = `${baseOf(directory)}.set-aside-${random.integer(nameLimit).toString(16)}`;
  const note: Note = { why, directories: [name, ...(before?.directories ?? [])] };
  await writeSmallFile(disk, directory, markName, note);
}

/** Sets a marked log aside, or goes on where a crash stopped that; undefined when it is not marked. */
export async function setMarkedLogAside(
  disk: Disk,
  directory: string,
): Promise<SetAside | undefined> {
  if (!(await disk.list(directory)).includes(markName)) return undefined;
  const release = await disk.lock(directory);
  try {
    const { why, directories } = (await readNote(disk, directory, markName))!;
    const target = beside(directory, directories[0]!);
    await moveFiles(disk, directory, target);
    for (const name of directories.slice(keptAside)) await removeLog(disk, directory, name);
    const note: Note = { why, directories: directories.slice(0, keptAside) };
    await writeSmallFile(disk, directory, markName, note);
    await disk.rename(`${directory}/${markName}`, `${directory}/${noteName}`);
    await disk.syncDirectory(directory);
    return { why, directory: target };
  } finally {
    await release();
  }
}

/** Whether a log was ever set aside for the one that is here: a blank one is then no new beginning. */
export async function wasSetAside(disk: Disk, directory: string): Promise<boolean> {
  return (await disk.list(directory)).includes(noteName);
}

async function moveFiles(disk: Disk, directory: string, target: string): Promise<void> {
  await disk.makeDirectory(target);
  const names = (await disk.list(directory)).filter(
    (name) => name !== markName && name !== noteName && !name.startsWith('lock.'),
  );
  for (const name of names) await disk.rename(`${directory}/${name}`, `${target}/${name}`);
  await disk.syncDirectory(target);
  await disk.syncDirectory(directory);
}

/** An old one that a person took away is no trouble. */
async function removeLog(disk: Disk, directory: string, name: string): Promise<void> {
  const path = beside(directory, name);
  await disk.makeDirectory(path);
  for (const file of await disk.list(path)) await disk.remove(`${path}/${file}`);
  await disk.removeDirectory(path);
}

async function readNote(disk: Disk, directory: string, name: string): Promise<Note | undefined> {
  const found = await readSmallFile(disk, directory, name);
  return found === undefined ? undefined : noteSchema.parse(found);
}

const baseOf = (path: string): string => path.slice(path.lastIndexOf('/') + 1);
const beside = (directory: string, name: string): string =>
  `${directory.slice(0, directory.lastIndexOf('/'))}/${name}`;
