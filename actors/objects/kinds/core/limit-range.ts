// LimitRange: what one pod, container or claim of a namespace may ask for.

import type { LimitRangeItem } from 'kubernetes-types/core/v1.d.ts';
import type { KindDefinition } from '../../kind-definition.ts';
import { subdomainProblems } from '../../name-rules.ts';
import { column, nameColumn } from '../columns.ts';
import { validateLimitRange } from './limit-range-validation.ts';

export const limitRangeKind: KindDefinition<'LimitRange'> = {
  names: {
    kind: 'LimitRange',
    group: '',
    version: 'v1',
    plural: 'limitranges',
    singular: 'limitrange',
    shortNames: ['limits'],
    categories: [],
    namespaced: true,
  },
  schema: 'core.v1.LimitRange',
  subresources: [],
  columns: [
    nameColumn(),
    column(
      'Created At',
      'When it was made.',
      ({ metadata }) => metadata?.creationTimestamp ?? '',
      'date',
    ),
  ],
  selectableFields: {},
  strategy: {
    nameProblems: subdomainProblems,
    setDefaults: ({ spec }) => {
      for (const item of spec?.limits ?? []) {
        if (item.type === 'Container') setContainerDefaults(item);
      }
    },
    validate: validateLimitRange,
    validateUpdate: () => [],
    hasStatus: false,
    countsGenerations: false,
  },
};

/** The default limit is the maximum; the default request is that limit, else the minimum. */
function setContainerDefaults(item: LimitRangeItem): void {
  const limits = { ...item.max, ...item.default };
  const requests = { ...item.min, ...limits, ...item.defaultRequest };
  if (Object.keys(limits).length > 0) item.default = limits;
  if (Object.keys(requests).length > 0) item.defaultRequest = requests;
}
