// What a running peer has renewed: its membership, the certificate of its API, the one in its administrator's kubeconfig.

import { readCertificate, verifyEd25519 } from '../mesh/index.ts';
import type { Identity } from '../mesh/index.ts';
import { failed, ok, SkeinError } from '../runtime/index.ts';
import type { Clock, Logger, Random, Result } from '../runtime/index.ts';
import type { Admission } from './admission/admission.ts';
import { base64 } from './admission/base64.ts';
import type { KeptCredentials } from './admission/file-credentials.ts';
import { adminPeriod, renewAdminKubeconfig } from './admission/file-kubeconfig.ts';
import type { KubeconfigPlace } from './admission/file-kubeconfig.ts';
import { keepRenewed } from './admission/renewal.ts';
import type { Renewable, Renewing } from './admission/renewal.ts';
import { createRequest, isForHost, periodOf } from './admission/x509-authority.ts';
import type { TlsMaterial } from './gateway/http/https-server.ts';

export interface RenewalParts {
  readonly identity: Identity;
  readonly kept: KeptCredentials;
  readonly admission: Pick<Admission, 'renew' | 'signClient'>;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
}

/** The membership; used with the next handshake. */
export const keepMembership = (parts: RenewalParts): Renewing =>
  keepRenewed(membershipOf(parts), parts);

/** The certificate of the API, at these hosts: new connections get the new one. */
export const keepServing = (
  parts: RenewalParts,
  hosts: readonly string[],
  replace: (tls: TlsMaterial) => void,
): Renewing => keepRenewed(servingOf(parts, hosts, replace), parts);

/** The administrator's certificate. */
export const keepAdministrator = (parts: RenewalParts, place: KubeconfigPlace): Renewing =>
  keepRenewed(
    {
      what: 'certificate of the administrator',
      period: () => adminPeriod(place),
      renew: () => renewAdminKubeconfig(place, parts.admission),
    },
    parts,
  );

function membershipOf({ identity, kept, admission }: RenewalParts): Renewable {
  return {
    what: 'membership',
    period: () => {
      const { membership, membershipKey } = kept.current();
      const key = Buffer.from(membershipKey, 'base64');
      const claims = readCertificate(Buffer.from(membership, 'base64'), key, verifyEd25519);
      if (!claims.ok) throw claims.error;
      return { notBeforeMs: claims.value.notBefore, notAfterMs: claims.value.notAfter };
    },
    renew: async () => {
      const renewed = await admission.renew({ peer: identity.peer });
      if (!renewed.ok) return renewed;
      const membership = base64(renewed.value.membership);
      await kept.change((credentials) => ({ ...credentials, membership }));
      return ok(undefined);
    },
  };
}

function servingOf(
  { identity, kept, admission }: RenewalParts,
  hosts: readonly string[],
  replace: (tls: TlsMaterial) => void,
): Renewable {
  // A peer that moved has a certificate for where it was: it is renewed at once, and once.
  let hasMoved = !hosts.every((host) => isForHost(kept.current().servingCertificate, host));
  const renew = async (): Promise<Result<void>> => {
    const { request, key } = await createRequest(kept.current().name);
    const serving = { request, addresses: hosts.map(portless) };
    const renewed = await admission.renew({ peer: identity.peer, serving });
    if (!renewed.ok) return renewed;
    const { servingCertificate } = renewed.value;
    if (servingCertificate === undefined) {
      return failed(new SkeinError('unsupported', 'the authority signs no serving certificates'));
    }
    await kept.change((credentials) => ({ ...credentials, servingCertificate, servingKey: key }));
    replace({ key, certificate: servingCertificate, clientAuthority: kept.current().apiAuthority });
    hasMoved = false;
    return ok(undefined);
  };
  return {
    what: 'certificate of the API',
    period: () => {
      const { notBeforeMs, notAfterMs } = periodOf(kept.current().servingCertificate);
      if (!hasMoved) return { notBeforeMs, notAfterMs };
      // As good as over.
      return { notBeforeMs: 2 * notBeforeMs - notAfterMs, notAfterMs: notBeforeMs };
    },
    renew,
  };
}

/** As addresses are written; certificates name no ports. */
const portless = (host: string): string => (host.includes(':') ? `[${host}]:0` : `${host}:0`);
