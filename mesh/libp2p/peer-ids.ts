// Peer ids of libp2p: the text form of an Ed25519 public key.

import './promise-with-resolvers.ts';
import { privateKeyFromRaw, publicKeyFromRaw } from '@libp2p/crypto/keys';
import type { PrivateKey } from '@libp2p/interface';
import { peerIdFromPublicKey } from '@libp2p/peer-id';
import type { SigningKey } from '../ed25519-signer.ts';
import type { PeerId } from '../transport.ts';

/** The id of the peer that holds this raw Ed25519 key. */
export function peerIdOf(publicKey: Uint8Array): PeerId {
  return peerIdFromPublicKey(publicKeyFromRaw(publicKey)).toString();
}

/** The key as libp2p wants it. */
export function libp2pKey(key: SigningKey): PrivateKey {
  return privateKeyFromRaw(Buffer.concat([key.seed, key.publicKey]));
}
