// What a joiner proves: that it knows the token's secret, here and now, to this acceptor of this cluster. Pure.

import type { JoinRequest } from './membership-authority.ts';
import { lengthPrefixed } from './token.ts';
import type { PeerId } from '../transport.ts';

export const JOIN_PROTOCOL = '/skein/join/2';

/** Random bytes each side adds, so that a proof is worth nothing later. */
export const JOIN_NONCE_BYTES = 32;

/** Both sides build it from what noise and the handshake told them; it never travels. */
export function joinTranscript(parts: {
  readonly authorityHash: Uint8Array;
  readonly joiner: PeerId;
  readonly acceptor: PeerId;
  readonly joinerNonce: Uint8Array;
  readonly acceptorNonce: Uint8Array;
}): Uint8Array {
  return lengthPrefixed([
    Buffer.from(JOIN_PROTOCOL),
    parts.authorityHash,
    Buffer.from(parts.joiner),
    Buffer.from(parts.acceptor),
    parts.joinerNonce,
    parts.acceptorNonce,
  ]);
}

/** What a joiner wants; nobody on the way may change a word of it. */
export type JoinWish = Pick<
  JoinRequest,
  'name' | 'zone' | 'addresses' | 'servingRequest' | 'sealingKey'
>;

/**
 * What the proof is made over: the transcript and the wish. So the authority, which checks it, knows that the peer
 * that let the joiner in passed its keys and names on as they were.
 */
export function joinProofBytes(transcript: Uint8Array, wish: JoinWish): Uint8Array {
  const texts = [wish.name, wish.zone, wish.servingRequest, ...wish.addresses];
  return lengthPrefixed([transcript, wish.sealingKey, ...texts.map((text) => Buffer.from(text))]);
}
