// What the mesh needs of the log to admit peers: `actors/admission/` implements it.

import type { Result } from '../../runtime/index.ts';
import type { PeerId } from '../transport.ts';

/** What a joiner asks for, after noise proved that it holds the key of `peer`. */
export interface JoinRequest {
  readonly peer: PeerId;
  readonly tokenId: string;
  /** Signature with the token's key over `joinProofBytes`, see join-proof.ts; the secret itself never travels. */
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

/** What this peer's replica of the log says of a peer: the log is the list of members, a certificate only proves a key. */
export type Standing =
  | 'member'
  /** Its membership was ended. */
  | 'ended'
  /** Not on the list, as far as a replica knows that keeps up with its zone. */
  | 'stranger'
  /** This peer cannot tell: it has no list, or one that may be old. */
  | 'unknown';

/** What a member asks to be signed anew. */
export interface RenewalWish {
  readonly peer: PeerId;
  /** For its serving certificate: a PKCS#10 request (PEM), and where its API answers. Absent: the membership alone. */
  readonly serving?: { readonly request: string; readonly addresses: readonly string[] };
}

export interface Renewal {
  readonly membership: Uint8Array;
  /** PEM, when it was asked for. */
  readonly servingCertificate?: string;
}

export interface MembershipAuthority {
  /** Checks the proof, counts a use of the token, issues certificates. Errors: unauthorized, forbidden, invalid, conflict (name taken), unavailable. */
  readonly redeem: (request: JoinRequest) => Promise<Result<JoinGrant>>;
  /** Fresh certificates for a member in good standing. Errors: forbidden once its membership ended, unavailable. */
  readonly renew: (wish: RenewalWish) => Promise<Result<Renewal>>;
  /** Of a peer whose certificate begins at `certifiedAtMs`: one that was let in again shows a later one than its end. */
  readonly standing: (peer: PeerId, certifiedAtMs: number) => Standing;
}
