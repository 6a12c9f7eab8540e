// Admits peers and signs certificates: here when this peer holds the authority, else through a peer that does.

import type { Store } from '../../consensus/index.ts';
import type {
  JoinGrant,
  JoinRequest,
  MembershipAuthority,
  PeerId,
  Renewal,
  RenewalWish,
} from '../../mesh/index.ts';
import type { ActorRef, ActorSystem, Clock, Result } from '../../runtime/index.ts';
import { failed, formatAddress, ok, SkeinError } from '../../runtime/index.ts';
import type { AccountClaims } from '../objects/account-claims.ts';
import type { AdmissionMessage } from './admission-actor.ts';
import { admissionPath } from './admission-actor.ts';
import type { Authority } from './authority.ts';
import type { BearerClaims } from './bearer-token.ts';
import type { Issuer } from './issuer.ts';
import {
  clusterKey,
  nameKey,
  parseCluster,
  parsePeer,
  peerKey,
  peersEnd,
  peersPrefix,
  tokenKey,
} from './records.ts';
import { decideRedemption } from './redemption.ts';
import type { ProofCheck } from './redemption.ts';
import { standingOf } from './standing.ts';
import type { ClientSubject } from './x509-authority.ts';

/** Decisions taken again after somebody else wrote in between. */
const attemptsMax = 8;
/** How long a peer without the authority waits for one that has it. */
const forwardDeadlineMs = 8_000;
/** Peers that are asked in turn. */
const forwardsMax = 3;
/** Newest peers a joiner is told of; the mesh tells it the rest. */
const introducedPeers = 16;

export interface AdmissionOptions {
  readonly store: Store;
  readonly system: ActorSystem;
  readonly clock: Clock;
  readonly checkProof: ProofCheck;
  readonly issuer: Issuer;
  /** The authority, while this peer holds it. */
  readonly authority: () => Authority | undefined;
  /** Peers that may hold it and can be reached, best first. */
  readonly holders: () => readonly PeerId[];
}

export interface Admission extends MembershipAuthority {
  /** A bearer token for the API. Errors: unavailable. */
  readonly signBearer: (claims: BearerClaims) => Promise<Result<string>>;
  /** A token of a ServiceAccount. Errors: unavailable. */
  readonly signAccount: (claims: AccountClaims) => Promise<Result<string>>;
  /** Signs a PKCS#10 request (PEM) for a client of the API. Errors: unavailable, invalid. */
  readonly signClient: (request: string, subject: ClientSubject) => Promise<Result<string>>;
}

