// Acting as somebody else: who may is told by roles, and from there on the request is that somebody's.

import { accountGroups } from '../accounts/account-review.ts';
import { badRequest } from '../status.ts';
import type { ApiRequest, User } from '../request/api-request.ts';
import type { Authorizer, ResourceAttributes } from './attributes.ts';
import { mayNot } from './refusal.ts';

const USER = 'impersonate-user';
const UID = 'impersonate-uid';
const GROUP = 'impersonate-group';
const PREFIX = 'impersonate-';
const ACCOUNT = /^system:serviceaccount:([^:]+):([^:]+)$/;
const ANONYMOUS = 'system:anonymous';

/** Groups that one request may take on; each is one question to the authorizer. */
const GROUPS_LIMIT = 64;

const IMPERSONATION = {
  type: 'resource',
  verb: 'impersonate',
  group: '',
  subresource: '',
  namespace: '',
  name: '',
} as const;

const listed = (value: string | undefined): readonly string[] =>
  (value ?? '')
    .split(',')
    .map((one) => one.trim())
    .filter((one) => one !== '');

function groupsOf(name: string, given: readonly string[]): readonly string[] {
  if (name === ANONYMOUS) return [...new Set([...given, 'system:unauthenticated'])];
  const [, namespace] = ACCOUNT.exec(name) ?? [];
  const own = namespace === undefined || given.length > 0 ? [] : accountGroups(namespace);
  return [...new Set([...given, ...own, 'system:authenticated'])];
}

/** The user that the request is to be judged as. Throws 400 for headers that make no sense, 403. */
export function impersonated(
  { headers }: Pick<ApiRequest, 'headers'>,
  user: User,
  authorize: Authorizer,
): User {
  const names = Object.keys(headers).filter((name) => name.startsWith(PREFIX));
  if (names.length === 0) return user;
  const name = headers[USER] ?? '';
  if (name === '') throw badRequest(`${names.join(', ')} without Impersonate-User: name a user`);
  const extra = names.find((one) => ![USER, UID, GROUP].includes(one));
  if (extra !== undefined) {
    throw badRequest(`${extra} is not served: users have no extra fields here, leave it out`);
  }
  const groups = listed(headers[GROUP]);
  if (groups.length > GROUPS_LIMIT) {
    throw badRequest(`${groups.length} groups are impersonated; ${GROUPS_LIMIT} are allowed`);
  }
  const uid = headers[UID];
  const [, namespace, account] = ACCOUNT.exec(name) ?? [];
  const check = (what: Partial<ResourceAttributes> & { readonly resource: string }): void => {
    const asked: ResourceAttributes = { ...IMPERSONATION, ...what };
    const { allowed, reason } = authorize(user, asked);
    if (!allowed) throw mayNot(user, asked, reason);
  };
  if (account === undefined) check({ resource: 'users', name });
  else check({ resource: 'serviceaccounts', namespace: namespace ?? '', name: account });
  for (const group of groups) check({ resource: 'groups', name: group });
  if (uid !== undefined) check({ group: 'authentication.k8s.io', resource: 'uids', name: uid });
  return { name, groups: groupsOf(name, groups), ...(uid === undefined ? {} : { uid }) };
}
