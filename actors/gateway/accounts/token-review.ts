// Whose bearer token it is: the cluster's own, or one of a ServiceAccount that is still there.

import { ACCOUNT_ISSUER } from '../../objects/account-claims.ts';
import type { TokenReview } from '../authentication.ts';
import type { GatewayOptions } from '../options.ts';
import { userOfClaims } from './account-review.ts';

/** How long a token that is signed but of nobody known here waits for this peer to catch up. */
const CATCH_UP_MS = 1_000;

/** Tokens that are not of accounts are for the API only. */
export function createTokenReview({
  accountTokens,
  objects,
  store,
  reviewToken,
}: Pick<GatewayOptions, 'accountTokens' | 'objects' | 'store' | 'reviewToken'>): TokenReview {
  const reviewOwn: TokenReview = async (token, audiences = [ACCOUNT_ISSUER]) => {
    const user = audiences.includes(ACCOUNT_ISSUER) ? await reviewToken(token) : undefined;
    return user === undefined ? undefined : { ...user, audiences: [ACCOUNT_ISSUER] };
  };
  return async (token, audiences) => {
    const claims = accountTokens.read(token);
    if (claims === undefined) return reviewOwn(token, audiences);
    const known = userOfClaims(claims, objects.view, audiences);
    if (known !== undefined) return known;
    // The account may be so new that another peer knows it and this one does not yet.
    const caughtUp = await store.barrier(CATCH_UP_MS);
    return caughtUp.ok ? userOfClaims(claims, objects.view, audiences) : undefined;
  };
}
