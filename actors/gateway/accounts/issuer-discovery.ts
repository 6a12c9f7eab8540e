// Where others learn to check tokens of accounts: OpenID Connect's discovery document and the set of keys.

import { ACCOUNT_ISSUER, ACCOUNT_KEY_ID } from '../../objects/account-claims.ts';
import type { ApiResponse } from '../request/api-request.ts';
import { json } from '../request/api-request.ts';

const JWKS_PATH = '/openid/v1/jwks';

export interface IssuerDiscovery {
  /** `host:port` of this peer. */
  readonly serverAddress: string;
  /** Ed25519, 32 bytes. */
  readonly publicKey: () => Uint8Array;
}

/** Undefined for other paths. */
export function answerIssuer(options: IssuerDiscovery, path: string): ApiResponse | undefined {
  if (path === '/.well-known/openid-configuration') {
    return json({
      issuer: ACCOUNT_ISSUER,
      jwks_uri: `https://${options.serverAddress}${JWKS_PATH}`,
      response_types_supported: ['id_token'],
      subject_types_supported: ['public'],
      id_token_signing_alg_values_supported: ['EdDSA'],
    });
  }
  if (path !== JWKS_PATH) return undefined;
  const x = Buffer.from(options.publicKey()).toString('base64url');
  const key = { use: 'sig', kty: 'OKP', kid: ACCOUNT_KEY_ID, alg: 'EdDSA', crv: 'Ed25519', x };
  return json({ keys: [key] }, 200, { 'content-type': 'application/jwk-set+json' });
}
