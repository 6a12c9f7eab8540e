// Checks the proof of a join request against a token's secret.

import { hmacSha256, sameSecret } from '../../mesh/index.ts';
import type { ProofCheck } from './redemption.ts';

export const checkProof: ProofCheck = (secret, { transcript, proof }) =>
  sameSecret(hmacSha256(secret, transcript), proof);
