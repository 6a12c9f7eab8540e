// Admission on a real machine: there before the log is, since the transport asks for it, and at work once the log is open.

import { isJoinProven, readCertificate, verifyEd25519 } from '../mesh/index.ts';
import type { Identity, MembershipAuthority, MemberVerdict, PeerId } from '../mesh/index.ts';
import { failed, SkeinError, wait } from '../runtime/index.ts';
import type { Clock, Logger, Random, Result } from '../runtime/index.ts';
import { readAccountToken } from './admission/account-token.ts';
import { admissionActor, admissionPath } from './admission/admission-actor.ts';
import { createAdmission } from './admission/admission.ts';
import type { Admission } from './admission/admission.ts';
import { holdersOf, keepAuthority } from './admission/authority-keeping.ts';
import { readBearerToken } from './admission/bearer-token.ts';
import { watchEndedMembers } from './admission/ended-members.ts';
import type { EndedMembers } from './admission/ended-members.ts';
import type { KeptCredentials } from './admission/file-credentials.ts';
import { foundingAuthority, writeFounding } from './admission/founding.ts';
import type { Issuer } from './admission/issuer.ts';
import { createJoinToken, listJoinTokens, revokeJoinToken } from './admission/join-tokens.ts';
import type { NewToken, TokenNote, TokenWish } from './admission/join-tokens.ts';
import { endMemberships } from './admission/membership-ending.ts';
import { removePeer } from './admission/peer-removal.ts';
import type { PeerRecord } from './admission/records.ts';
import { createRefusalWatch } from './admission/refusal-watch.ts';
import { collectTokens } from './admission/token-collection.ts';
import type { AccountClaims } from './objects/account-claims.ts';
import { pinOf } from './host-membership.ts';
import type { OpenedParts, PeerPorts } from './peer.ts';

const retryMs = 200;
/** A peer that is on no list says so now and then, not with every dial. */
const strangerNoteMs = 600_000;

/** Its links are cut this long after its end is known here: by then it has it from the log, and ends by itself. */
const lastWordMs = 300;

type Revocations = NonNullable<PeerPorts['revocations']>;

export interface HostAdmission
  extends
    MembershipAuthority,
    Pick<Admission, 'signClient' | 'signBearer' | 'signAccount'>,
    Revocations {
  /** Goes to work; resolves once a founder's log has what every cluster begins with. */
  readonly begin: (parts: OpenedParts) => Promise<void>;
  /** What another peer said of this one's membership. */
  readonly heard: (verdict: MemberVerdict) => void;
  /** Whose bearer token this is; undefined for one that is not valid. */
  readonly userOf: (
    token: string,
  ) => { readonly name: string; readonly groups: readonly string[] } | undefined;
  /** What a ServiceAccount's token says; undefined for one that is not valid. */
  readonly accountOf: (token: string) => AccountClaims | undefined;
  /** The cluster's, Ed25519. */
  readonly publicKey: () => Uint8Array;
  readonly createToken: (wish: TokenWish) => Promise<Result<NewToken>>;
  readonly tokens: () => readonly TokenNote[];
  readonly revokeToken: (id: string) => Promise<Result<TokenNote>>;
  /** Ends the membership of the peer of this name. Errors: as removePeer. */
  readonly remove: (name: string) => Promise<Result<PeerId>>;
  readonly stop: () => void;
}

export interface HostAdmissionOptions {
  readonly log: Logger;
  readonly identity: Identity;
  readonly kept: KeptCredentials;
  readonly meshListen: string;
  readonly clock: Clock;
  readonly random: Random;
  readonly issuer: Issuer;
  readonly isLinked: (peer: PeerId) => boolean;
  /** The membership of this peer is over; `why` is for its owner. Called once. */
  readonly onEnded: (why: SkeinError) => void;
}

const starting = (): Result<never> =>
  failed(new SkeinError('unavailable', 'this peer is still starting: ask again in a moment'));

