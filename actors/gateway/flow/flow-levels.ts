// Which requests share their turns: a level of priority, and within it one flow for each who asks.
//
// The levels are those that Kubernetes suggests for priority and fairness. Each has seats of its own, so that none can
// starve another. Unlike there, system:masters waits in line as well: a script of an administrator can run wild, too.

import type { User } from '../request/api-request.ts';
import type { Route } from '../request/route.ts';

export type LevelName =
  | 'system'
  | 'leader-election'
  | 'workload-high'
  | 'workload-low'
  | 'global-default'
  | 'catch-all';

/** Requests of a level that are answered at once; a costly one counts as several. */
export const LEVEL_SEATS: Readonly<Record<LevelName, number>> = {
  system: 150,
  'leader-election': 50,
  'workload-high': 150,
  'workload-low': 200,
  'global-default': 100,
  'catch-all': 20,
};

export interface FlowPlace {
  readonly level: LevelName;
  /** Who takes turns with whom. */
  readonly flow: string;
  /** Seats that the request takes. */
  readonly width: number;
}

/** A list that shows everything at once holds memory and time for many. */
const WHOLE_LIST_WIDTH = 5;

const AUTHENTICATED = 'system:authenticated';

/** What must be answered while all else waits: whether this peer lives. Undefined for that. */
export function placeOf(user: User, route: Route, limit: string): FlowPlace | undefined {
  if (route.type === 'path') {
    if (/^\/(healthz|livez|readyz|version)(\/|$)/.test(route.path)) return undefined;
    return { level: levelOf(user), flow: user.name, width: 1 };
  }
  const isElection =
    route.group === 'coordination.k8s.io' && levelOf(user) !== 'catch-all' && route.name !== '';
  const isWhole = route.verb === 'list' && (limit === '' || limit === '0');
  return {
    level: isElection ? 'leader-election' : levelOf(user),
    flow: user.name,
    width: isWhole ? WHOLE_LIST_WIDTH : 1,
  };
}

function levelOf({ groups }: User): LevelName {
  if (groups.includes('system:nodes')) return 'system';
  if (groups.includes('system:masters')) return 'workload-high';
  if (groups.includes('system:serviceaccounts:kube-system')) return 'workload-high';
  if (groups.includes('system:serviceaccounts')) return 'workload-low';
  return groups.includes(AUTHENTICATED) ? 'global-default' : 'catch-all';
}
