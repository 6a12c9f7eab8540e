// A peer's keys on disk: made on the first start, readable by their user only.

import { readFile, stat } from 'node:fs/promises';
import { z } from 'zod';
import { asSkeinError, SkeinError } from '../../runtime/index.ts';
import { generateSigningKey, signingKeyFrom } from './ed25519-signer.ts';
import type { Identity } from './identity.ts';
import { peerIdOf } from '../libp2p/peer-ids.ts';
import { writePrivateFile } from './private-file.ts';
import { generateSealingKey, sealingKeyFrom } from './sealed-box.ts';

const fileSchema = z.object({ v: z.literal(1), ed25519: z.base64(), x25519: z.base64() });

/** A new identity that is nowhere on disk. */
export function generateIdentity(): Identity {
  return identityFrom(generateSigningKey().seed, generateSealingKey().privateKey);
}

/** Reads the identity at `path`, or makes it. Rejects: unavailable, corrupt, forbidden (others may read it). */
export async function loadIdentity(path: string): Promise<Identity> {
  const text = await readExisting(path);
  if (text === undefined) return await create(path);
  try {
    const { ed25519, x25519 } = fileSchema.parse(JSON.parse(text));
    return identityFrom(Buffer.from(ed25519, 'base64'), Buffer.from(x25519, 'base64'));
  } catch (error) {
    throw new SkeinError(
      'corrupt',
      `the identity in ${path} is damaged: restore it from a copy, or remove it and join as a new peer`,
      { path },
      error,
    );
  }
}

async function readExisting(path: string): Promise<string | undefined> {
  try {
    const { mode } = await stat(path);
    if ((mode & 0o077) !== 0) {
      throw new SkeinError(
        'forbidden',
        `other users may read the identity in ${path}: if nobody did, run "chmod 600 ${path}"`,
        { path },
      );
    }
    return await readFile(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw asSkeinError(error);
  }
}

async function create(path: string): Promise<Identity> {
  const identity = generateIdentity();
  const text = JSON.stringify({
    v: 1,
    ed25519: Buffer.from(identity.signing.seed).toString('base64'),
    x25519: Buffer.from(identity.sealing.privateKey).toString('base64'),
  });
  await writePrivateFile(path, text);
  return identity;
}

function identityFrom(seed: Uint8Array, sealing: Uint8Array): Identity {
  const signing = signingKeyFrom(seed);
  return { peer: peerIdOf(signing.publicKey), signing, sealing: sealingKeyFrom(sealing) };
}
