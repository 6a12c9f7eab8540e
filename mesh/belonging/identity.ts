// Who a peer is: its keys, and the id that follows from them.

import type { SigningKey } from './ed25519-signer.ts';
import type { SealingKey } from './sealed-box.ts';
import type { PeerId } from '../transport.ts';

export interface Identity {
  readonly peer: PeerId;
  /** Ed25519: proves the id in every handshake. */
  readonly signing: SigningKey;
  /** X25519: what is secret for this peer alone is sealed to it. */
  readonly sealing: SealingKey;
}
