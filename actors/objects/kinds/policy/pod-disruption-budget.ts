// PodDisruptionBudget: how many pods of an application may be taken away at once.

import type { PodDisruptionBudget } from 'kubernetes-types/policy/v1.d.ts';
import { invalid } from '../../field-errors.ts';
import type { FieldError } from '../../field-errors.ts';
import { oneOf, validateLabelSelector } from '../../field-rules.ts';
import type { KindDefinition } from '../../kind-definition.ts';
import { subdomainProblems } from '../../name-rules.ts';
import { ageColumn, column, nameColumn } from '../columns.ts';
import { validateShare } from '../share-validation.ts';
import { validateCounts } from '../status-counts.ts';

const shareText = (share: number | string | undefined): string => String(share ?? 'N/A');

export const podDisruptionBudgetKind: KindDefinition<'PodDisruptionBudget'> = {
  names: {
    kind: 'PodDisruptionBudget',
    group: 'policy',
    version: 'v1',
    plural: 'poddisruptionbudgets',
    singular: 'poddisruptionbudget',
    shortNames: ['pdb'],
    categories: [],
    namespaced: true,
  },
  schema: 'policy.v1.PodDisruptionBudget',
  subresources: ['status'],
  columns: [
    nameColumn(),
    column('Min Available', 'Pods that must stay.', ({ spec }) => shareText(spec?.minAvailable)),
    column('Max Unavailable', 'Pods that may be away.', ({ spec }) =>
      shareText(spec?.maxUnavailable),
    ),
    column(
      'Allowed Disruptions',
      'Pods that may be taken away now.',
      ({ status }) => status?.disruptionsAllowed ?? 0,
      'integer',
    ),
    ageColumn(),
  ],
  selectableFields: {},
  strategy: {
    nameProblems: subdomainProblems,
    setDefaults: () => undefined,
    validate: validateBudget,
    validateUpdate: () => [],
    validateStatus: ({ status }) =>
      validateCounts(status, [
        'disruptionsAllowed',
        'currentHealthy',
        'desiredHealthy',
        'expectedPods',
      ]),
    hasStatus: true,
    countsGenerations: true,
    prepareCreate: (budget) => {
      budget.status = {
        currentHealthy: 0,
        desiredHealthy: 0,
        disruptionsAllowed: 0,
        expectedPods: 0,
      };
    },
  },
};

function validateBudget({ spec }: Readonly<PodDisruptionBudget>): readonly FieldError[] {
  const { minAvailable, maxUnavailable, selector, unhealthyPodEvictionPolicy } = spec ?? {};
  const both = minAvailable !== undefined && maxUnavailable !== undefined;
  return [
    ...(both ? [invalid('spec', spec, 'minAvailable and maxUnavailable cannot be both set')] : []),
    ...validateShare('spec.minAvailable', minAvailable, 100),
    ...validateShare('spec.maxUnavailable', maxUnavailable, 100),
    ...(selector === undefined ? [] : validateLabelSelector('spec.selector', selector)),
    ...oneOf('spec.unhealthyPodEvictionPolicy', unhealthyPodEvictionPolicy, [
      'AlwaysAllow',
      'IfHealthyBudget',
    ]),
  ];
}
