// How a client is told that it may not: 403 in Kubernetes' words.

import type { User } from '../request/api-request.ts';
import { StatusError } from '../status.ts';
import type { Attributes } from './attributes.ts';

function deed(asked: Attributes, user: User): string {
  const who = `User ${JSON.stringify(user.name)}`;
  if (asked.type === 'path')
    return `${who} cannot ${asked.verb} path ${JSON.stringify(asked.path)}`;
  const { resource, subresource, group, namespace, verb } = asked;
  const what = subresource === '' ? resource : `${resource}/${subresource}`;
  const where =
    namespace === '' ? 'at the cluster scope' : `in the namespace ${JSON.stringify(namespace)}`;
  return `${who} cannot ${verb} resource ${JSON.stringify(what)} in API group "${group}" ${where}`;
}

/** 403 for this user and deed; `reason` is what the authorizer had to say. */
export function mayNot(user: User, asked: Attributes, reason = ''): StatusError {
  const words = `${deed(asked, user)}${reason === '' ? '' : `: ${reason}`}`;
  if (asked.type === 'path') return new StatusError(403, 'Forbidden', `forbidden: ${words}`, {});
  const { resource, group, name } = asked;
  const qualified = `${resource}${group === '' ? '' : `.${group}`}`;
  const which = name === '' ? qualified : `${qualified} ${JSON.stringify(name)}`;
  const details = { name, group, kind: resource };
  return new StatusError(403, 'Forbidden', `${which} is forbidden: ${words}`, details);
}
