// ServiceAccount: who the programs in pods are.

import type { KindDefinition } from '../../kind-definition.ts';
import { subdomainProblems } from '../../name-rules.ts';
import { ageColumn, column, nameColumn } from '../columns.ts';

export const serviceAccountKind: KindDefinition<'ServiceAccount'> = {
  names: {
    kind: 'ServiceAccount',
    group: '',
    version: 'v1',
    plural: 'serviceaccounts',
    singular: 'serviceaccount',
    shortNames: ['sa'],
    categories: [],
    namespaced: true,
  },
  schema: 'core.v1.ServiceAccount',
  subresources: ['token'],
  columns: [
    nameColumn(),
    column(
      'Secrets',
      'Secrets that pods of this account may use.',
      ({ secrets }) => secrets?.length ?? 0,
    ),
    ageColumn(),
  ],
  selectableFields: {},
  strategy: {
    nameProblems: subdomainProblems,
    setDefaults: () => undefined,
    validate: () => [],
    validateUpdate: () => [],
    hasStatus: false,
    countsGenerations: false,
  },
};
