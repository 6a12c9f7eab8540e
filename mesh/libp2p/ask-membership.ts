// Asks a peer at an address whether it would let this one in with the membership it has, and makes no link.

import { randomBytes } from 'node:crypto';
import './promise-with-resolvers.ts';
import { asSkeinError, failed, ok } from '../../runtime/index.ts';
import type { Result } from '../../runtime/index.ts';
import { SECRET_BYTES } from '../datagram/datagram-cipher.ts';
import type { Identity } from '../belonging/identity.ts';
import { createFramedStream } from './framed-stream.ts';
import { formatHostPort, parseHostPort, toMultiaddr } from './host-ports.ts';
import { dialMember } from './join-cluster.ts';
import { introduce, MEMBER_PROTOCOL } from './member-handshake.ts';
import type { Credentials, MemberVerdict } from './member-handshake.ts';
import { createDialOnlyNode } from './node.ts';
import { libp2pKey } from './peer-ids.ts';

/** A peer that is started waits so long for the answer, and then starts without it. */
const ASK_DEADLINE_MS = 3_000;

export interface MembershipQuestion {
  /** Host, host:port or a multiaddr of any member. */
  readonly address: string;
  readonly identity: Identity;
  readonly credentials: Credentials;
  /** Wall clock of this machine, to check dates. */
  readonly wallMs: number;
}

/** What it says: `admitted`, or why not. Errors: unavailable (nobody there, or no answer), invalid (address). */
export async function askMembership(question: MembershipQuestion): Promise<Result<MemberVerdict>> {
  const { identity, credentials, wallMs } = question;
  const signal = AbortSignal.timeout(ASK_DEADLINE_MS);
  let verdict: MemberVerdict | undefined;
  let node;
  try {
    const where = parseHostPort(question.address);
    node = await createDialOnlyNode(libp2pKey(identity.signing));
    const address = await toMultiaddr(where);
    const connection = await dialMember(node, address, formatHostPort(where), signal);
    const stream = createFramedStream(await connection.newStream(MEMBER_PROTOCOL, { signal }));
    signal.addEventListener('abort', () => stream.abort(new Error('no answer in time')));
    await introduce(stream, {
      credentials,
      remote: connection.remotePeer.toString(),
      wallMs,
      standing: () => 'unknown',
      // It asks and goes: there is no socket to send any datagram to.
      datagram: { port: 0, secret: randomBytes(SECRET_BYTES) },
      onVerdict: (word) => (verdict = word),
    });
    return ok('admitted');
  } catch (error) {
    return verdict === undefined ? failed(asSkeinError(error)) : ok(verdict);
  } finally {
    await node?.stop();
  }
}
