// Ingress: which Service answers for which host and path.

import type { Ingress } from 'kubernetes-types/networking/v1.d.ts';
import type { KindDefinition } from '../../kind-definition.ts';
import { subdomainProblems } from '../../name-rules.ts';
import { ageColumn, column, nameColumn } from '../columns.ts';
import {
  validateIngress,
  validateIngressClassGiven,
  validateIngressStatus,
} from './ingress-validation.ts';

/** Hosts named in a cell; the rest is counted. */
const SHOWN = 3;

export const ingressKind: KindDefinition<'Ingress'> = {
  names: {
    kind: 'Ingress',
    group: 'networking.k8s.io',
    version: 'v1',
    plural: 'ingresses',
    singular: 'ingress',
    shortNames: ['ing'],
    categories: [],
    namespaced: true,
  },
  schema: 'networking.v1.Ingress',
  subresources: ['status'],
  columns: [
    nameColumn(),
    column('Class', 'Who serves it.', ({ spec }) => spec?.ingressClassName ?? '<none>'),
    column('Hosts', 'The hosts it answers for.', hostsText),
    column('Address', 'Where it answers.', ({ status }) =>
      (status?.loadBalancer?.ingress ?? [])
        .map(({ ip = '', hostname = '' }) => (ip === '' ? hostname : ip))
        .filter((address) => address !== '')
        .join(','),
    ),
    column('Ports', 'The ports it answers at.', ({ spec }) =>
      (spec?.tls ?? []).length > 0 ? '80, 443' : '80',
    ),
    ageColumn(),
  ],
  selectableFields: {},
  strategy: {
    nameProblems: subdomainProblems,
    setDefaults: () => undefined,
    validate: validateIngress,
    validateCreate: validateIngressClassGiven,
    validateUpdate: () => [],
    validateStatus: validateIngressStatus,
    hasStatus: true,
    countsGenerations: true,
    prepareCreate: (ingress) => {
      ingress.status = { loadBalancer: {} };
    },
  },
};

function hostsText({ spec }: Readonly<Ingress>): string {
  const hosts = (spec?.rules ?? []).flatMap(({ host = '' }) => (host === '' ? [] : [host]));
  if (hosts.length === 0) return '*';
  const more = hosts.length - SHOWN;
  return hosts.slice(0, SHOWN).join(',') + (more > 0 ? ` + ${more} more...` : '');
}
