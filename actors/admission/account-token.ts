// Tokens of ServiceAccounts: JSON Web Tokens signed with the cluster's Ed25519 key (RFC 7519, RFC 8037).

import { ACCOUNT_ISSUER, ACCOUNT_KEY_ID } from '../objects/account-claims.ts';
import type { AccountClaims } from '../objects/account-claims.ts';

type Sign = (bytes: Uint8Array) => Uint8Array;
type Verify = (bytes: Uint8Array, signature: Uint8Array) => boolean;

const HEADER = Buffer.from(
  JSON.stringify({ alg: 'EdDSA', kid: ACCOUNT_KEY_ID, typ: 'JWT' }),
).toString('base64url');
const lengthLimit = 8_192;

/** What is signed begins with the header's text, so that it is told apart from all else the authority signs. */
export function issueAccountToken(claims: AccountClaims, sign: Sign): string {
  const signed = `${HEADER}.${Buffer.from(JSON.stringify(claims)).toString('base64url')}`;
  return `${signed}.${Buffer.from(sign(Buffer.from(signed))).toString('base64url')}`;
}

/** Undefined for what is no such token, is signed by another key or issuer, or is not good now. */
export function readAccountToken(
  text: string,
  verify: Verify,
  nowMs: number,
): AccountClaims | undefined {
  if (text.length > lengthLimit) return undefined;
  const [header, body, signature, ...more] = text.split('.');
  if (header !== HEADER || body === undefined || signature === undefined || more.length > 0) {
    return undefined;
  }
  const bytes = Buffer.from(signature, 'base64url');
  if (!verify(Buffer.from(`${header}.${body}`), bytes)) return undefined;
  // What the authority signed under this header is well formed.
  const claims = JSON.parse(Buffer.from(body, 'base64url').toString('utf8')) as AccountClaims;
  const isNow = claims.nbf * 1_000 <= nowMs + clockSkewMs && nowMs < claims.exp * 1_000;
  return claims.iss === ACCOUNT_ISSUER && isNow ? claims : undefined;
}

/** How far the clock of the peer that issued it may be ahead. */
const clockSkewMs = 60_000;
