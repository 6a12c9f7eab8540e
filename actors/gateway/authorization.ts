// Who may do what. For now: system:masters everything, others nothing but what is public.

import { isAnonymous } from './authentication.ts';
import type { User } from './request/api-request.ts';
import type { Route } from './request/route.ts';
import { StatusError, unauthorized } from './status.ts';

const MASTERS = 'system:masters';

/** Answered to anybody: whether this peer lives, and what it is. */
const PUBLIC = /^\/(healthz|livez|readyz|version)(\/|$)/;

/** Answered to anybody with a name: what there is to ask for. */
const DISCOVERY = /^\/(api|apis|openapi)(\/|$)/;

function deed(route: Route, user: User): string {
  const who = `User ${JSON.stringify(user.name)}`;
  if (route.type === 'path') return `${who} cannot get path ${JSON.stringify(route.path)}`;
  const { plural, subresource, group, namespace, verb } = route;
  const what = subresource === '' ? plural : `${plural}/${subresource}`;
  const where =
    namespace === '' ? 'at the cluster scope' : `in the namespace ${JSON.stringify(namespace)}`;
  return `${who} cannot ${verb} resource ${JSON.stringify(what)} in API group "${group}" ${where}`;
}

/** Passes who may; throws 401 for nobody in particular, 403 for somebody who may not. */
export function authorize(user: User, route: Route): void {
  if (route.type === 'path' && PUBLIC.test(route.path)) return;
  if (isAnonymous(user)) {
    throw unauthorized('Unauthorized: send a client certificate or a bearer token of this cluster');
  }
  if (user.groups.includes(MASTERS)) return;
  if (route.type === 'path' && (DISCOVERY.test(route.path) || route.path === '/')) return;
  const resource =
    route.type === 'path'
      ? ''
      : `${route.plural}${route.group === '' ? '' : `.${route.group}`}${
          route.name === '' ? '' : ` ${JSON.stringify(route.name)}`
        } is `;
  throw new StatusError(
    403,
    'Forbidden',
    `${resource}forbidden: ${deed(route, user)}`,
    route.type === 'path' ? {} : { name: route.name, group: route.group, kind: route.plural },
  );
}
