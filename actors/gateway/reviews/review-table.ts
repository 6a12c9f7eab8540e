// The reviews that are served: questions that are created, answered and not kept.

import type { ServedResource } from '../discovery/catalog.ts';
import type { ResourceRoute } from '../request/route.ts';

export type ReviewKind =
  | 'LocalSubjectAccessReview'
  | 'SelfSubjectAccessReview'
  | 'SelfSubjectReview'
  | 'SelfSubjectRulesReview'
  | 'SubjectAccessReview'
  | 'TokenReview';

export type ReviewResource = ServedResource & { readonly kind: ReviewKind };

const review = (group: string, kind: ReviewKind, namespaced = false): ReviewResource => ({
  group,
  version: 'v1',
  plural: `${kind.toLowerCase()}s`,
  singular: kind.toLowerCase(),
  kind,
  shortNames: [],
  categories: [],
  namespaced,
  verbs: ['create'],
  subresources: [],
});

const AUTHENTICATION = 'authentication.k8s.io';
const AUTHORIZATION = 'authorization.k8s.io';

export const REVIEWS: readonly ReviewResource[] = [
  review(AUTHENTICATION, 'SelfSubjectReview'),
  review(AUTHENTICATION, 'TokenReview'),
  review(AUTHORIZATION, 'LocalSubjectAccessReview', true),
  review(AUTHORIZATION, 'SelfSubjectAccessReview'),
  review(AUTHORIZATION, 'SelfSubjectRulesReview'),
  review(AUTHORIZATION, 'SubjectAccessReview'),
];

/** Undefined for a route that asks for something else. */
export const reviewOf = ({ group, version, plural }: ResourceRoute): ReviewResource | undefined =>
  REVIEWS.find((one) => one.group === group && one.version === version && one.plural === plural);
