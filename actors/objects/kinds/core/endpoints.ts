// Endpoints: where a service's pods answer, in the form before EndpointSlice.

import type { Endpoints, EndpointSubset } from 'kubernetes-types/core/v1.d.ts';
import type { KindDefinition } from '../../kind-definition.ts';
import { subdomainProblems } from '../../name-rules.ts';
import { ageColumn, column, nameColumn } from '../columns.ts';
import { validateEndpoints } from './endpoints-validation.ts';

/** Endpoints named in a cell; the rest is counted. */
const SHOWN = 3;

export const endpointsKind: KindDefinition<'Endpoints'> = {
  names: {
    kind: 'Endpoints',
    group: '',
    version: 'v1',
    plural: 'endpoints',
    singular: 'endpoints',
    shortNames: ['ep'],
    categories: [],
    namespaced: true,
  },
  schema: 'core.v1.Endpoints',
  subresources: [],
  columns: [nameColumn(), column('Endpoints', 'Where pods answer.', endpointsText), ageColumn()],
  selectableFields: {},
  strategy: {
    nameProblems: subdomainProblems,
    setDefaults: ({ subsets }) => {
      for (const { ports } of subsets ?? []) {
        for (const port of ports ?? []) port.protocol ||= 'TCP';
      }
    },
    validate: validateEndpoints,
    validateUpdate: () => [],
    hasStatus: false,
    countsGenerations: false,
  },
};

function endpointsText({ subsets }: Readonly<Endpoints>): string {
  const texts = (subsets ?? []).flatMap(subsetTexts);
  if (texts.length === 0) return '<none>';
  const more = texts.length - SHOWN;
  return texts.slice(0, SHOWN).join(',') + (more > 0 ? ` + ${more} more...` : '');
}

function subsetTexts({ addresses, ports }: EndpointSubset): readonly string[] {
  const ips = (addresses ?? []).map(({ ip }) => ip);
  if ((ports ?? []).length === 0) return ips;
  return ports!.flatMap(({ port }) =>
    ips.map((ip) => (ip.includes(':') ? `[${ip}]:${port}` : `${ip}:${port}`)),
  );
}
