// Whether a peer that shows a certificate is let in. Pure.
//
//   the certificate is of this cluster and this peer
//      |-- the list says member --> let in, whatever the dates: whoever was off for long renews as soon as it is in
//      |-- the list says ended ---> forbidden
//      |-- a list that is up to date lacks it --> unavailable: its record may be on its way, or its certificate is forged
//      '-- no list to look at ----> let in if the certificate holds today
//
// So a certificate alone opens nothing at a peer that knows its zone: a removed voter that kept the authority's key can
// sign what it likes and makes no member.

import { failed, ok, SkeinError } from '../../runtime/index.ts';
import type { Result } from '../../runtime/index.ts';
import type { MembershipAuthority } from './membership-authority.ts';
import { checkBearer, checkDates } from './membership-certificate.ts';
import type { Verify } from './membership-certificate.ts';
import type { PeerId } from '../transport.ts';

export interface JudgementTerms {
  /** Whom the connection proved to be there. */
  readonly peer: PeerId;
  readonly cluster: string;
  /** Ed25519, raw: the cluster's membership authority. */
  readonly authorityKey: Uint8Array;
  readonly wallMs: number;
  readonly standing: MembershipAuthority['standing'];
}

/** Errors: unauthorized (another cluster, another peer, out of date), forbidden (ended), unavailable (not on the list). */
export function judgeMember(
  certificate: Uint8Array,
  terms: JudgementTerms,
  verify: Verify,
): Result<void> {
  const { peer, cluster } = terms;
  const read = checkBearer(certificate, terms, verify);
  if (!read.ok) return read;
  if (read.value.cluster !== cluster) {
    const sentence = `peer ${peer} is a member of ${read.value.cluster}`;
    return failed(new SkeinError('unauthorized', sentence));
  }
  switch (terms.standing(peer, read.value.notBefore)) {
    case 'member':
      return ok(undefined);
    case 'ended':
      return failed(new SkeinError('forbidden', `the membership of peer ${peer} was ended`));
    case 'stranger':
      return failed(
        new SkeinError('unavailable', `peer ${peer} is not on the list of members known here`),
      );
    case 'unknown': {
      const dated = checkDates(read.value, terms.wallMs);
      return dated.ok ? ok(undefined) : dated;
    }
  }
}
