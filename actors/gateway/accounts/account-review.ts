// Whether the account of a token, and what the token is bound to, are still there.

import { ACCOUNT_ISSUER, PRIVATE_CLAIMS } from '../../objects/account-claims.ts';
import type { AccountClaims, ClaimedObject } from '../../objects/account-claims.ts';
import type { KubernetesObject } from '../../objects/kinds.ts';
import type { ObjectView } from '../../objects/objects.ts';
import type { ReviewedUser } from '../authentication.ts';

export const ACCOUNT_PREFIX = 'system:serviceaccount:';
const ACCOUNTS_GROUP = 'system:serviceaccounts';

/** Groups that every account of the namespace is in. */
export const accountGroups = (namespace: string): readonly string[] => [
  ACCOUNTS_GROUP,
  `${ACCOUNTS_GROUP}:${namespace}`,
];

const isThere = (found: KubernetesObject | undefined, claimed: ClaimedObject): boolean =>
  found?.metadata?.uid === claimed.uid;

/** The user of a token for one of `audiences` (default: the API); undefined when it has died. */
export function userOfClaims(
  claims: AccountClaims,
  view: Pick<ObjectView, 'get'>,
  audiences: readonly string[] = [ACCOUNT_ISSUER],
): ReviewedUser | undefined {
  const shared = claims.aud.filter((audience) => audiences.includes(audience));
  if (shared.length === 0) return undefined;
  const { namespace, serviceaccount, pod, secret, node } = claims[PRIVATE_CLAIMS];
  const account = view.get('ServiceAccount', namespace, serviceaccount.name);
  if (!isThere(account, serviceaccount)) return undefined;
  if (pod !== undefined && !isThere(view.get('Pod', namespace, pod.name), pod)) return undefined;
  if (secret !== undefined && !isThere(view.get('Secret', namespace, secret.name), secret)) {
    return undefined;
  }
  if (node !== undefined && pod === undefined) {
    if (!isThere(view.get('Node', '', node.name), node)) return undefined;
  }
  return {
    name: `${ACCOUNT_PREFIX}${namespace}:${serviceaccount.name}`,
    uid: serviceaccount.uid,
    groups: accountGroups(namespace),
    audiences: shared,
  };
}
