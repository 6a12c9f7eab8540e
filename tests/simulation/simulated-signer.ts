// Signatures in a simulation: cheap, the same for the same seed, and as good as nobody guesses them.

import { createHash } from 'node:crypto';
import type { PeerId, PeerSigner } from '../../mesh/index.ts';

const signatureOf = (peer: PeerId, bytes: Uint8Array): Buffer =>
  createHash('md5').update(`key of ${peer}`).update(bytes).digest();

export function createSimulatedSigner(self: PeerId): PeerSigner {
  return {
    sign: (bytes) => signatureOf(self, bytes),
    verify: (peer, bytes, signature) => signatureOf(peer, bytes).equals(signature),
  };
}
