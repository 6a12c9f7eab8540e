// Bearer tokens for the API: claims signed by the cluster's authority, so that every peer can check them alone.
//
//   skein.CLAIMS.SIGNATURE     both parts base64url; CLAIMS is JSON

import { SkeinError } from '../../runtime/index.ts';
import type { Result } from '../../runtime/index.ts';
import { failed, ok } from '../../runtime/index.ts';

export interface BearerClaims {
  readonly user: string;
  readonly groups: readonly string[];
  /** Unix epoch, milliseconds. */
  readonly expiresAtMs: number;
}

type Sign = (bytes: Uint8Array) => Uint8Array;
type Verify = (bytes: Uint8Array, signature: Uint8Array) => boolean;

const prefix = 'skein';
/** Told apart from anything else the authority signs. */
const domain = Buffer.from('skein bearer token 1\0', 'utf8');
const lengthLimit = 4_096;

export function issueBearerToken(claims: BearerClaims, sign: Sign): string {
  const body = Buffer.from(JSON.stringify(claims));
  const signature = Buffer.from(sign(Buffer.concat([domain, body])));
  return `${prefix}.${body.toString('base64url')}.${signature.toString('base64url')}`;
}

/** Errors: unauthorized, without a word about what is wrong with it. */
export function readBearerToken(text: string, verify: Verify, nowMs: number): Result<BearerClaims> {
  const [first, claimsText, signatureText, ...more] = text.split('.');
  const isShaped = first === prefix && more.length === 0 && text.length <= lengthLimit;
  if (!isShaped || claimsText === undefined || signatureText === undefined) return refused();
  const body = Buffer.from(claimsText, 'base64url');
  const signature = Buffer.from(signatureText, 'base64url');
  if (!verify(Buffer.concat([domain, body]), signature)) return refused();
  // What the authority signed is well formed.
  const claims = JSON.parse(body.toString('utf8')) as BearerClaims;
  return claims.expiresAtMs > nowMs ? ok(claims) : refused();
}

const refused = (): Result<never> =>
  failed(new SkeinError('unauthorized', 'the bearer token is not valid, or no longer'));
