// What the log knows of the cluster, its authority, its tokens and its peers: keys and record types.

import { prefixEnd } from '../../consensus/index.ts';

/** Known to all; written once, when the cluster is founded. */
export interface ClusterRecord {
  readonly name: string;
  /** Ed25519 public key that signs memberships, base64. */
  readonly membershipKey: string;
  /** Certificate of the API's authority, PEM. */
  readonly apiAuthority: string;
}

/** A join token. Who reads the log can use it, so it ends soon and counts its uses. */
export interface TokenRecord {
  /** The secret that proofs are made with, base64. */
  readonly secret: string;
  /** Unix epoch, milliseconds. */
  readonly expiresAtMs: number;
  readonly usesLeft: number;
  readonly zone: string;
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
  /** Set when its membership ended; kept so that it stays ended. */
  readonly endedAtMs?: number;
}

export const clusterKey = '/skein/cluster';
export const tokenKey = (id: string): string => `/skein/tokens/${id}`;
export const peersPrefix = '/skein/peers/';
export const peersEnd = prefixEnd(peersPrefix);
export const peerKey = (peer: string): string => `${peersPrefix}${peer}`;
/** Holds the peer id of the peer that has this name. */
export const nameKey = (name: string): string => `/skein/peer-names/${name}`;
/** The cluster's authority, sealed to one peer, base64. */
export const sealedAuthorityKey = (peer: string): string => `/skein/authority/${peer}`;

/** Reads a record that this program wrote. */
export const parseToken = (text: string): TokenRecord => JSON.parse(text) as TokenRecord;
export const parsePeer = (text: string): PeerRecord => JSON.parse(text) as PeerRecord;
export const parseCluster = (text: string): ClusterRecord => JSON.parse(text) as ClusterRecord;
