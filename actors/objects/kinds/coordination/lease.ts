// Lease: who holds something, and since when; what clients elect their leaders by.

import type { Lease } from 'kubernetes-types/coordination/v1.d.ts';
import { invalid } from '../../field-errors.ts';
import type { FieldError } from '../../field-errors.ts';
import { atLeast, notNegative } from '../../field-rules.ts';
import type { KindDefinition } from '../../kind-definition.ts';
import { subdomainProblems } from '../../name-rules.ts';
import { ageColumn, column, nameColumn } from '../columns.ts';

export const leaseKind: KindDefinition<'Lease'> = {
  names: {
    kind: 'Lease',
    group: 'coordination.k8s.io',
    version: 'v1',
    plural: 'leases',
    singular: 'lease',
    shortNames: [],
    categories: [],
    namespaced: true,
  },
  schema: 'coordination.v1.Lease',
  subresources: [],
  columns: [
    nameColumn(),
    column('Holder', 'Who holds it.', ({ spec }) => spec?.holderIdentity ?? ''),
    ageColumn(),
  ],
  selectableFields: {},
  strategy: {
    nameProblems: subdomainProblems,
    setDefaults: ({ spec }) => {
      // Belong to coordinated election, which Kubernetes has switched off: it drops them as well.
      for (const field of ['strategy', 'preferredHolder']) {
        if (spec !== undefined) delete (spec as Record<string, unknown>)[field];
      }
    },
    validate: validateLease,
    validateUpdate: () => [],
    hasStatus: false,
    countsGenerations: false,
  },
};

function validateLease({ spec }: Readonly<Lease>): readonly FieldError[] {
  return [
    ...atLeast('spec.leaseDurationSeconds', spec?.leaseDurationSeconds, 1),
    ...notNegative('spec.leaseTransitions', spec?.leaseTransitions),
    ...(spec?.holderIdentity === ''
      ? [invalid('spec.holderIdentity', '', 'must not be empty')]
      : []),
  ];
}
