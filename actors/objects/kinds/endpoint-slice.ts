// EndpointSlice: where a service's pods answer.

import type { EndpointSlice } from 'kubernetes-types/discovery/v1.d.ts';
import type { KindDefinition } from '../kind-definition.ts';
import { subdomainProblems } from '../name-rules.ts';
import { ageColumn, column, nameColumn } from './columns.ts';
import { validateEndpointSlice, validateEndpointSliceUpdate } from './endpoint-slice-validation.ts';

/** Endpoints and ports named in a cell; the rest is counted. */
const SHOWN = 3;

export const endpointSliceKind: KindDefinition<'EndpointSlice'> = {
  names: {
    kind: 'EndpointSlice',
    group: 'discovery.k8s.io',
    version: 'v1',
    plural: 'endpointslices',
    singular: 'endpointslice',
    shortNames: [],
    categories: [],
    namespaced: true,
  },
  schema: 'discovery.v1.EndpointSlice',
  subresources: [],
  columns: [
    nameColumn(),
    column('AddressType', 'IPv4, IPv6 or FQDN.', ({ addressType }) => addressType ?? ''),
    column('Ports', 'Ports of the endpoints.', portsText),
    column('Endpoints', 'Addresses of the endpoints.', endpointsText),
    ageColumn(),
  ],
  selectableFields: {},
  strategy: {
    nameProblems: subdomainProblems,
    setDefaults: (slice) => {
      slice.endpoints ??= [];
      for (const endpoint of slice.endpoints) endpoint.addresses ??= [];
      for (const port of slice.ports ?? []) {
        port.name ??= '';
        port.protocol ??= 'TCP';
      }
    },
    validate: validateEndpointSlice,
    validateUpdate: validateEndpointSliceUpdate,
    hasStatus: false,
    countsGenerations: true,
  },
};

function firstFew(texts: readonly string[]): string {
  if (texts.length === 0) return '<unset>';
  const more = texts.length - SHOWN;
  return texts.slice(0, SHOWN).join(',') + (more > 0 ? ` + ${more} more...` : '');
}

function portsText({ ports }: Readonly<EndpointSlice>): string {
  return firstFew((ports ?? []).map(({ port }) => (port === undefined ? '*' : String(port))));
}

function endpointsText({ endpoints }: Readonly<EndpointSlice>): string {
  return firstFew((endpoints ?? []).flatMap(({ addresses }) => addresses));
}
