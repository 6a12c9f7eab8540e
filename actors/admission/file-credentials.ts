// What a member keeps on disk besides its identity: its membership, its API certificate, whom it belongs to.

import { mkdir, open, readFile, rename, unlink } from 'node:fs/promises';
import { dirname } from 'node:path';
import { z } from 'zod';
import { SkeinError } from '../../runtime/index.ts';

const schema = z.object({
  version: z.literal(1),
  cluster: z.string(),
  zone: z.string(),
  name: z.string(),
  /** base64 */
  membership: z.string(),
  membershipKey: z.string(),
  apiKey: z.string(),
  /** PEM */
  apiAuthority: z.string(),
  servingCertificate: z.string(),
  servingKey: z.string(),
  introductions: z.array(z.object({ peer: z.string(), addresses: z.array(z.string()) })),
  /** A founder's authority, base64, until its zone's log has it sealed. */
  founding: z.string().optional(),
});

export type Credentials = z.infer<typeof schema>;

/** Undefined when there are none. Rejects: corrupt, unavailable. */
export async function readCredentials(path: string): Promise<Credentials | undefined> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw new SkeinError('unavailable', `cannot read ${path}: ${String(error)}`, { path }, error);
  }
  try {
    return schema.parse(JSON.parse(text));
  } catch (error) {
    throw new SkeinError(
      'corrupt',
      `the credentials in ${path} are damaged: restore them from a copy, or join again with a new data directory`,
      { path },
      error,
    );
  }
}

export const writeCredentials = (path: string, credentials: Credentials): Promise<void> =>
  writePrivateFile(path, `${JSON.stringify(credentials, undefined, 2)}\n`);

/** Written aside, synced and renamed; readable by its owner only. Rejects: unavailable. */
export async function writePrivateFile(path: string, text: string): Promise<void> {
  const draft = `${path}.new`;
  try {
    await mkdir(dirname(path), { recursive: true, mode: 0o700 });
    const file = await open(draft, 'w', 0o600);
    try {
      await file.writeFile(text);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(draft, path);
  } catch (error) {
    const sentence = `cannot write ${path}: ${error instanceof Error ? error.message : String(error)}; check that its directory is writable and not full`;
    throw new SkeinError('unavailable', sentence, { path }, error);
  }
}

/** Forgets the membership: this directory can only join anew. */
export async function removeCredentials(path: string): Promise<void> {
  await unlink(path);
}
