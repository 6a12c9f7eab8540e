// The number of a replica's present life: written before it says a word, greater with every start.
//
//   life = starts * 2^20 + chance          a copy of the directory counts on from an older number, and draws
//                                          other chance: so its life is never the one that others remember

import type { Random } from '../../runtime/index.ts';
import type { Disk } from './disk.ts';
import { readSmallFile, writeSmallFile } from './small-file.ts';

const fileName = 'life';
/** Lives of one count differ by chance below this. */
export const chanceLimit = 2 ** 20;

/** How often a replica in that life had started. */
export const startsOf = (life: number): number => Math.floor(life / chanceLimit);

/**
 * Begins a life in an open log's directory; durable when it resolves. A file that is lost or broken counts as no
 * start at all: then others, who remember more, take the replica for what it may be, an old copy.
 */
export async function beginLife(disk: Disk, directory: string, random: Random): Promise<number> {
  const life = (startsOf(await lastLife(disk, directory)) + 1) * chanceLimit;
  const drawn = life + random.integer(chanceLimit);
  await writeSmallFile(disk, directory, fileName, { life: drawn });
  return drawn;
}

async function lastLife(disk: Disk, directory: string): Promise<number> {
  try {
    const found = (await readSmallFile(disk, directory, fileName)) as
      | { life?: unknown }
      | undefined;
    return Number.isSafeInteger(found?.life) ? (found!.life as number) : 0;
  } catch {
    return 0;
  }
}
