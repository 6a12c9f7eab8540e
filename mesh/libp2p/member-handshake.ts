// How a link begins: both show their membership, and both say "admitted" before anything else is said.
//
//   dialler                           acceptor
//      | ---- certificate ------------> |  checks: member-judgement.ts
//      | <--- certificate, admitted --- |  (or a refusal, and no certificate)
//      |  checks the same               |
//      | ---- admitted ---------------> |
//      | ==== lanes =================== |
//
// Beside its certificate each side says where it takes datagrams and half of what their keys are made of.
// A dial resolves before the other side's refusal arrives, so only these words count.

import { z } from 'zod';
import { SkeinError } from '../../runtime/index.ts';
import type { ErrorCode } from '../../runtime/index.ts';
import { SECRET_BYTES } from '../datagram/datagram-cipher.ts';
import type { DatagramOffer } from '../datagram/datagrams.ts';
import { verifyEd25519 } from '../belonging/ed25519-signer.ts';
import { judgeMember } from '../belonging/member-judgement.ts';
import type { MembershipAuthority } from '../belonging/membership-authority.ts';
import type { PeerId } from '../transport.ts';
import type { FramedStream } from './framed-stream.ts';

export const MEMBER_PROTOCOL = '/skein/member/2';

/** What a member shows and what it checks others against. */
export interface Credentials {
  readonly cluster: string;
  /** Ed25519, raw: the cluster's membership authority. */
  readonly authorityKey: Uint8Array;
  /** This peer's own membership certificate. */
  readonly certificate: Uint8Array;
}

export interface HandshakeTerms {
  readonly credentials: Credentials;
  readonly remote: PeerId;
  readonly wallMs: number;
  readonly standing: MembershipAuthority['standing'];
  /** Told what the other side says of this peer; its refusal may be old news, or a lie. */
  readonly onVerdict?: (verdict: MemberVerdict) => void;
  /** This side's, for this link alone. */
  readonly datagram: DatagramOffer;
}

/** The other side's word. */
export type MemberVerdict = 'admitted' | SkeinError;

const bytes = z.instanceof(Uint8Array);
const refusal = z.object({
  refused: z.object({ code: z.string(), message: z.string().max(1024) }),
});
const datagram = z.object({
  port: z.number().int().min(0).max(65_535),
  secret: bytes.refine(({ length }) => length === SECRET_BYTES, `${SECRET_BYTES} bytes`),
});
const hello = z.object({ certificate: bytes, datagram });
const answer = z.union([hello.extend({ admitted: z.literal(true) }), refusal]);
const last = z.union([z.object({ admitted: z.literal(true) }), refusal]);

/** Resolves with the other side's offer when both admitted each other. Rejects with the refusal of either side. */
export async function introduce(
  stream: FramedStream,
  terms: HandshakeTerms,
): Promise<DatagramOffer> {
  stream.write({ certificate: terms.credentials.certificate, datagram: terms.datagram });
  const reply = await stream.read(answer);
  if ('refused' in reply) throw refusedBy(terms, reply.refused);
  terms.onVerdict?.('admitted');
  try {
    check(reply.certificate, terms);
  } catch (error) {
    stream.write(refusalOf(error as SkeinError));
    stream.end();
    throw error;
  }
  stream.write({ admitted: true });
  stream.end();
  return reply.datagram;
}

/** The acceptor's side. `accept` may still refuse, by throwing, a peer whose membership is in order. */
export async function welcome(
  stream: FramedStream,
  terms: HandshakeTerms,
  accept: (other: DatagramOffer) => void,
): Promise<void> {
  try {
    const { certificate, datagram: other } = await stream.read(hello);
    check(certificate, terms);
    accept(other);
  } catch (error) {
    if (error instanceof SkeinError) stream.write(refusalOf(error));
    stream.end();
    throw error;
  }
  const { credentials, datagram: own } = terms;
  stream.write({ certificate: credentials.certificate, datagram: own, admitted: true });
  const reply = await stream.read(last);
  stream.end();
  if ('refused' in reply) throw refusedBy(terms, reply.refused);
  terms.onVerdict?.('admitted');
}

function check(certificate: Uint8Array, { credentials, remote, ...rest }: HandshakeTerms): void {
  const { cluster, authorityKey } = credentials;
  const judged = judgeMember(
    certificate,
    { peer: remote, cluster, authorityKey, ...rest },
    verifyEd25519,
  );
  if (!judged.ok) throw judged.error;
}

function refusalOf(error: SkeinError): unknown {
  return { refused: { code: error.code, message: error.message.slice(0, 1024) } };
}

function refusedBy(
  { remote: peer, onVerdict }: HandshakeTerms,
  refused: { readonly code: string; readonly message: string },
): SkeinError {
  // The code is the other side's word; only the known ones mean something here.
  const known: readonly string[] = ['unauthorized', 'forbidden', 'conflict', 'overloaded'];
  const code = known.includes(refused.code) ? (refused.code as ErrorCode) : 'unavailable';
  const error = new SkeinError(code, `peer ${peer} refused the link: ${refused.message}`, { peer });
  onVerdict?.(error);
  return error;
}
