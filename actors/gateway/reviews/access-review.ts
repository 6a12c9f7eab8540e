// SubjectAccessReview and its kin: whether somebody may do something.

import type { Attributes, Decision } from '../authorization/attributes.ts';
import type { Authorization } from '../authorization/authorizer.ts';
import type { User } from '../request/api-request.ts';
import type { JsonObject } from '../request/body.ts';
import { invalid } from '../status.ts';
import { objectAt, stringAt, stringsAt } from './review-fields.ts';
import type { ReviewResource } from './review-table.ts';

const RESOURCE = 'spec.resourceAttributes';
const PATH = 'spec.nonResourceAttributes';

/** Groups that a question may name; each is looked up. */
const GROUPS_LIMIT = 256;

const wrong = (resource: ReviewResource, field: string, shown: string, detail: string) =>
  invalid(resource, '', [
    { reason: 'FieldValueInvalid', message: `Invalid value: ${shown}: ${detail}`, field },
  ]);

function resourceAttributes(given: JsonObject): Attributes {
  const field = (name: string): string => stringAt(given, RESOURCE, name);
  return {
    type: 'resource',
    verb: field('verb'),
    group: field('group'),
    resource: field('resource'),
    subresource: field('subresource'),
    namespace: field('namespace'),
    name: field('name'),
  };
}

/** What is asked for. Throws 400 and 422. */
function attributesIn(resource: ReviewResource, spec: JsonObject): Attributes {
  const asked = objectAt(spec, 'spec', 'resourceAttributes');
  const path = objectAt(spec, 'spec', 'nonResourceAttributes');
  if (asked !== undefined && path !== undefined) {
    const detail = 'cannot be specified in combination with resourceAttributes';
    throw wrong(resource, PATH, JSON.stringify(path), detail);
  }
  if (asked !== undefined) return resourceAttributes(asked);
  if (path === undefined) {
    const detail = 'exactly one of nonResourceAttributes or resourceAttributes must be specified';
    throw wrong(resource, RESOURCE, 'null', detail);
  }
  const [verb, at] = [stringAt(path, PATH, 'verb'), stringAt(path, PATH, 'path')];
  return { type: 'path', verb, path: at };
}

/** Whom the question is about. Throws 400 and 422. */
function subjectIn(resource: ReviewResource, spec: JsonObject): User {
  const name = stringAt(spec, 'spec', 'user');
  const groups = stringsAt(spec, 'spec', 'groups');
  if (name === '' && groups.length === 0) {
    throw wrong(resource, 'spec.user', '""', 'at least one of user or group must be specified');
  }
  if (groups.length > GROUPS_LIMIT) {
    const detail = `at most ${GROUPS_LIMIT} groups are looked up`;
    throw wrong(resource, 'spec.groups', String(groups.length), detail);
  }
  return { name, groups };
}

const statusOf = ({ allowed, reason }: Decision): JsonObject => ({
  allowed,
  ...(reason === '' ? {} : { reason }),
});

/** The status of the review. */
export function reviewAccess(
  resource: ReviewResource,
  namespace: string,
  spec: JsonObject,
  asker: User,
  { authorize }: Authorization,
): JsonObject {
  const isSelf = resource.kind === 'SelfSubjectAccessReview';
  const asked = attributesIn(resource, spec);
  if (resource.kind === 'LocalSubjectAccessReview') {
    if (asked.type === 'path') {
      throw wrong(resource, PATH, '{}', 'disallowed on this kind of request');
    }
    if (asked.namespace !== namespace) {
      const shown = JSON.stringify(asked.namespace);
      throw wrong(resource, `${RESOURCE}.namespace`, shown, 'must match metadata.namespace');
    }
  }
  return statusOf(authorize(isSelf ? asker : subjectIn(resource, spec), asked));
}
