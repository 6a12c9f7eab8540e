// What a member keeps on disk besides its identity: its membership, its API certificate, whom it belongs to.

import { readFile, unlink } from 'node:fs/promises';
import { z } from 'zod';
import { writePrivateFile } from '../../mesh/index.ts';
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

/** Rejects: unavailable. */
export const writeCredentials = (path: string, credentials: Credentials): Promise<void> =>
  writePrivateFile(path, `${JSON.stringify(credentials, undefined, 2)}\n`);

/** Forgets the membership: this directory can only join anew. */
export async function removeCredentials(path: string): Promise<void> {
  await unlink(path);
}