export function createAdmission(options: AdmissionOptions): Admission {
  const { store, clock } = options;

  const redeemHere = async (
    request: JoinRequest,
    authority: Authority,
  ): Promise<Result<JoinGrant>> => {
    const current = await store.barrier(forwardDeadlineMs);
    if (!current.ok) return current;
    for (let attempt = 0; attempt < attemptsMax; attempt++) {
      const decided = decideRedemption(
        request,
        {
          token: store.view.get(tokenKey(request.tokenId)),
          peer: store.view.get(peerKey(request.peer)),
          name: store.view.get(nameKey(request.name)),
        },
        options.checkProof,
        clock.wallMs(),
      );
      if (!decided.ok) return decided;
      const written = await store.transact(decided.value);
      if (!written.ok) return written;
      if (written.value.succeeded) return grant(request, authority);
    }
    return failed(new SkeinError('unavailable', 'many peers join at once: ask again'));
  };

  const grant = async (request: JoinRequest, authority: Authority): Promise<Result<JoinGrant>> => {
    const cluster = store.view.get(clusterKey);
    const record = store.view.get(peerKey(request.peer));
    if (cluster === undefined || record === undefined) return failed(notReady());
    const { name } = parseCluster(cluster.value);
    const { zone, admittedAtMs } = parsePeer(record.value);
    const peers = store.view
      .range(peersPrefix, peersEnd)
      .kvs.map(({ value }) => parsePeer(value))
      .filter(({ peer, endedAtMs }) => peer !== request.peer && endedAtMs === undefined)
      .slice(-introducedPeers)
      .map(({ peer, addresses }) => ({ peer, addresses }));
    const serving = await options.issuer.serving(authority, request);
    if (!serving.ok) return serving;
    return ok({
      cluster: name,
      zone,
      membership: options.issuer.membership(authority, {
        cluster: name,
        peer: request.peer,
        zone,
        notBeforeMs: admittedAtMs,
      }),
      servingCertificate: serving.value,
      apiAuthority: authority.api.certificate,
      peers,
    });
  };

  const renewHere = async (wish: RenewalWish, authority: Authority): Promise<Result<Renewal>> => {
    const cluster = store.view.get(clusterKey);
    const kv = store.view.get(peerKey(wish.peer));
    if (cluster === undefined || kv === undefined) return failed(notReady());
    const { zone, name, admittedAtMs, endedAtMs } = parsePeer(kv.value);
    if (endedAtMs !== undefined) return failed(endedMembership(wish.peer));
    const membership = options.issuer.membership(authority, {
      cluster: parseCluster(cluster.value).name,
      peer: wish.peer,
      zone,
      notBeforeMs: admittedAtMs,
    });
    if (wish.serving === undefined) return ok({ membership });
    const { request: servingRequest, addresses } = wish.serving;
    const serving = await options.issuer.serving(authority, { name, addresses, servingRequest });
    return serving.ok ? ok({ membership, servingCertificate: serving.value }) : serving;
  };

  /** Through another peer. This one's list has the joiner before it is told so: its next dial comes here. */
  const redeemElsewhere = async (request: JoinRequest): Promise<Result<JoinGrant>> => {
    const granted = await elsewhere<JoinGrant>((replyTo) => ({ type: 'redeem', request, replyTo }));
    if (granted.ok) await store.barrier(forwardDeadlineMs);
    return granted;
  };

  /** Asks peers that hold the authority, one after the other, until one answers. */
  const elsewhere = async <T>(
    question: (replyTo: ActorRef<Result<T>>) => AdmissionMessage,
  ): Promise<Result<T>> => {
    let last: Result<T> = failed(notReady());
    for (const peer of options.holders().slice(0, forwardsMax)) {
      const ref = options.system.ref<AdmissionMessage>(
        formatAddress({ peer, path: admissionPath }),
      );
      const answer = await options.system.ask<AdmissionMessage, Result<T>>(
        ref,
        question,
        forwardDeadlineMs,
      );
      if (answer.ok) return restored(answer.value);
      last = answer;
    }
    return last;
  };

  return {
    redeem: (request) => {
      const authority = options.authority();
      return authority === undefined ? redeemElsewhere(request) : redeemHere(request, authority);
    },
    renew: (wish) => {
      const authority = options.authority();
      return authority === undefined
        ? elsewhere((replyTo) => ({ type: 'renew', wish, replyTo }))
        : renewHere(wish, authority);
    },
    signBearer: (claims) => {
      const authority = options.authority();
      return authority === undefined
        ? elsewhere((replyTo) => ({ type: 'sign-bearer', claims, replyTo }))
        : Promise.resolve(ok(options.issuer.bearer(authority, claims)));
    },
    signAccount: (claims) => {
      const authority = options.authority();
      return authority === undefined
        ? elsewhere((replyTo) => ({ type: 'sign-account', claims, replyTo }))
        : Promise.resolve(ok(options.issuer.account(authority, claims)));
    },
    signClient: (request, subject) => {
      const authority = options.authority();
      return authority === undefined
        ? elsewhere((replyTo) => ({ type: 'sign-client', request, subject, replyTo }))
        : options.issuer.client(authority, request, subject);
    },
    standing: (peer, certifiedAtMs) => standingOf(store, peer, certifiedAtMs),
  };
}

/** An error that crossed the wire is plain data again: give it its class back. */
function restored<T>(result: Result<T>): Result<T> {
  if (result.ok) return result;
  const { code, message } = result.error;
  return failed(new SkeinError(code, message));
}

const notReady = (): SkeinError =>
  new SkeinError(
    'unavailable',
    'no peer that holds the authority of the cluster can be reached right now: ask again',
  );

const endedMembership = (peer: PeerId): SkeinError =>
  new SkeinError('forbidden', `the membership of peer ${peer} was ended`);
