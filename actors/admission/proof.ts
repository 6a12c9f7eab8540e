// Checks the proof of a join request against a token's secret.

import { hmacSha256, joinProofBytes, sameSecret } from '../../mesh/index.ts';
import type { ProofCheck } from './redemption.ts';

export const checkProof: ProofCheck = (secret, request) =>
  sameSecret(hmacSha256(secret, joinProofBytes(request.transcript, request)), request.proof);
