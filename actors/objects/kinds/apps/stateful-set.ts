// StatefulSet: pods that keep their names and their volumes.

import type { StatefulSet, StatefulSetSpec } from 'kubernetes-types/apps/v1.d.ts';
import type { PersistentVolumeClaim } from 'kubernetes-types/core/v1.d.ts';
import type { KindDefinition } from '../../kind-definition.ts';
import { labelProblems } from '../../name-rules.ts';
import { ageColumn, containerColumns, column, nameColumn } from '../columns.ts';
import { persistentVolumeClaimKind } from '../core/persistent-volume-claim.ts';
import { setPodSpecDefaults } from '../pod-spec-defaults.ts';
import {
  validateStatefulSet,
  validateStatefulSetStatus,
  validateStatefulSetUpdate,
} from './stateful-set-validation.ts';

export const statefulSetKind: KindDefinition<'StatefulSet'> = {
  names: {
    kind: 'StatefulSet',
    group: 'apps',
    version: 'v1',
    plural: 'statefulsets',
    singular: 'statefulset',
    shortNames: ['sts'],
    categories: ['all'],
    namespaced: true,
  },
  schema: 'apps.v1.StatefulSet',
  subresources: ['scale', 'status'],
  columns: [
    nameColumn(),
    column(
      'Ready',
      'Ready pods out of those wanted.',
      ({ spec, status }) => `${status?.readyReplicas ?? 0}/${spec?.replicas ?? 0}`,
    ),
    ageColumn(),
    ...containerColumns<'StatefulSet'>(({ spec }) => spec?.template.spec),
  ],
  selectableFields: {},
  strategy: {
    nameProblems: labelProblems,
    setDefaults: ({ spec }) => {
      if (spec !== undefined) setDefaults(spec);
    },
    validate: validateStatefulSet,
    validateUpdate: validateStatefulSetUpdate,
    validateStatus: validateStatefulSetStatus,
    hasStatus: true,
    countsGenerations: true,
    prepareCreate: (set: StatefulSet) => {
      set.status = { replicas: 0, availableReplicas: 0 };
    },
  },
};

function setDefaults(spec: StatefulSetSpec): void {
  spec.replicas ??= 1;
  spec.revisionHistoryLimit ??= 10;
  spec.podManagementPolicy ||= 'OrderedReady';
  spec.updateStrategy ??= {};
  if ((spec.updateStrategy.type ?? '') === '') {
    spec.updateStrategy.type = 'RollingUpdate';
    spec.updateStrategy.rollingUpdate ??= {};
  }
  const { type, rollingUpdate } = spec.updateStrategy;
  if (type === 'RollingUpdate' && rollingUpdate !== undefined) {
    rollingUpdate.partition ??= 0;
    rollingUpdate.maxUnavailable ??= 1;
  }
  const retention = (spec.persistentVolumeClaimRetentionPolicy ??= {});
  retention.whenDeleted ||= 'Retain';
  retention.whenScaled ||= 'Retain';
  for (const claim of spec.volumeClaimTemplates ?? []) setClaimDefaults(claim);
  if (spec.template?.spec !== undefined) setPodSpecDefaults(spec.template.spec);
}

function setClaimDefaults(claim: PersistentVolumeClaim): void {
  claim.apiVersion ??= 'v1';
  claim.kind ??= 'PersistentVolumeClaim';
  claim.spec ??= {};
  persistentVolumeClaimKind.strategy.setDefaults(claim);
  Object.assign(claim, { status: { phase: 'Pending', ...claim.status } });
}
