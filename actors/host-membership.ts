// How a peer comes by its membership: from its disk, by a token at another peer, or by founding a cluster.

import { askMembership, authorityHash, joinCluster, parseToken, sha256 } from '../mesh/index.ts';
import type { Identity } from '../mesh/index.ts';
import { ok, SkeinError } from '../runtime/index.ts';
import type { Clock, Logger, Random, Result } from '../runtime/index.ts';
import { base64 } from './admission/base64.ts';
import { readCredentials, writeCredentials } from './admission/file-credentials.ts';
import type { Credentials } from './admission/file-credentials.ts';
import { foundCluster } from './admission/founding.ts';
import type { Issuer } from './admission/issuer.ts';
import { createRequest } from './admission/x509-authority.ts';
import { hostLabel } from './host-machine.ts';
import type { HostOptions } from './host-options.ts';

/** The zone of a founder that names none. */
const firstZone = 'default';

export interface MembershipWish {
  readonly path: string;
  readonly identity: Identity;
  /** Default: what it was called before, or the host's name. */
  readonly name: string | undefined;
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
  if (existing !== undefined) return comeBack(checked(existing, wish), wish);
  if (wish.isWitness && wish.join === undefined) {
    throw new SkeinError(
      'invalid',
      'a witness cannot be the first peer of a zone: start a peer without --witness elsewhere, then join it with --join ADDRESS and a token',
    );
  }
  const credentials =
    wish.join === undefined
      ? await foundCluster(
          { ...wish, name: wish.name ?? hostLabel(), zone: wish.zone ?? firstZone },
          wish.issuer,
          wish.clock,
          wish.random,
        )
      : valueOf(await joinBy(wish, wish.join, undefined));
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
  return existing;
}

/**
 * A member starts as it is: whatever its certificate's dates, a zone that knows it lets it in. With an address and a
 * token it asks there first, and joins again in place when its membership is over: same key, same name, same log, which
 * the zone has it give up where it does not count any more.
 */
async function comeBack(existing: Credentials, wish: MembershipWish): Promise<Credentials> {
  const { cluster, name, ended } = existing;
  if (wish.join === undefined) {
    if (ended !== undefined) throw new SkeinError('forbidden', ended);
    return existing;
  }
  const reason = ended ?? (await whyOver(existing, wish, wish.join.address));
  if (reason === undefined) {
    wish.log.info('this peer is a member already: the token is not used', { cluster, name });
    return existing;
  }
  const joined = await joinBy(wish, wish.join, existing);
  if (joined.ok) {
    await writeCredentials(wish.path, joined.value);
    wish.log.warn('this peer has joined its cluster again, and keeps its key and its log', {
      cluster,
      name: joined.value.name,
      reason,
    });
    return joined.value;
  }
  const { code, message } = joined.error;
  if (ended === undefined && mayPass.includes(code)) {
    wish.log.warn('this peer could not join again, and starts as it is', { reason: message });
    return existing;
  }
  throw new SkeinError(
    code,
    `this peer cannot go on as a member of ${cluster} (${reason}), nor join it again: ${message}`,
  );
}

/** What another try may heal, while the zone may still know this peer. */
const mayPass: readonly string[] = ['unavailable', 'timeout', 'overloaded'];

/** Undefined while the peer at the address lets this one in, or does not answer. */
async function whyOver(
  existing: Credentials,
  wish: MembershipWish,
  address: string,
): Promise<string | undefined> {
  const asked = await askMembership({
    address,
    identity: wish.identity,
    credentials: {
      cluster: existing.cluster,
      authorityKey: Buffer.from(existing.membershipKey, 'base64'),
      certificate: Buffer.from(existing.membership, 'base64'),
    },
    wallMs: wish.clock.wallMs(),
  });
  if (!asked.ok) {
    wish.log.info('nobody there says whether this peer is still a member', { address });
    return undefined;
  }
  const verdict = asked.value;
  if (verdict === 'admitted' || !refusals.includes(verdict.code)) return undefined;
  return verdict.message;
}

/** Codes that member-judgement.ts refuses with. */
const refusals: readonly string[] = ['forbidden', 'unauthorized', 'unavailable'];

function valueOf<T>(result: Result<T>): T {
  if (!result.ok) throw result.error;
  return result.value;
}

/** `before` is what this directory belonged to: it joins that cluster, under that name, or none. */
async function joinBy(
  wish: MembershipWish,
  { address, token }: NonNullable<HostOptions['join']>,
  before: Credentials | undefined,
): Promise<Result<Credentials>> {
  const parsed = parseToken(token);
  if (!parsed.ok) return parsed;
  const name = wish.name ?? before?.name ?? hostLabel();
  const isWitness = wish.isWitness || before?.isWitness === true;
  const { request, key } = await createRequest(name);
  const joined = await joinCluster({
    address,
    token: parsed.value,
    identity: wish.identity,
    name,
    zone: wish.zone ?? before?.zone ?? '',
    addresses: wish.addresses,
    servingRequest: request,
    ...(before !== undefined && { cluster: before.cluster }),
    wallMs: wish.clock.wallMs(),
  });
  if (!joined.ok) return joined;
  const { grant, authority, acceptor } = joined.value;
  const others = grant.peers.filter(({ peer }) => peer !== acceptor.peer);
  return ok({
    version: 1,
    cluster: grant.cluster,
    zone: grant.zone,
    name,
    membership: base64(grant.membership),
    membershipKey: base64(authority.membershipKey),
    apiKey: base64(authority.apiKey),
    apiAuthority: grant.apiAuthority,
    servingCertificate: grant.servingCertificate,
    servingKey: key,
    ...(isWitness && { isWitness: true }),
    introductions: [acceptor, ...others].map(({ peer, addresses }) => ({
      peer,
      addresses: [...addresses],
    })),
  });
}

/** What tokens of this cluster pin. */
export const pinOf = ({ membershipKey, apiKey }: Credentials): Uint8Array =>
  authorityHash(
    { membershipKey: Buffer.from(membershipKey, 'base64'), apiKey: Buffer.from(apiKey, 'base64') },
    sha256,
  );
