// ReplicaSet: so many pods of one template.

import type { KindDefinition } from '../kind-definition.ts';
import { subdomainProblems } from '../name-rules.ts';
import {
  ageColumn,
  containerColumns,
  column,
  nameColumn,
  selectorText,
  wideColumn,
} from './columns.ts';
import { setPodSpecDefaults } from './pod-spec-defaults.ts';
import { validateSelectorUnchanged, validateWorkload } from './workload-validation.ts';

export const replicaSetKind: KindDefinition<'ReplicaSet'> = {
  names: {
    kind: 'ReplicaSet',
    group: 'apps',
    version: 'v1',
    plural: 'replicasets',
    singular: 'replicaset',
    shortNames: ['rs'],
    categories: ['all'],
    namespaced: true,
  },
  schema: 'apps.v1.ReplicaSet',
  subresources: ['scale', 'status'],
  columns: [
    nameColumn(),
    column('Desired', 'Pods wanted.', ({ spec }) => spec?.replicas ?? 0, 'integer'),
    column('Current', 'Pods there.', ({ status }) => status?.replicas ?? 0, 'integer'),
    column('Ready', 'Pods ready.', ({ status }) => status?.readyReplicas ?? 0, 'integer'),
    ageColumn(),
    ...containerColumns<'ReplicaSet'>(({ spec }) => spec?.template?.spec),
    wideColumn('Selector', 'Labels of its pods.', ({ spec }) => selectorText(spec?.selector)),
  ],
  selectableFields: { 'status.replicas': ({ status }) => String(status?.replicas ?? 0) },
  strategy: {
    nameProblems: subdomainProblems,
    setDefaults: ({ spec }) => {
      if (spec === undefined) return;
      spec.replicas ??= 1;
      if (spec.template?.spec !== undefined) setPodSpecDefaults(spec.template.spec);
    },
    validate: ({ spec }) => validateWorkload(spec, 'ReplicaSet'),
    validateUpdate: validateSelectorUnchanged,
    hasStatus: true,
    countsGenerations: true,
    prepareCreate: (replicaSet) => {
      Object.assign(replicaSet, { status: { replicas: 0 } });
    },
  },
};
