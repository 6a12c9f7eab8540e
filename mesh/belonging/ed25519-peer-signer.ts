// Signatures by the key that a peer's id is made of: who holds the id can check them, and nobody has to be asked.

import { signerOf, verifierOf } from './ed25519-signer.ts';
import type { Verifier } from './ed25519-signer.ts';
import type { Identity } from './identity.ts';
import { publicKeyOf } from '../libp2p/peer-ids.ts';
import type { PeerSigner } from './peer-signer.ts';
import type { PeerId } from '../transport.ts';

/** Keys kept ready, for reading one costs as much as a check; the longest unused goes first. */
const KEYS_LIMIT = 2_048;

export function createPeerSigner(identity: Identity): PeerSigner {
  const keys = new Map<PeerId, Verifier>();

  const verifierFor = (peer: PeerId): Verifier | undefined => {
    const known = keys.get(peer);
    const key = known === undefined ? publicKeyOf(peer) : undefined;
    const verifier = known ?? (key === undefined ? undefined : verifierOf(key));
    if (verifier === undefined) return undefined;
    // Taken out and put in again, so that the map stays in order of use.
    keys.delete(peer);
    keys.set(peer, verifier);
    for (const oldest of keys.keys()) {
      if (keys.size <= KEYS_LIMIT) break;
      keys.delete(oldest);
    }
    return verifier;
  };

  return {
    sign: signerOf(identity.signing.seed),
    verify: (peer, bytes, signature) => verifierFor(peer)?.(bytes, signature) ?? false,
  };
}
