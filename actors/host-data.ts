// The data directory of a peer on a real machine: what lies where, and that one process at a time has it.

import { join } from 'node:path';
import { nodeDisk } from '../consensus/index.ts';
import { SkeinError } from '../runtime/index.ts';

/** Where the parts of a data directory lie. */
export const placesIn = (directory: string) => ({
  identity: join(directory, 'identity.json'),
  credentials: join(directory, 'membership.json'),
  addressBook: join(directory, 'address-book.json'),
  log: join(directory, 'log'),
  pods: join(directory, 'pods'),
  kubeconfig: join(directory, 'kubeconfig'),
});

/** One process per data directory; its own lock, since the log's is taken later. */
export async function lockData(directory: string): Promise<() => Promise<void>> {
  const disk = nodeDisk();
  try {
    await disk.makeDirectory(directory);
    return await disk.lock(directory);
  } catch (error) {
    if (error instanceof SkeinError) throw error;
    const reason = error instanceof Error ? error.message : String(error);
    const sentence = `cannot use the data directory ${directory}: ${reason}; choose another with --data DIR`;
    throw new SkeinError('unavailable', sentence, { directory }, error);
  }
}