export function createHostAdmission(options: HostAdmissionOptions): HostAdmission {
  const { clock, random, identity, kept, issuer } = options;
  const log = options.log.child({ part: 'admission' });
  const founded = foundingAuthority(kept.current());
  let working: { readonly admission: Admission; readonly parts: OpenedParts } | undefined;
  let endedMembers: EndedMembers | undefined;
  let hasEnded = false;
  let strangerDueMs = Number.NEGATIVE_INFINITY;
  const refusals = createRefusalWatch();
  const revokedListeners = new Set<(peer: PeerId) => void>();
  const stops: (() => void)[] = [];
  let isStopped = false;

  const begin: HostAdmission['begin'] = async (parts) => {
    const { store, system, mesh } = parts;
    const sealingKey = identity.sealing;
    const keeping = keepAuthority({ store, self: identity.peer, sealingKey, log, clock, founded });
    const admission = createAdmission({
      store,
      system,
      clock,
      checkProof: isJoinProven,
      issuer,
      authority: keeping.current,
      holders: () => {
        const { leader } = store.status();
        const others = holdersOf(store.status()).filter(
          (peer) => peer !== identity.peer && peer !== leader,
        );
        const first = leader === undefined || leader === identity.peer ? [] : [leader];
        return [...first, ...others];
      },
    });
    working = { admission, parts };
    system.spawn(admissionPath, admissionActor, admission);
    endedMembers = watchEndedMembers(store, (record) => {
      if (record.peer === identity.peer) return selfEnded(record);
      const cut = clock.setTimer(lastWordMs, () => {
        for (const told of revokedListeners) told(record.peer);
      });
      stops.push(cut.cancel);
    });
    stops.push(keeping.stop, endMemberships(store, mesh, clock), collectTokens(store, clock));
    stops.push(endedMembers.stop);
    if (founded !== undefined) await writeBeginning(parts);
  };

  /** By its own list, which may be from before it was let in again: its certificate tells. */
  const selfEnded = ({ endedAtMs = 0, endedBy }: PeerRecord): void => {
    const { membership, membershipKey } = kept.current();
    const key = Buffer.from(membershipKey, 'base64');
    const own = readCertificate(Buffer.from(membership, 'base64'), key, verifyEd25519);
    if (own.ok && own.value.notBefore > endedAtMs) return;
    if (endedBy === 'removal') end(`was removed from it at ${new Date(endedAtMs).toISOString()}`);
  };

  const end = (what: string): void => {
    if (hasEnded || isStopped) return;
    hasEnded = true;
    const { cluster } = kept.current();
    const sentence = `this peer was a member of cluster ${cluster} and ${what}; its pods are ended here and may run elsewhere. To let it in again make a new token at a member, skein token create, and run skein join ADDRESS --token TOKEN with this data directory; otherwise remove the directory`;
    options.onEnded(new SkeinError('forbidden', sentence));
  };

  const heard = (verdict: MemberVerdict): void => {
    const members = working?.parts.mesh.members() ?? [];
    const isLinked = members.some(({ peer }) => options.isLinked(peer));
    const nowMs = clock.monotonicMs();
    switch (refusals.heard(verdict, isLinked, nowMs)) {
      case 'ended':
        return end('all peers that answer say that its membership was ended');
      case 'stranger':
        if (nowMs < strangerDueMs) return;
        strangerDueMs = nowMs + strangerNoteMs;
        return log.warn('no peer lets this one in: it is not on their list of members', {
          remedy:
            'if that stays so, make a token at a member, skein token create, and run skein join ADDRESS --token TOKEN with this data directory: name and data are kept',
        });
      case undefined:
        return;
    }
  };

  const writeBeginning = async ({ store, objects }: OpenedParts) => {
    const { name, zone } = kept.current();
    const founder = { identity, name, zone, addresses: [options.meshListen] };
    while (
      !isStopped &&
      !(await writeFounding(founder, kept.current(), founded!, { store, objects, clock, random }))
    ) {
      await wait(clock, retryMs);
    }
    if (isStopped) return;
    await kept.change((credentials) => {
      const { founding: _, ...rest } = credentials;
      return rest;
    });
  };

  const publicKey = (): Uint8Array => Buffer.from(kept.current().membershipKey, 'base64');

  /** Of what works only once the log is open. */
  const atWork = <T>(
    ask: (at: NonNullable<typeof working>) => Promise<Result<T>>,
  ): Promise<Result<T>> => (working === undefined ? Promise.resolve(starting()) : ask(working));

  return {
    begin,
    heard,
    redeem: (request) => atWork(({ admission }) => admission.redeem(request)),
    renew: (wish) => atWork(({ admission }) => admission.renew(wish)),
    signClient: (request, subject) =>
      atWork(({ admission }) => admission.signClient(request, subject)),
    signAccount: (claims) => atWork(({ admission }) => admission.signAccount(claims)),
    accountOf: (token) =>
      readAccountToken(
        token,
        (bytes, signature) => verifyEd25519(publicKey(), bytes, signature),
        clock.wallMs(),
      ),
    publicKey,
    signBearer: (claims) => atWork(({ admission }) => admission.signBearer(claims)),
    standing: (peer, certifiedAtMs) =>
      working?.admission.standing(peer, certifiedAtMs) ?? 'unknown',
    isRevoked: (peer) => endedMembers?.has(peer) ?? false,
    onRevoked: (revoked) => {
      revokedListeners.add(revoked);
      return () => revokedListeners.delete(revoked);
    },
    userOf: (token) => {
      const claims = readBearerToken(
        token,
        (bytes, signature) => verifyEd25519(publicKey(), bytes, signature),
        clock.wallMs(),
      );
      return claims.ok ? { name: claims.value.user, groups: claims.value.groups } : undefined;
    },
    createToken: (wish) =>
      atWork(({ parts }) => createJoinToken(parts.store, clock, pinOf(kept.current()), wish)),
    tokens: () =>
      working === undefined ? [] : listJoinTokens(working.parts.store.view, clock.wallMs()),
    revokeToken: (id) => atWork(({ parts }) => revokeJoinToken(parts.store, clock, id)),
    remove: (name) => atWork(({ parts }) => removePeer(name, parts, clock)),
    stop: () => {
      isStopped = true;
      stops.forEach((stop) => stop());
    },
  };
}
