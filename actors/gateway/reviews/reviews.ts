// Answers reviews: the object that was sent, with a status that says what is so.

import type { TokenReview } from '../authentication.ts';
import type { Authorization } from '../authorization/authorizer.ts';
import { shapeOf } from '../request/accept.ts';
import type { ApiRequest, ApiResponse, User } from '../request/api-request.ts';
import { json } from '../request/api-request.ts';
import type { JsonObject } from '../request/body.ts';
import { decodeObject } from '../request/body.ts';
import type { ResourceRoute } from '../request/route.ts';
import { badRequest, methodNotAllowed, noSuchPath } from '../status.ts';
import { reviewAccess } from './access-review.ts';
import { objectAt, stringAt, stringsAt } from './review-fields.ts';
import type { ReviewResource } from './review-table.ts';

export interface Reviewing {
  readonly authorization: Authorization;
  readonly reviewToken: TokenReview;
}

const userInfo = ({ name, uid, groups }: User): JsonObject => ({
  username: name,
  ...(uid === undefined ? {} : { uid }),
  groups,
});

function reviewRules(spec: JsonObject, user: User, { rulesOf }: Authorization): JsonObject {
  const namespace = stringAt(spec, 'spec', 'namespace');
  if (namespace === '') throw badRequest('no namespace on request');
  const rules = rulesOf(user, namespace);
  const resourceRules = rules.filter(({ resources }) => (resources ?? []).length > 0);
  const nonResourceRules = rules.filter(
    ({ nonResourceURLs }) => (nonResourceURLs ?? []).length > 0,
  );
  return { resourceRules, nonResourceRules, incomplete: false };
}

async function reviewToken(spec: JsonObject, review: TokenReview): Promise<JsonObject> {
  const token = stringAt(spec, 'spec', 'token');
  if (token === '') throw badRequest('token is required for TokenReview in authentication');
  const audiences = stringsAt(spec, 'spec', 'audiences');
  const user = await review(token, audiences.length === 0 ? undefined : audiences);
  if (user === undefined) {
    return { authenticated: false, user: {}, error: 'the token is not valid, or no longer' };
  }
  const info = userInfo({
    ...user,
    groups: [...new Set([...user.groups, 'system:authenticated'])],
  });
  return {
    authenticated: true,
    user: info,
    ...(audiences.length === 0 ? {} : { audiences: user.audiences ?? [] }),
  };
}

function statusOf(
  resource: ReviewResource,
  namespace: string,
  spec: JsonObject,
  user: User,
  { authorization, reviewToken: review }: Reviewing,
): JsonObject | Promise<JsonObject> {
  switch (resource.kind) {
    case 'SelfSubjectReview':
      return { userInfo: userInfo(user) };
    case 'TokenReview':
      return reviewToken(spec, review);
    case 'SelfSubjectRulesReview':
      return reviewRules(spec, user, authorization);
    default:
      return reviewAccess(resource, namespace, spec, user, authorization);
  }
}

function checkKind({ kind, group, version }: ReviewResource, body: JsonObject): void {
  const apiVersion = `${group}/${version}`;
  for (const [field, wanted] of Object.entries({ kind, apiVersion })) {
    const given = body[field] ?? '';
    if (given !== '' && given !== wanted) {
      throw badRequest(`${field} must be ${wanted}, not ${JSON.stringify(given)}`);
    }
  }
}

/** Throws 400, 404, 405 and 422. */
export async function answerReview(
  reviewing: Reviewing,
  resource: ReviewResource,
  request: ApiRequest,
  route: ResourceRoute,
  user: User,
): Promise<ApiResponse> {
  const isPlaced = (route.namespace !== '') === resource.namespaced;
  if (!isPlaced || route.name !== '' || route.subresource !== '') throw noSuchPath();
  if (route.verb !== 'create') throw methodNotAllowed();
  shapeOf(request.headers['accept']);
  const body = decodeObject(request.body, request.headers['content-type']);
  checkKind(resource, body);
  const metadata = objectAt(body, '', 'metadata') ?? {};
  const spec = objectAt(body, '', 'spec') ?? {};
  const status = await statusOf(resource, route.namespace, spec, user, reviewing);
  const { kind, group, version } = resource;
  const hasSpec = kind !== 'SelfSubjectReview';
  return json(
    {
      kind,
      apiVersion: `${group}/${version}`,
      metadata: { ...metadata, ...(resource.namespaced ? { namespace: route.namespace } : {}) },
      ...(hasSpec ? { spec } : {}),
      status,
    },
    201,
  );
}
