// The address book as a JSON file, replaced in one step.

import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { SkeinError } from '../../runtime/index.ts';
import type { AddressBook, AddressBookEntry } from './address-book.ts';
import { writePrivateFile } from '../belonging/private-file.ts';

const entry = z.object({ peer: z.string(), addresses: z.array(z.string()), seenMs: z.number() });

/** Version 1 did not say which addresses had worked. */
const bookSchema = z.discriminatedUnion('v', [
  z.object({ v: z.literal(1), peers: z.array(entry) }),
  z.object({
    v: z.literal(2),
    peers: z.array(entry.extend({ workedMs: z.record(z.string(), z.number()) })),
  }),
]);

/** `path` is created, readable by its owner only, with the first save. */
export function createFileAddressBook(path: string): AddressBook {
  return {
    load: () => load(path),
    save: (entries) => save(path, entries),
  };
}

async function load(path: string): Promise<readonly AddressBookEntry[]> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw new SkeinError('unavailable', `address book ${path} cannot be read`, { path }, error);
  }
  try {
    const { peers } = bookSchema.parse(JSON.parse(text));
    return peers.map((peer) => ({ workedMs: {}, ...peer }));
  } catch (error) {
    throw new SkeinError(
      'corrupt',
      `address book ${path} is damaged: remove it and join again, other peers still know this one`,
      { path },
      error,
    );
  }
}

const save = (path: string, entries: readonly AddressBookEntry[]): Promise<void> =>
  writePrivateFile(path, JSON.stringify({ v: 2, peers: entries }));
