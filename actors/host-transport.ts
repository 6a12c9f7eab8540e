// The transport of a member: libp2p, with the keys and the certificate of its cluster.

import { createLibp2pTransport } from '../mesh/index.ts';
import type { Identity, MembershipAuthority, MemberVerdict, Transport } from '../mesh/index.ts';
import type { Clock, Random } from '../runtime/index.ts';
import type { KeptCredentials } from './admission/file-credentials.ts';
import { addressText } from './host-options.ts';
import type { HostOptions } from './host-options.ts';

export function createMemberTransport(
  parts: {
    readonly options: HostOptions;
    readonly identity: Identity;
    readonly kept: KeptCredentials;
    readonly meshListen: string;
    readonly clock: Clock;
    readonly random: Random;
  },
  membership: Pick<MembershipAuthority, 'redeem' | 'standing'>,
  onVerdict: (verdict: MemberVerdict) => void,
): Transport {
  const { options, identity, kept, meshListen, clock, random } = parts;
  const { announce } = options;
  const credentials = kept.current();
  return createLibp2pTransport({
    identity,
    listen: meshListen,
    ...(announce === undefined ? {} : { announce: announce.map(addressText) }),
    cluster: credentials.cluster,
    authority: {
      membershipKey: Buffer.from(credentials.membershipKey, 'base64'),
      apiKey: Buffer.from(credentials.apiKey, 'base64'),
    },
    certificate: () => Buffer.from(kept.current().membership, 'base64'),
    membership,
    onVerdict,
    clock,
    random,
    log: options.log.child({ part: 'mesh' }),
  });
}
