// Deployment: pods of a template that may change, replaced step by step.

import type { DeploymentSpec } from 'kubernetes-types/apps/v1.d.ts';
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
import { validateDeployment } from './deployment-validation.ts';
import { setPodSpecDefaults } from './pod-spec-defaults.ts';
import { validateSelectorUnchanged } from './workload-validation.ts';

export const deploymentKind: KindDefinition<'Deployment'> = {
  names: {
    kind: 'Deployment',
    group: 'apps',
    version: 'v1',
    plural: 'deployments',
    singular: 'deployment',
    shortNames: ['deploy'],
    categories: ['all'],
    namespaced: true,
  },
  schema: 'apps.v1.Deployment',
  subresources: ['scale', 'status'],
  columns: [
    nameColumn(),
    column(
      'Ready',
      'Ready pods out of those wanted.',
      ({ spec, status }) => `${status?.readyReplicas ?? 0}/${spec?.replicas ?? 0}`,
    ),
    column(
      'Up-to-date',
      'Pods of the newest template.',
      ({ status }) => status?.updatedReplicas ?? 0,
      'integer',
    ),
    column(
      'Available',
      'Pods ready for long enough.',
      ({ status }) => status?.availableReplicas ?? 0,
      'integer',
    ),
    ageColumn(),
    ...containerColumns<'Deployment'>(({ spec }) => spec?.template.spec),
    wideColumn('Selector', 'Labels of its pods.', ({ spec }) => selectorText(spec?.selector)),
  ],
  selectableFields: {},
  strategy: {
    nameProblems: subdomainProblems,
    setDefaults: ({ spec }) => {
      if (spec !== undefined) setDefaults(spec);
    },
    validate: validateDeployment,
    validateUpdate: validateSelectorUnchanged,
    hasStatus: true,
    countsGenerations: true,
    prepareCreate: (deployment) => {
      Object.assign(deployment, { status: {} });
    },
  },
};

function setDefaults(spec: DeploymentSpec): void {
  spec.replicas ??= 1;
  spec.revisionHistoryLimit ??= 10;
  spec.progressDeadlineSeconds ??= 600;
  spec.strategy ??= {};
  spec.strategy.type ||= 'RollingUpdate';
  if (spec.strategy.type === 'RollingUpdate') {
    spec.strategy.rollingUpdate ??= {};
    spec.strategy.rollingUpdate.maxUnavailable ??= '25%';
    spec.strategy.rollingUpdate.maxSurge ??= '25%';
  }
  if (spec.template?.spec !== undefined) setPodSpecDefaults(spec.template.spec);
}
