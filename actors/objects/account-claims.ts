// What a token of a ServiceAccount says: the claims that a zone signs and every peer holds against its objects.

import type { Result } from '../../runtime/index.ts';

/** Who issues such tokens, and whom they are for unless they say so; as in Kubernetes. */
export const ACCOUNT_ISSUER = 'https://kubernetes.default.svc.cluster.local';

/** The name of the key in tokens and in the set of keys; there is one. */
export const ACCOUNT_KEY_ID = 'skein-1';

/** The place in a token where Kubernetes keeps its own claims. */
export const PRIVATE_CLAIMS = 'kubernetes.io';

export interface ClaimedObject {
  readonly name: string;
  readonly uid: string;
}

/** The claims of a JWT; times are Unix seconds. */
export interface AccountClaims {
  readonly iss: string;
  /** `system:serviceaccount:NAMESPACE:NAME`. */
  readonly sub: string;
  readonly aud: readonly string[];
  readonly iat: number;
  readonly nbf: number;
  readonly exp: number;
  /** Unique to the token. */
  readonly jti: string;
  readonly [PRIVATE_CLAIMS]: {
    readonly namespace: string;
    readonly serviceaccount: ClaimedObject;
    /** It dies with this pod. */
    readonly pod?: ClaimedObject;
    /** It dies with this secret. */
    readonly secret?: ClaimedObject;
    /** It dies with this node. */
    readonly node?: ClaimedObject;
  };
}

/** Signs and reads tokens of accounts; holding them against objects is the reader's own work. */
export interface AccountTokens {
  /** Errors: unavailable. */
  readonly sign: (claims: AccountClaims) => Promise<Result<string>>;
  /** Undefined for what this cluster did not sign, or what is not good now. */
  readonly read: (token: string) => AccountClaims | undefined;
  /** The key they are checked with, Ed25519, 32 bytes. */
  readonly publicKey: () => Uint8Array;
}
