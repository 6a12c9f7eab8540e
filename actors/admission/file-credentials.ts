// What a member keeps on disk besides its identity: its membership, its API certificate, whom it belongs to.

import { access, readFile, rename } from 'node:fs/promises';
import { dirname } from 'node:path';
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
  /** It joined to vote and keep the log, and stays so. */
  isWitness: z.literal(true).optional(),
  introductions: z.array(z.object({ peer: z.string(), addresses: z.array(z.string()) })),
  /** The membership was ended by somebody: the sentence that said so. Only a new token brings this peer back. */
  ended: z.string().optional(),
  /** A founder's authority, base64, until its zone's log has it sealed. */
  founding: z.string().optional(),
});

export type Credentials = z.infer<typeof schema>;

/** Where the membership of a peer that left is kept: what else is in the directory belongs to that cluster. */
const leftPath = (path: string): string => `${path}.left`;

/** Undefined when there are none. Rejects: corrupt, unavailable, conflict (the peer of this directory has left). */
export async function readCredentials(path: string): Promise<Credentials | undefined> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return noneUnlessLeft(path);
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

/** The credentials of a running peer: what is in use is on disk, and a change is there before it is used. */
export interface KeptCredentials {
  readonly current: () => Credentials;
  /** One after the other. Rejects: unavailable, and then nothing has changed. */
  readonly change: (changed: (credentials: Credentials) => Credentials) => Promise<void>;
  /** This peer has left: nothing is changed any more. Rejects: unavailable. */
  readonly end: () => Promise<void>;
}

/** `credentials` are on disk already. */
export function keepCredentials(path: string, credentials: Credentials): KeptCredentials {
  let current = credentials;
  let hasEnded = false;
  let last: Promise<void> = Promise.resolve();
  const inTurn = (act: () => Promise<void>): Promise<void> => {
    const next = last.then(act);
    last = next.catch(() => undefined);
    return next;
  };
  return {
    current: () => current,
    change: (changed) =>
      inTurn(async () => {
        if (hasEnded) throw new SkeinError('stopped', 'this peer has left its cluster');
        const wanted = changed(current);
        await writeCredentials(path, wanted);
        current = wanted;
      }),
    end: () =>
      inTurn(async () => {
        await endCredentials(path);
        hasEnded = true;
      }),
  };
}

/** Ends the membership here: the directory's identity and log must never be taken for those of a new peer. */
export const endCredentials = (path: string): Promise<void> => rename(path, leftPath(path));

async function noneUnlessLeft(path: string): Promise<undefined> {
  try {
    await access(leftPath(path));
  } catch {
    // The usual case: nobody has used this directory yet.
    return undefined;
  }
  throw new SkeinError(
    'conflict',
    `the peer of the data directory ${dirname(path)} has left its cluster; choose another with --data DIR, or remove this one`,
    { path },
  );
}
