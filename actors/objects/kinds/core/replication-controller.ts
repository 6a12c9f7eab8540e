// ReplicationController: so many pods of one template, in the form before ReplicaSet.

import type { ReplicationController } from 'kubernetes-types/core/v1.d.ts';
import type { KindDefinition } from '../../kind-definition.ts';
import { subdomainProblems } from '../../name-rules.ts';
import {
  ageColumn,
  containerColumns,
  column,
  labelsText,
  nameColumn,
  wideColumn,
} from '../columns.ts';
import { setPodSpecDefaults } from '../pod-spec-defaults.ts';
import { validateReplicationController } from './replication-controller-validation.ts';

export const replicationControllerKind: KindDefinition<'ReplicationController'> = {
  names: {
    kind: 'ReplicationController',
    group: '',
    version: 'v1',
    plural: 'replicationcontrollers',
    singular: 'replicationcontroller',
    shortNames: ['rc'],
    categories: ['all'],
    namespaced: true,
  },
  schema: 'core.v1.ReplicationController',
  subresources: ['scale', 'status'],
  columns: [
    nameColumn(),
    column('Desired', 'Pods wanted.', ({ spec }) => spec?.replicas ?? 0, 'integer'),
    column('Current', 'Pods there.', ({ status }) => status?.replicas ?? 0, 'integer'),
    column('Ready', 'Pods ready.', ({ status }) => status?.readyReplicas ?? 0, 'integer'),
    ageColumn(),
    ...containerColumns<'ReplicationController'>(({ spec }) => spec?.template?.spec),
    wideColumn('Selector', 'Labels of its pods.', ({ spec }) => labelsText(spec?.selector)),
  ],
  selectableFields: { 'status.replicas': ({ status }) => String(status?.replicas ?? 0) },
  strategy: {
    nameProblems: subdomainProblems,
    setDefaults,
    validate: validateReplicationController,
    validateUpdate: () => [],
    hasStatus: true,
    countsGenerations: true,
    prepareCreate: (controller) => {
      Object.assign(controller, { status: { replicas: 0 } });
    },
  },
};

const isEmpty = (labels: Readonly<Record<string, string>> | undefined): boolean =>
  Object.keys(labels ?? {}).length === 0;

/** Selector and labels are the template's where they were left out. */
function setDefaults({ spec, metadata }: ReplicationController): void {
  if (spec === undefined) return;
  spec.replicas ??= 1;
  const labels = spec.template?.metadata?.labels;
  if (labels !== undefined && !isEmpty(labels)) {
    if (isEmpty(spec.selector)) spec.selector = { ...labels };
    if (metadata !== undefined && isEmpty(metadata.labels)) metadata.labels = { ...labels };
  }
  if (spec.template?.spec !== undefined) setPodSpecDefaults(spec.template.spec);
}
