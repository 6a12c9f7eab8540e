// Signatures by the key that a peer's id is made of: who holds the id can check them, and nobody has to be asked.

import { signEd25519, verifyEd25519 } from './ed25519-signer.ts';
import type { Identity } from './identity.ts';
import { publicKeyOf } from './libp2p/peer-ids.ts';
import type { PeerSigner } from './peer-signer.ts';

export function createPeerSigner(identity: Identity): PeerSigner {
  return {
    sign: (bytes) => signEd25519(identity.signing.seed, bytes),
    verify: (peer, bytes, signature) => {
      const key = publicKeyOf(peer);
      return key !== undefined && verifyEd25519(key, bytes, signature);
    },
  };
}
