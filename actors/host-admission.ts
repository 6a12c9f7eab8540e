// Admission on a real machine: there before the log is, since the transport asks for it, and at work once the log is open.

import { verifyEd25519 } from '../mesh/index.ts';
import type { Identity, MembershipAuthority } from '../mesh/index.ts';
import { failed, SkeinError, wait } from '../runtime/index.ts';
import type { Clock, Random, Result } from '../runtime/index.ts';
import { admissionActor, admissionPath } from './admission/admission-actor.ts';
import { createAdmission } from './admission/admission.ts';
import type { Admission } from './admission/admission.ts';
import { keepAuthority } from './admission/authority-keeping.ts';
import { writeCredentials } from './admission/file-credentials.ts';
import type { Credentials } from './admission/file-credentials.ts';
import { foundingAuthority, writeFounding } from './admission/founding.ts';
import type { Issuer } from './admission/issuer.ts';
import { createJoinToken } from './admission/join-tokens.ts';
import type { NewToken } from './admission/join-tokens.ts';
import { readBearerToken } from './admission/bearer-token.ts';
import { checkProof } from './admission/proof.ts';
import { endMemberships } from './admission/membership-ending.ts';
import { pinOf } from './host-membership.ts';
import type { HostOptions } from './host-options.ts';
import type { OpenedParts } from './peer.ts';

const retryMs = 200;

export interface HostAdmission
  extends MembershipAuthority, Pick<Admission, 'signClient' | 'signBearer'> {
  /** Goes to work; resolves once a founder's log has what every cluster begins with. */
  readonly begin: (parts: OpenedParts) => Promise<void>;
  /** Whose bearer token this is; undefined for one that is not valid. */
  readonly userOf: (
    token: string,
  ) => { readonly name: string; readonly groups: readonly string[] } | undefined;
  readonly createToken: (wish: {
    readonly ttlMs: number;
    readonly uses: number;
    readonly zone: string;
  }) => Promise<Result<NewToken>>;
  readonly stop: () => void;
}

export interface HostAdmissionOptions {
  readonly options: HostOptions;
  readonly identity: Identity;
  readonly credentials: Credentials;
  readonly places: { readonly credentials: string };
  readonly meshListen: string;
  readonly clock: Clock;
  readonly random: Random;
  readonly issuer: Issuer;
}

const starting = (): Result<never> =>
  failed(new SkeinError('unavailable', 'this peer is still starting: ask again in a moment'));

export function createHostAdmission(options: HostAdmissionOptions): HostAdmission {
  const { clock, random, identity, credentials, issuer } = options;
  const founded = foundingAuthority(credentials);
  let working:
    | { readonly admission: Admission; readonly parts: Parameters<HostAdmission['begin']>[0] }
    | undefined;
  const stops: (() => void)[] = [];
  let isStopped = false;

  const begin: HostAdmission['begin'] = async (parts) => {
    const { store, system, mesh } = parts;
    const log = options.options.log.child({ part: 'admission' });
    const sealingKey = identity.sealing;
    const keeping = keepAuthority({ store, self: identity.peer, sealingKey, log, clock, founded });
    const admission = createAdmission({
      store,
      system,
      clock,
      checkProof,
      issuer,
      authority: keeping.current,
      holders: () => {
        const { leader, voters } = store.status();
        const others = voters.filter((peer) => peer !== identity.peer && peer !== leader);
        const first = leader === undefined || leader === identity.peer ? [] : [leader];
        return [...first, ...others];
      },
    });
    working = { admission, parts };
    system.spawn(admissionPath, admissionActor, admission);
    stops.push(keeping.stop, endMemberships(store, mesh, clock));
    if (founded !== undefined) await writeBeginning(parts);
  };

  const writeBeginning = async ({ store, objects }: Parameters<HostAdmission['begin']>[0]) => {
    const founder = {
      identity,
      name: credentials.name,
      zone: credentials.zone,
      addresses: [options.meshListen],
    };
    while (
      !isStopped &&
      !(await writeFounding(founder, credentials, founded!, { store, objects, clock, random }))
    ) {
      await wait(clock, retryMs);
    }
    if (isStopped) return;
    const { founding: _, ...kept } = credentials;
    await writeCredentials(options.places.credentials, kept);
  };

  return {
    begin,
    redeem: (request) => working?.admission.redeem(request) ?? Promise.resolve(starting()),
    renew: (peer) => working?.admission.renew(peer) ?? Promise.resolve(starting()),
    signClient: (request, subject) =>
      working?.admission.signClient(request, subject) ?? Promise.resolve(starting()),
    signBearer: (claims) => working?.admission.signBearer(claims) ?? Promise.resolve(starting()),
    isRevoked: (peer) => working?.admission.isRevoked(peer) ?? false,
    userOf: (token) => {
      const key = Buffer.from(credentials.membershipKey, 'base64');
      const claims = readBearerToken(
        token,
        (bytes, signature) => verifyEd25519(key, bytes, signature),
        clock.wallMs(),
      );
      return claims.ok ? { name: claims.value.user, groups: claims.value.groups } : undefined;
    },
    createToken: (wish) =>
      working === undefined
        ? Promise.resolve(starting())
        : createJoinToken(working.parts.store, clock, pinOf(credentials), wish),
    stop: () => {
      isStopped = true;
      stops.forEach((stop) => stop());
    },
  };
}
