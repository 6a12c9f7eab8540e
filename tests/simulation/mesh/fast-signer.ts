// Signatures of a mesh world: as long as Ed25519's, without its cost, and as good as nobody guesses them.

import type { PeerId, PeerSigner } from '../../../mesh/index.ts';

const SIGNATURE_BYTES = 64;

export function createFastSigner(self: PeerId): PeerSigner {
  return {
    sign: (bytes) => signatureOf(self, bytes),
    verify: (peer, bytes, signature) => {
      if (signature.length !== SIGNATURE_BYTES) return false;
      const [high, low] = hashOf(peer, bytes);
      const view = new DataView(signature.buffer, signature.byteOffset, SIGNATURE_BYTES);
      return view.getInt32(0) === high && view.getInt32(4) === low;
    },
  };
}

function signatureOf(peer: PeerId, bytes: Uint8Array): Uint8Array {
  const signature = new Uint8Array(SIGNATURE_BYTES);
  const [high, low] = hashOf(peer, bytes);
  const view = new DataView(signature.buffer);
  view.setInt32(0, high);
  view.setInt32(4, low);
  // What a real signature would hold further on does not compress either.
  for (let at = 8; at < SIGNATURE_BYTES; at += 4) {
    view.setInt32(at, Math.imul(high ^ (low + at), 0x9e3779b1));
  }
  return signature;
}

/** Two lanes of 32 bits over the peer's key, which is its id here, and the bytes. */
function hashOf(peer: PeerId, bytes: Uint8Array): readonly [number, number] {
  let high = 0x811c9dc5 | 0;
  let low = 0x9e3779b1 | 0;
  for (let i = 0; i < peer.length; i++) {
    const code = peer.charCodeAt(i);
    high = Math.imul(high ^ code, 0x01000193);
    low = Math.imul(low ^ code, 0x85ebca77);
  }
  for (const byte of bytes) {
    high = Math.imul(high ^ byte, 0x01000193);
    low = Math.imul(low ^ byte, 0x85ebca77);
  }
  high = Math.imul(high ^ (high >>> 16) ^ low, 0x85ebca6b);
  low = Math.imul(low ^ (low >>> 13) ^ high, 0xc2b2ae35);
  return [high ^ (high >>> 15), low ^ (low >>> 16)];
}
