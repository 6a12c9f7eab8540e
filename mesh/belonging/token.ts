// The text an operator carries from one machine to another: who may join, and whom the joiner meets.

import { failed, ok, SkeinError } from '../../runtime/index.ts';
import type { Result } from '../../runtime/index.ts';

/** `ID.SECRET.AUTHORITY`: the id names the token in the log, the secret proves its possession and never travels. */
export interface Token {
  /** 8 characters of a-z and 0-9. */
  readonly id: string;
  /** 16 bytes. */
  readonly secret: Uint8Array;
  /** SHA-256 of the authority's public keys: 32 bytes. */
  readonly authorityHash: Uint8Array;
}

/** The public keys that a token pins. */
export interface AuthorityKeys {
  /** Ed25519, raw: signs membership certificates. */
  readonly membershipKey: Uint8Array;
  /** SubjectPublicKeyInfo (DER) of the authority that signs serving certificates; empty when there is none. */
  readonly apiKey: Uint8Array;
}

export const TOKEN_ID_LENGTH = 8;
export const TOKEN_SECRET_BYTES = 16;
const HASH_BYTES = 32;

export function formatToken(token: Token): string {
  const secret = Buffer.from(token.secret).toString('base64url');
  return `${token.id}.${secret}.${Buffer.from(token.authorityHash).toString('base64url')}`;
}

/** Errors: invalid, saying which part is wrong. The text itself is never repeated: it is a secret. */
export function parseToken(text: string): Result<Token> {
  const parts = text.trim().split('.');
  if (parts.length !== 3) {
    return wrong(`a token has three parts joined by dots, this has ${parts.length}`);
  }
  const [id, secretText, hashText] = parts as [string, string, string];
  if (!/^[a-z0-9]{8}$/.test(id)) {
    return wrong(`the first part of a token has 8 characters of a-z and 0-9`);
  }
  const secret = decode(secretText, TOKEN_SECRET_BYTES);
  if (secret === undefined) return wrong('the second part of this token is damaged or cut short');
  const authorityHash = decode(hashText, HASH_BYTES);
  if (authorityHash === undefined)
    return wrong('the last part of this token is damaged or cut short');
  return ok({ id, secret, authorityHash });
}

/** What a token pins: the hash of both keys, each with its length before it. */
export function authorityHash(
  keys: AuthorityKeys,
  sha256: (bytes: Uint8Array) => Uint8Array,
): Uint8Array {
  return sha256(
    lengthPrefixed([Buffer.from('skein authority 1'), keys.membershipKey, keys.apiKey]),
  );
}

/** Joins parts so that no two lists give the same bytes. */
export function lengthPrefixed(parts: readonly Uint8Array[]): Uint8Array {
  return Buffer.concat(
    parts.flatMap((part) => {
      const length = Buffer.alloc(4);
      length.writeUInt32BE(part.length);
      return [length, part];
    }),
  );
}

function decode(text: string, bytes: number): Uint8Array | undefined {
  if (!/^[A-Za-z0-9_-]+$/.test(text)) return undefined;
  const decoded = Buffer.from(text, 'base64url');
  // Re-encoding catches bits after the last byte, which base64 would ignore.
  return decoded.length === bytes && decoded.toString('base64url') === text ? decoded : undefined;
}

function wrong(reason: string): Result<never> {
  return failed(
    new SkeinError('invalid', `${reason}: copy the whole output of "skein token create"`),
  );
}
