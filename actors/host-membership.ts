// How a peer comes by its membership: from its disk, by a token at another peer, or by founding a cluster.

import { authorityHash, joinCluster, parseToken, sha256 } from '../mesh/index.ts';
import type { Identity } from '../mesh/index.ts';
import { SkeinError } from '../runtime/index.ts';
import type { Clock, Logger, Random } from '../runtime/index.ts';
import { base64 } from './admission/base64.ts';
import { readCredentials, writeCredentials } from './admission/file-credentials.ts';
import type { Credentials } from './admission/file-credentials.ts';
import { foundCluster } from './admission/founding.ts';
import type { Issuer } from './admission/issuer.ts';
import { createRequest } from './admission/x509-authority.ts';
import type { HostOptions } from './host-options.ts';

/** The zone of a founder that names none. */
const firstZone = 'default';

export interface MembershipWish {
  readonly path: string;
  readonly identity: Identity;
  readonly name: string;
  readonly zone: string | undefined;
  readonly isWitness: boolean;
  readonly addresses: readonly string[];
  readonly join: HostOptions['join'];
  readonly issuer: Issuer;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
}

/** Credentials, on disk by the time they are returned. Rejects as joinCluster and readCredentials say. */
export async function findMembership(wish: MembershipWish): Promise<Credentials> {
  const existing = await readCredentials(wish.path);
  if (existing !== undefined) return checked(existing, wish);
  if (wish.isWitness && wish.join === undefined) {
    throw new SkeinError(
      'invalid',
      'a witness cannot be the first peer of a zone: start a peer without --witness elsewhere, then join it with --join ADDRESS and a token',
    );
  }
  const credentials =
    wish.join === undefined
      ? await foundCluster(
          { ...wish, zone: wish.zone ?? firstZone },
          wish.issuer,
          wish.clock,
          wish.random,
        )
      : await joinBy(wish, wish.join);
  await writeCredentials(wish.path, credentials);
  return credentials;
}

/** A member keeps its zone and what it joined as; another one on the command line is a mistake that must not be passed over. */
function checked(existing: Credentials, wish: MembershipWish): Credentials {
  if (wish.zone !== undefined && wish.zone !== existing.zone) {
    throw new SkeinError(
      'conflict',
      `this data directory belongs to a peer of zone ${existing.zone}, not ${wish.zone}; leave out --zone, or choose another directory with --data DIR`,
    );
  }
  if (wish.isWitness && existing.isWitness !== true) {
    throw new SkeinError(
      'conflict',
      `this data directory belongs to ${existing.name}, a full peer, which cannot become a witness; leave out --witness, or join anew with another directory, --data DIR`,
    );
  }
  if (wish.join !== undefined) {
    const { cluster, name } = existing;
    wish.log.info('this peer is a member already: the token is not used', { cluster, name });
  }
  return existing;
}

async function joinBy(
  wish: MembershipWish,
  { address, token }: NonNullable<HostOptions['join']>,
): Promise<Credentials> {
  const parsed = parseToken(token);
  if (!parsed.ok) throw parsed.error;
  const { request, key } = await createRequest(wish.name);
  const joined = await joinCluster({
    address,
    token: parsed.value,
    identity: wish.identity,
    name: wish.name,
    zone: wish.zone ?? '',
    addresses: wish.addresses,
    servingRequest: request,
    wallMs: wish.clock.wallMs(),
  });
  if (!joined.ok) throw joined.error;
  const { grant, authority, acceptor } = joined.value;
  const others = grant.peers.filter(({ peer }) => peer !== acceptor.peer);
  return {
    version: 1,
    cluster: grant.cluster,
    zone: grant.zone,
    name: wish.name,
    membership: base64(grant.membership),
    membershipKey: base64(authority.membershipKey),
    apiKey: base64(authority.apiKey),
    apiAuthority: grant.apiAuthority,
    servingCertificate: grant.servingCertificate,
    servingKey: key,
    ...(wish.isWitness && { isWitness: true }),
    introductions: [acceptor, ...others].map(({ peer, addresses }) => ({
      peer,
      addresses: [...addresses],
    })),
  };
}

/** What tokens of this cluster pin. */
export const pinOf = ({ membershipKey, apiKey }: Credentials): Uint8Array =>
  authorityHash(
    { membershipKey: Buffer.from(membershipKey, 'base64'), apiKey: Buffer.from(apiKey, 'base64') },
    sha256,
  );
