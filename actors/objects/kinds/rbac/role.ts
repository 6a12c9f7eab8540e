// Role and ClusterRole: rules that say what may be done, for bindings to refer to.

import type { KindDefinition } from '../../kind-definition.ts';
import { pathSegmentProblems } from '../../name-rules.ts';
import { column, nameColumn } from '../columns.ts';
import { validateAggregation, validateRules } from './role-validation.ts';

export const RBAC_GROUP = 'rbac.authorization.k8s.io';

export const roleKind: KindDefinition<'Role'> = {
  names: {
    kind: 'Role',
    group: RBAC_GROUP,
    version: 'v1',
    plural: 'roles',
    singular: 'role',
    shortNames: [],
    categories: [],
    namespaced: true,
  },
  schema: 'rbac.v1.Role',
  subresources: [],
  columns: [
    nameColumn(),
    column('Created At', 'When it was made.', (role) => role.metadata?.creationTimestamp ?? ''),
  ],
  selectableFields: {},
  strategy: {
    nameProblems: pathSegmentProblems,
    setDefaults: () => undefined,
    validate: ({ rules }) => validateRules(rules, true),
    validateUpdate: () => [],
    hasStatus: false,
    countsGenerations: false,
  },
};

export const clusterRoleKind: KindDefinition<'ClusterRole'> = {
  names: {
    kind: 'ClusterRole',
    group: RBAC_GROUP,
    version: 'v1',
    plural: 'clusterroles',
    singular: 'clusterrole',
    shortNames: [],
    categories: [],
    namespaced: false,
  },
  schema: 'rbac.v1.ClusterRole',
  subresources: [],
  columns: [
    nameColumn(),
    column('Created At', 'When it was made.', (role) => role.metadata?.creationTimestamp ?? ''),
  ],
  selectableFields: {},
  strategy: {
    nameProblems: pathSegmentProblems,
    setDefaults: () => undefined,
    validate: ({ rules, aggregationRule }) => [
      ...validateRules(rules, false),
      ...validateAggregation(aggregationRule),
    ],
    validateUpdate: () => [],
    hasStatus: false,
    countsGenerations: false,
  },
};
