// The cluster's authority: the keys that admit peers and sign for their APIs, and how they pass between voters.

import type { Result } from '../../runtime/index.ts';
import { failed, ok, SkeinError } from '../../runtime/index.ts';
import { base64 } from './base64.ts';
import type { KeyedCertificate } from './x509-authority.ts';

export interface Authority {
  /** Seed of the Ed25519 key that signs memberships, 32 bytes. */
  readonly membershipSeed: Uint8Array;
  readonly api: KeyedCertificate;
}

/** Purpose of the sealed box that carries an authority. */
export const authorityPurpose = 'cluster authority';

const version = 1;

export function encodeAuthority({ membershipSeed, api }: Authority): Uint8Array {
  const seed = base64(membershipSeed);
  return Buffer.from(JSON.stringify({ version, seed, ...api }));
}

/** Errors: unsupported (a later version), corrupt. */
export function decodeAuthority(bytes: Uint8Array): Result<Authority> {
  let value: Record<string, unknown>;
  try {
    value = JSON.parse(Buffer.from(bytes).toString('utf8')) as Record<string, unknown>;
  } catch (error) {
    return failed(new SkeinError('corrupt', 'the sealed authority is not readable', {}, error));
  }
  const { seed, certificate, key } = value;
  if (value['version'] !== version) {
    const sentence = `the sealed authority has version ${String(value['version'])}, this program knows ${version}`;
    return failed(new SkeinError('unsupported', sentence));
  }
  if (typeof seed !== 'string' || typeof certificate !== 'string' || typeof key !== 'string') {
    return failed(new SkeinError('corrupt', 'the sealed authority lacks a key'));
  }
  return ok({ membershipSeed: Buffer.from(seed, 'base64'), api: { certificate, key } });
}
