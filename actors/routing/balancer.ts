// Round robin over the endpoints of each route, the next one first and the others behind it.

import type { Endpoint } from './route-table.ts';

export interface Balancer {
  /** All endpoints, in the order in which to try them for one connection. */
  readonly order: (route: string, endpoints: readonly Endpoint[]) => readonly Endpoint[];
  /** Forgets routes that are no more. */
  readonly keep: (routes: ReadonlySet<string>) => void;
}

export function createBalancer(): Balancer {
  const turns = new Map<string, number>();
  return {
    order: (route, endpoints) => {
      if (endpoints.length === 0) return [];
      const turn = (turns.get(route) ?? 0) % endpoints.length;
      turns.set(route, turn + 1);
      return [...endpoints.slice(turn), ...endpoints.slice(0, turn)];
    },
    keep: (routes) => {
      for (const route of turns.keys()) if (!routes.has(route)) turns.delete(route);
    },
  };
}
