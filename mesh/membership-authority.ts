// What the mesh needs of the log to admit peers: `actors/admission/` implements it.

import type { Result } from '../runtime/index.ts';
import type { PeerId } from './transport.ts';

/** What a joiner asks for, after noise proved that it holds the key of `peer`. */
export interface JoinRequest {
  readonly peer: PeerId;
  readonly tokenId: string;
  /** HMAC-SHA256 with the token's secret over `joinProofBytes`; the secret itself never travels. */
  readonly proof: Uint8Array;
  /** What the proof covers besides this request: protocol name, authority hash, both peer ids, a nonce of each side. */
  readonly transcript: Uint8Array;
  /** The name it wants for its Node. */
  readonly name: string;
  /** '' for the zone of the token. */
  readonly zone: string;
  readonly addresses: readonly string[];
  /** PKCS#10 request (PEM) for its serving certificate. */
  readonly servingRequest: string;
  /** X25519 public key (raw, 32 bytes) to which secrets for this peer are sealed. */
  readonly sealingKey: Uint8Array;
}

/** What admits a peer; all of it is public but useless without the peer's own keys. */
export interface JoinGrant {
  readonly cluster: string;
  readonly zone: string;
  /** Signed membership certificate, as encoded by membership-certificate.ts. */
  readonly membership: Uint8Array;
  /** PEM chain for its API, and the authority that signed it. */
  readonly servingCertificate: string;
  readonly apiAuthority: string;
  /** Where other peers were last seen, to dial first. */
  readonly peers: readonly { readonly peer: PeerId; readonly addresses: readonly string[] }[];
}

export interface MembershipAuthority {
  /** Checks the proof, counts a use of the token, issues certificates. Errors: unauthorized, not-found, conflict (name taken), unavailable. */
  readonly redeem: (request: JoinRequest) => Promise<Result<JoinGrant>>;
  /** A fresh certificate for a member in good standing. Errors: forbidden once its membership ended. */
  readonly renew: (peer: PeerId) => Promise<Result<Uint8Array>>;
  /** Whether this membership was ended. Reads this peer's replica. */
  readonly isRevoked: (peer: PeerId) => boolean;
}
