// What the authority signs, for how long: memberships, serving certificates, client certificates.

import { issueCertificate, signEd25519 } from '../../mesh/index.ts';
import type { JoinRequest, PeerId } from '../../mesh/index.ts';
import type { Clock, Random, Result } from '../../runtime/index.ts';
import { failed, ok, randomHex, SkeinError } from '../../runtime/index.ts';
import type { AccountClaims } from '../objects/account-claims.ts';
import { issueAccountToken } from './account-token.ts';
import type { Authority } from './authority.ts';
import { issueBearerToken } from './bearer-token.ts';
import type { BearerClaims } from './bearer-token.ts';
import { signClient, signServing, validity } from './x509-authority.ts';
import type { ClientSubject } from './x509-authority.ts';

/** How long what is signed is good. */
export interface Lifetimes {
  readonly membershipMs: number;
  readonly servingMs: number;
  readonly clientMs: number;
}

const dayMs = 86_400_000;

/** A peer that nobody's list knows any more, after a recovery from an old copy say, still opens its own door for a year. */
export const usualLifetimes: Lifetimes = {
  membershipMs: 400 * dayMs,
  servingMs: 365 * dayMs,
  clientMs: 365 * dayMs,
};

export interface Issuer {
  readonly membership: (
    authority: Authority,
    claims: {
      readonly cluster: string;
      readonly peer: PeerId;
      readonly zone: string;
      /** It begins now, and no sooner than this. */
      readonly notBeforeMs: number;
    },
  ) => Uint8Array;
  /** Errors: invalid, when the request is not signed by its key. */
  readonly serving: (
    authority: Authority,
    request: Pick<JoinRequest, 'name' | 'addresses' | 'servingRequest'>,
  ) => Promise<Result<string>>;
  /** A bearer token for the API. */
  readonly bearer: (authority: Authority, claims: BearerClaims) => string;
  /** A token of a ServiceAccount. */
  readonly account: (authority: Authority, claims: AccountClaims) => string;
  readonly client: (
    authority: Authority,
    request: string,
    subject: ClientSubject,
  ) => Promise<Result<string>>;
}

export function createIssuer(
  clock: Clock,
  random: Random,
  lifetimes: Lifetimes = usualLifetimes,
): Issuer {
  return {
    membership: (authority, { cluster, peer, zone, notBeforeMs }) => {
      const notBefore = Math.max(clock.wallMs(), notBeforeMs);
      const notAfter = notBefore + lifetimes.membershipMs;
      const serial = randomHex(random, 8);
      return issueCertificate({ v: 1, cluster, peer, zone, notBefore, notAfter, serial }, (bytes) =>
        signEd25519(authority.membershipSeed, bytes),
      );
    },
    bearer: (authority, claims) =>
      issueBearerToken(claims, (bytes) => signEd25519(authority.membershipSeed, bytes)),
    account: (authority, claims) =>
      issueAccountToken(claims, (bytes) => signEd25519(authority.membershipSeed, bytes)),
    serving: (authority, { name, addresses, servingRequest }) => {
      const hosts = addresses.map((address) =>
        address.replace(/:\d+$/, '').replace(/^\[|\]$/g, ''),
      );
      const period = validity(clock.wallMs(), lifetimes.servingMs);
      return signed(signServing(authority.api, servingRequest, name, hosts, period));
    },
    client: (authority, request, subject) =>
      signed(
        signClient(authority.api, request, subject, validity(clock.wallMs(), lifetimes.clientMs)),
      ),
  };
}

async function signed(certificate: Promise<string>): Promise<Result<string>> {
  try {
    return ok(await certificate);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return failed(new SkeinError('invalid', `the certificate request was refused: ${reason}`));
  }
}
