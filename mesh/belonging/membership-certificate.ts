// What makes a peer a member: a statement about its id, signed by the cluster's authority.

import { failed, ok, pack, SkeinError, unpack } from '../../runtime/index.ts';
import type { Result } from '../../runtime/index.ts';
import type { PeerId } from '../transport.ts';

/** Told apart from anything else the authority may ever sign. */
const DOMAIN = Buffer.from('skein membership certificate 1\0', 'utf8');

/** Clocks of peers may differ by this much, or by a tenth of a life that is short. */
const CLOCK_LEEWAY_MS = 300_000;

/** A certificate is a few hundred bytes; more is nothing of ours. */
const CERTIFICATE_LIMIT_BYTES = 4096;

export interface MembershipClaims {
  readonly v: 1;
  readonly cluster: string;
  readonly peer: PeerId;
  readonly zone: string;
  /** Wall clock milliseconds, both inclusive. */
  readonly notBefore: number;
  readonly notAfter: number;
  readonly serial: string;
}

/** Signs with the authority's key. */
export type Sign = (bytes: Uint8Array) => Uint8Array;
export type Verify = (publicKey: Uint8Array, bytes: Uint8Array, signature: Uint8Array) => boolean;

export function issueCertificate(claims: MembershipClaims, sign: Sign): Uint8Array {
  const { v, cluster, peer, zone, notBefore, notAfter, serial } = claims;
  const body = pack([v, cluster, peer, zone, notBefore, notAfter, serial]);
  return pack([body, sign(Buffer.concat([DOMAIN, body]))]);
}

/** Errors: corrupt, unsupported (a later version), unauthorized (signed by another authority). */
export function readCertificate(
  certificate: Uint8Array,
  authorityKey: Uint8Array,
  verify: Verify,
): Result<MembershipClaims> {
  const parts = certificate.length > CERTIFICATE_LIMIT_BYTES ? undefined : listIn(certificate);
  const [body, signature] = parts ?? [];
  if (!(body instanceof Uint8Array) || !(signature instanceof Uint8Array)) return malformed();
  if (!verify(authorityKey, Buffer.concat([DOMAIN, body]), signature)) {
    return failed(
      new SkeinError(
        'unauthorized',
        'this membership was signed by the authority of another cluster',
      ),
    );
  }
  const [v, cluster, peer, zone, notBefore, notAfter, serial] = listIn(body) ?? [];
  if (typeof v === 'number' && v !== 1) {
    return failed(new SkeinError('unsupported', `membership certificate of version ${v}`));
  }
  if (
    v !== 1 ||
    typeof cluster !== 'string' ||
    typeof peer !== 'string' ||
    typeof zone !== 'string' ||
    typeof notBefore !== 'number' ||
    typeof notAfter !== 'number' ||
    typeof serial !== 'string'
  ) {
    return malformed();
  }
  return ok({ v, cluster, peer, zone, notBefore, notAfter, serial });
}

/** Whatever its dates. Errors: those of `readCertificate`, and unauthorized when it is another peer's. */
export function checkBearer(
  certificate: Uint8Array,
  expected: { readonly authorityKey: Uint8Array; readonly peer: PeerId },
  verify: Verify,
): Result<MembershipClaims> {
  const claims = readCertificate(certificate, expected.authorityKey, verify);
  if (!claims.ok || claims.value.peer === expected.peer) return claims;
  return failed(
    new SkeinError(
      'unauthorized',
      `peer ${expected.peer} shows the membership of peer ${claims.value.peer}`,
    ),
  );
}

/** Errors: those of `checkBearer`, and unauthorized when it is out of date. */
export function checkCertificate(
  certificate: Uint8Array,
  expected: { readonly authorityKey: Uint8Array; readonly peer: PeerId; readonly wallMs: number },
  verify: Verify,
): Result<MembershipClaims> {
  const claims = checkBearer(certificate, expected, verify);
  return claims.ok ? checkDates(claims.value, expected.wallMs) : claims;
}

/** Errors: unauthorized when it does not hold yet, or no longer. */
export function checkDates(claims: MembershipClaims, wallMs: number): Result<MembershipClaims> {
  const { peer, notBefore, notAfter } = claims;
  const leewayMs = Math.min(CLOCK_LEEWAY_MS, (notAfter - notBefore) / 10);
  if (wallMs >= notBefore - leewayMs && wallMs <= notAfter + leewayMs) return ok(claims);
  const [from, to, now] = [notBefore, notAfter, wallMs].map((ms) => new Date(ms).toISOString());
  return failed(
    new SkeinError(
      'unauthorized',
      `the membership of peer ${peer} holds from ${from} to ${to}, and it is ${now} here: check the clocks, or join it again`,
    ),
  );
}

function listIn(bytes: Uint8Array): readonly unknown[] | undefined {
  try {
    const value: unknown = unpack(bytes);
    return Array.isArray(value) ? value : undefined;
  } catch {
    // Undecodable is malformed: the caller says so.
    return undefined;
  }
}

function malformed(): Result<never> {
  return failed(new SkeinError('corrupt', 'this is no membership certificate'));
}
