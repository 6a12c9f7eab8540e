// Peer ids of libp2p: the text form of an Ed25519 public key.

import './promise-with-resolvers.ts';
import { privateKeyFromRaw, publicKeyFromRaw } from '@libp2p/crypto/keys';
import type { PrivateKey } from '@libp2p/interface';
import { peerIdFromPublicKey, peerIdFromString } from '@libp2p/peer-id';
import type { SigningKey } from '../belonging/ed25519-signer.ts';
import type { PeerId } from '../transport.ts';

/** The id of the peer that holds this raw Ed25519 key. */
export function peerIdOf(publicKey: Uint8Array): PeerId {
  return peerIdFromPublicKey(publicKeyFromRaw(publicKey)).toString();
}

/** The raw Ed25519 key that an id is made of; undefined for what is no such id. */
export function publicKeyOf(peer: PeerId): Uint8Array | undefined {
  try {
    const id = peerIdFromString(peer);
    return id.type === 'Ed25519' ? id.publicKey.raw : undefined;
  } catch {
    // No id at all: nobody holds its key.
    return undefined;
  }
}

/** The key as libp2p wants it. */
export function libp2pKey(key: SigningKey): PrivateKey {
  return privateKeyFromRaw(Buffer.concat([key.seed, key.publicKey]));
}
