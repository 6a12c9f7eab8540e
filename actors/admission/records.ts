// What the log knows of the cluster, its authority, its tokens and its peers: keys and record types.

import { prefixEnd } from '../../consensus/index.ts';

/** Known to all; written once, when the cluster is founded, and again if its authority is founded anew. */
export interface ClusterRecord {
  readonly name: string;
  /** Ed25519 public key that signs memberships, base64. */
  readonly membershipKey: string;
  /** Certificate of the API's authority, PEM. */
  readonly apiAuthority: string;
}

/** A join token. Nothing of it lets a reader of the log join: it takes the secret behind the public key. */
export interface TokenRecord {
  /** Ed25519 public key that proofs are checked against, base64. */
  readonly publicKey: string;
  readonly zone: string;
  readonly uses: number;
  readonly usesLeft: number;
  /** The user who made it. */
  readonly createdBy: string;
  /** Unix epoch, milliseconds. */
  readonly createdAtMs: number;
  readonly expiresAtMs: number;
  /** Set when somebody took it back; kept until it would have expired, so that a late joiner hears why. */
  readonly revokedAtMs?: number;
}

/** A member of the cluster, or one that was. */
export interface PeerRecord {
  readonly peer: string;
  readonly name: string;
  readonly zone: string;
  readonly addresses: readonly string[];
  /** X25519 public key for secrets meant for this peer, base64. */
  readonly sealingKey: string;
  readonly admittedAtMs: number;
  /** Id of the token that let it in; none for a founder. */
  readonly token?: string;
  /** Set when its membership ended; kept so that it stays ended. */
  readonly endedAtMs?: number;
  /** It said goodbye, or somebody removed it. */
  readonly endedBy?: 'leaving' | 'removal';
  /** What the mesh says of its incarnations up to this one is of a life that ended. */
  readonly goneIncarnation?: number;
}

export const clusterKey = '/skein/cluster';
export const tokensPrefix = '/skein/tokens/';
export const tokensEnd = prefixEnd(tokensPrefix);
export const tokenKey = (id: string): string => `${tokensPrefix}${id}`;
export const peersPrefix = '/skein/peers/';
export const peersEnd = prefixEnd(peersPrefix);
export const peerKey = (peer: string): string => `${peersPrefix}${peer}`;
/** Holds the peer id of the peer that has this name. */
export const nameKey = (name: string): string => `/skein/peer-names/${name}`;
export const authorityPrefix = '/skein/authority/';
export const authorityEnd = prefixEnd(authorityPrefix);
/** The cluster's authority, sealed to one peer, base64. */
export const sealedAuthorityKey = (peer: string): string => `${authorityPrefix}${peer}`;

/** Reads a record that this program wrote. */
export const parseToken = (text: string): TokenRecord => JSON.parse(text) as TokenRecord;
export const parsePeer = (text: string): PeerRecord => JSON.parse(text) as PeerRecord;
export const parseCluster = (text: string): ClusterRecord => JSON.parse(text) as ClusterRecord;
