// Signs what a peer says of itself, so that it may be passed on by anybody and changed by nobody.

import type { PeerId } from '../transport.ts';

export interface PeerSigner {
  /** Signs as this peer. */
  readonly sign: (bytes: Uint8Array) => Uint8Array;
  /** Whether `peer` signed these bytes. False as well for an id or a signature that is none. */
  readonly verify: (peer: PeerId, bytes: Uint8Array, signature: Uint8Array) => boolean;
}
