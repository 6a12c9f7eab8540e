// The address book as a JSON file, replaced in one step.

import { randomBytes } from 'node:crypto';
import { mkdir, open, readFile, rename, unlink } from 'node:fs/promises';
import { dirname } from 'node:path';
import { z } from 'zod';
import { SkeinError } from '../runtime/index.ts';
import type { AddressBook, AddressBookEntry } from './address-book.ts';

const bookSchema = z.object({
  v: z.literal(1),
  peers: z.array(
    z.object({ peer: z.string(), addresses: z.array(z.string()), seenMs: z.number() }),
  ),
});

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
    return bookSchema.parse(JSON.parse(text)).peers;
  } catch (error) {
    throw new SkeinError(
      'corrupt',
      `address book ${path} is damaged: remove it and join again, other peers still know this one`,
      { path },
      error,
    );
  }
}

async function save(path: string, entries: readonly AddressBookEntry[]): Promise<void> {
  const draft = `${path}.${randomBytes(4).toString('hex')}`;
  try {
    await mkdir(dirname(path), { recursive: true, mode: 0o700 });
    const file = await open(draft, 'wx', 0o600);
    try {
      await file.writeFile(JSON.stringify({ v: 1, peers: entries }));
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(draft, path);
  } catch (error) {
    await unlink(draft).catch(() => undefined);
    throw new SkeinError('unavailable', `address book ${path} cannot be written`, { path }, error);
  }
}
