// A claim about a peer, as it travels: what a peer says of itself is signed by it, through every relay.
//
// `alive` and `left` are the subject's own words. `suspect` and `dead` are the words of others, and hold only
// for an incarnation that the subject itself signed: so a claim of them carries the subject's `alive` along.

import type { MemberStatus } from '../mesh.ts';
import type { PeerSigner } from '../belonging/peer-signer.ts';
import type { PeerId } from '../transport.ts';

/** Nothing else that a peer signs begins like this. */
const DOMAIN = 'skein member claim 1\n';

/** Incarnations start at a wall clock's milliseconds; a claim beyond this is not believed. */
const INCARNATION_LIMIT = 2 ** 48;

export interface MemberUpdate {
  readonly peer: PeerId;
  readonly status: MemberStatus;
  readonly incarnation: number;
  readonly addresses: readonly string[];
  /** The subject's, over this incarnation and these addresses: as one that left, or else as one alive. */
  readonly signature: Uint8Array;
  /** Who suspects or buried it: distinct observers shorten a suspicion. */
  readonly by?: PeerId | undefined;
}

/** What a peer may say of itself. */
export interface OwnClaim {
  readonly status: 'alive' | 'left';
  readonly incarnation: number;
  readonly addresses: readonly string[];
}

export function signClaim(signer: PeerSigner, peer: PeerId, claim: OwnClaim): Uint8Array {
  return signer.sign(claimBytes(peer, claim));
}

/** Whether the subject said what this claim rests on. */
export function isSignedClaim(signer: PeerSigner, update: MemberUpdate): boolean {
  const { peer, incarnation, addresses, signature } = update;
  if (incarnation > INCARNATION_LIMIT) return false;
  const status = update.status === 'left' ? 'left' : 'alive';
  return signer.verify(peer, claimBytes(peer, { status, incarnation, addresses }), signature);
}

function claimBytes(peer: PeerId, { status, incarnation, addresses }: OwnClaim): Uint8Array {
  return Buffer.from(DOMAIN + JSON.stringify([status, peer, incarnation, addresses]));
}

/** About what a claim takes in a message, in bytes. */
export function sizeOfClaim({ peer, addresses, signature, by }: MemberUpdate): number {
  const texts = addresses.reduce((sum, address) => sum + address.length + 2, 0);
  return peer.length + texts + signature.length + (by?.length ?? 0) + 24;
}
