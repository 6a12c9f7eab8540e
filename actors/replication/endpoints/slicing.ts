// Spreads endpoints over slices so that a change of one pod rewrites one slice and no other.

import type { Endpoint, EndpointPort, EndpointSlice } from 'kubernetes-types/discovery/v1.d.ts';
import { canonicalJson, sameJson } from '../canonical-json.ts';
import type { Backend } from './endpoint.ts';

/** Endpoints in one slice at most. */
export const SLICE_LIMIT = 100;

/** What to do with the slices of one Service. */
export interface Slicing {
  readonly update: readonly EndpointSlice[];
  readonly create: readonly {
    readonly ports: readonly EndpointPort[];
    readonly endpoints: readonly Endpoint[];
  }[];
  readonly remove: readonly EndpointSlice[];
}

const identity = ({ targetRef, addresses }: Endpoint): string =>
  `${targetRef?.uid ?? ''} ${addresses[0] ?? ''}`;

/** Puts the wanted endpoints of one set of ports into its slices, leaving each where it is. */
function fill(
  slices: readonly EndpointSlice[],
  ports: readonly EndpointPort[],
  wanted: Map<string, Endpoint>,
): Slicing {
  const kept = slices.map((slice) => ({
    slice,
    endpoints: (slice.endpoints ?? []).flatMap((known) => {
      const next = wanted.get(identity(known));
      wanted.delete(identity(known));
      return next === undefined ? [] : [sameJson(next, known) ? known : next];
    }),
  }));
  const homeless = [...wanted.values()];
  // The fullest first: fewer slices stay half empty.
  for (const { endpoints } of [...kept].sort((a, b) => b.endpoints.length - a.endpoints.length)) {
    if (homeless.length === 0) break;
    endpoints.push(...homeless.splice(0, SLICE_LIMIT - endpoints.length));
  }
  const create: { ports: readonly EndpointPort[]; endpoints: Endpoint[] }[] = [];
  while (homeless.length > 0) create.push({ ports, endpoints: homeless.splice(0, SLICE_LIMIT) });
  return {
    update: kept
      .filter(
        ({ slice, endpoints }) => endpoints.length > 0 && !sameJson(endpoints, slice.endpoints),
      )
      .map(({ slice, endpoints }) => ({ ...slice, endpoints })),
    create,
    remove: kept.filter(({ endpoints }) => endpoints.length === 0).map(({ slice }) => slice),
  };
}

/**
 * The changes that make `slices` hold exactly `backends`. Pods whose named ports differ are kept in
 * slices of their own. A Service without backends keeps one empty slice.
 */
export function sliceEndpoints(
  slices: readonly EndpointSlice[],
  backends: readonly Backend[],
): Slicing {
  const groups = new Map<
    string,
    { ports: readonly EndpointPort[]; slices: EndpointSlice[]; wanted: Map<string, Endpoint> }
  >();
  const group = (ports: readonly EndpointPort[]) => {
    const key = canonicalJson(ports);
    const known = groups.get(key) ?? { ports, slices: [], wanted: new Map<string, Endpoint>() };
    groups.set(key, known);
    return known;
  };
  for (const { endpoint, ports } of backends) {
    group(ports).wanted.set(identity(endpoint), endpoint);
  }
  for (const slice of slices) group(slice.ports ?? []).slices.push(slice);
  const parts = [...groups.values()].map(({ ports, slices, wanted }) =>
    fill(slices, ports, wanted),
  );
  const all: Slicing = {
    update: parts.flatMap(({ update }) => update),
    create: parts.flatMap(({ create }) => create),
    remove: parts.flatMap(({ remove }) => remove),
  };
  if (backends.length > 0) return all;
  const empty = slices.find(({ ports, endpoints }) => {
    return (ports ?? []).length === 0 && (endpoints ?? []).length === 0;
  });
  return empty === undefined
    ? { ...all, create: [{ ports: [], endpoints: [] }] }
    : { ...all, remove: all.remove.filter((slice) => slice !== empty) };
}
