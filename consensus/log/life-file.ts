// The number of a replica's present life: written before it says a word, greater with every start.
//
//   life = starts * 2^20 + chance          a copy of the directory counts on from an older number, and draws
//                                          other chance: so its life is never the one that others remember
//
// It is the name of an empty file: a new life is a rename, which takes no room and cannot be torn.

import type { Random } from '../../runtime/index.ts';
import type { Disk } from './disk.ts';

const pattern = /^life-(\d{16})$/;
const nameOf = (life: number): string => `life-${String(life).padStart(16, '0')}`;
/** Lives of one count differ by chance below this. */
const chanceLimit = 2 ** 20;

/** How often a replica in that life had started. */
export const startsOf = (life: number): number => Math.floor(life / chanceLimit);

/** Begins a life in an open log's directory; durable when it resolves. */
export async function beginLife(disk: Disk, directory: string, random: Random): Promise<number> {
  const lives = (await disk.list(directory))
    .map((name) => pattern.exec(name)?.[1])
    .filter((digits) => digits !== undefined)
    .map(Number);
  const last = Math.max(0, ...lives);
  const life = (startsOf(last) + 1) * chanceLimit + random.integer(chanceLimit);
  if (lives.length === 0) await (await disk.open(`${directory}/${nameOf(last)}`, 'write')).close();
  await disk.rename(`${directory}/${nameOf(last)}`, `${directory}/${nameOf(life)}`);
  await disk.syncDirectory(directory);
  return life;
}
