// The joiner's side: meets a peer at an address, checks that it belongs to the token's cluster, and asks in.

import './promise-with-resolvers.ts';
import { randomBytes, X509Certificate } from 'node:crypto';
import type { Libp2p } from '@libp2p/interface';
import { asSkeinError, failed, ok, SkeinError } from '../../runtime/index.ts';
import type { ErrorCode, Result } from '../../runtime/index.ts';
import { sameSecret, sha256, verifyEd25519 } from '../belonging/ed25519-signer.ts';
import type { Identity } from '../belonging/identity.ts';
import { JOIN_NONCE_BYTES, JOIN_PROTOCOL, joinTranscript } from '../belonging/join-transcript.ts';
import { proveJoin } from '../belonging/join-proof.ts';
import type { JoinGrant } from '../belonging/membership-authority.ts';
import { checkCertificate } from '../belonging/membership-certificate.ts';
import { authorityHash } from '../belonging/token.ts';
import type { AuthorityKeys, Token } from '../belonging/token.ts';
import { createFramedStream } from './framed-stream.ts';
import type { FramedStream } from './framed-stream.ts';
import { formatHostPort, parseHostPort, toMultiaddr } from './host-ports.ts';
import { joinChallenge, joinVerdict } from './join-messages.ts';
import { createDialOnlyNode } from './node.ts';
import { libp2pKey } from './peer-ids.ts';

/** From the first packet to the grant. */
const JOIN_DEADLINE_MS = 20_000;

export interface JoinOptions {
  /** Host, host:port or a multiaddr of any member. */
  readonly address: string;
  readonly token: Token;
  readonly identity: Identity;
  /** What the new peer wants to be; see JoinRequest. */
  readonly name: string;
  readonly zone: string;
  /** Where this peer will be reached, `host:port`. */
  readonly addresses: readonly string[];
  readonly servingRequest: string;
  /** The only cluster it may be, when this peer belongs to one already. */
  readonly cluster?: string;
  /** Wall clock of this machine, to check dates. */
  readonly wallMs: number;
}

export interface Joined {
  readonly grant: JoinGrant;
  /** What the token pinned: keep these, they are what every link is checked against. */
  readonly authority: AuthorityKeys;
  /** The peer that let this one in. */
  readonly acceptor: { readonly peer: string; readonly addresses: readonly string[] };
}

/**
 * Trades a token for a membership. Errors: invalid (address), unavailable (nobody there), unauthorized (another
 * cluster, or the token is wrong, spent or expired), and whatever the authority refuses with.
 */
export async function joinCluster(options: JoinOptions): Promise<Result<Joined>> {
  let node: Libp2p | undefined;
  const signal = AbortSignal.timeout(JOIN_DEADLINE_MS);
  try {
    const where = parseHostPort(options.address);
    node = await createDialOnlyNode(libp2pKey(options.identity.signing));
    const connection = await dialMember(
      node,
      await toMultiaddr(where),
      formatHostPort(where),
      signal,
    );
    const stream = createFramedStream(await connection.newStream(JOIN_PROTOCOL, { signal }));
    signal.addEventListener('abort', () => stream.abort(new Error('the join took too long')));
    const acceptor = connection.remotePeer.toString();
    const { grant, authority } = await ask(stream, acceptor, options);
    const known = { peer: acceptor, addresses: [formatHostPort(where)] };
    return ok({ grant, authority, acceptor: known });
  } catch (error) {
    return failed(asSkeinError(error));
  } finally {
    await node?.stop();
  }
}

/** Rejects: unavailable, naming `shown`. */
export async function dialMember(
  node: Libp2p,
  address: Parameters<Libp2p['dial']>[0],
  shown: string,
  signal: AbortSignal,
) {
  try {
    return await node.dial(address, { signal });
  } catch (error) {
    throw new SkeinError(
      'unavailable',
      `no peer answers at ${shown}: check the address, that "skein up" runs there, and that its mesh port is open`,
      { address: shown },
      error,
    );
  }
}

async function ask(
  stream: FramedStream,
  acceptor: string,
  options: JoinOptions,
): Promise<{ readonly grant: JoinGrant; readonly authority: AuthorityKeys }> {
  const { token, identity } = options;
  const nonce = randomBytes(JOIN_NONCE_BYTES);
  stream.write({ v: 1, nonce });
  const challenge = await stream.read(joinChallenge);
  if ('refused' in challenge) throw refusal(challenge.refused);
  const { authority, certificate } = challenge;
  if (!sameSecret(authorityHash(authority, sha256), token.authorityHash)) {
    throw new SkeinError(
      'unauthorized',
      `the peer at ${options.address} belongs to another cluster than this token: check the address, or create a token there`,
    );
  }
  const expected = {
    authorityKey: authority.membershipKey,
    peer: acceptor,
    wallMs: options.wallMs,
  };
  const theirs = checkCertificate(certificate, expected, verifyEd25519);
  if (!theirs.ok) throw theirs.error;
  if (options.cluster !== undefined && theirs.value.cluster !== options.cluster) {
    throw new SkeinError(
      'conflict',
      `the peer at ${options.address} belongs to cluster ${theirs.value.cluster}, and what is kept here to ${options.cluster}: choose another directory with --data DIR`,
    );
  }
  const transcript = joinTranscript({
    authorityHash: token.authorityHash,
    joiner: identity.peer,
    acceptor,
    joinerNonce: nonce,
    acceptorNonce: challenge.nonce,
  });
  const { name, zone, addresses, servingRequest } = options;
  const wish = { name, zone, addresses, servingRequest, sealingKey: identity.sealing.publicKey };
  const proof = proveJoin(token.secret, transcript, wish);
  stream.write({ tokenId: token.id, proof, ...wish });
  const verdict = await stream.read(joinVerdict);
  stream.end();
  if ('refused' in verdict) throw refusal(verdict.refused);
  const { granted } = verdict;
  checkGrant(granted, authority, options);
  return { grant: granted, authority };
}

/** The grant must be what the pinned authority says, whoever passed it on. */
function checkGrant(grant: JoinGrant, authority: AuthorityKeys, options: JoinOptions): void {
  const expected = {
    authorityKey: authority.membershipKey,
    peer: options.identity.peer,
    wallMs: options.wallMs,
  };
  const own = checkCertificate(grant.membership, expected, verifyEd25519);
  if (!own.ok) throw own.error;
  if (authority.apiKey.length === 0) return;
  const { publicKey } = new X509Certificate(grant.apiAuthority);
  const apiKey = publicKey.export({ type: 'spki', format: 'der' });
  if (!sameSecret(apiKey, authority.apiKey)) {
    throw new SkeinError(
      'unauthorized',
      'the API authority of the grant is not the one of the token',
    );
  }
}

/** Codes an acceptor may pass on; any other becomes unavailable. */
const PASSED_ON: readonly string[] = [
  'unauthorized',
  'forbidden',
  'not-found',
  'conflict',
  'already-exists',
  'invalid',
  'overloaded',
  'timeout',
];

function refusal(refused: { readonly code: string; readonly message: string }): SkeinError {
  const code = PASSED_ON.includes(refused.code) ? (refused.code as ErrorCode) : 'unavailable';
  return new SkeinError(code, `the cluster did not let this peer in: ${refused.message}`);
}
