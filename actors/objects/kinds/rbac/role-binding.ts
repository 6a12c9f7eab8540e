// RoleBinding and ClusterRoleBinding: who has the rules of a role, in one namespace or everywhere.

import type { RoleRef, Subject } from 'kubernetes-types/rbac/v1.d.ts';
import type { Column, KindDefinition } from '../../kind-definition.ts';
import { pathSegmentProblems } from '../../name-rules.ts';
import { ageColumn, column, nameColumn, wideColumn } from '../columns.ts';
import { validateBinding, validateBindingUpdate } from './role-binding-validation.ts';
import { RBAC_GROUP } from './role.ts';

interface Binding {
  readonly roleRef: RoleRef;
  readonly subjects?: readonly Subject[] | undefined;
}

function setBindingDefaults({ roleRef, subjects }: Binding): void {
  if (roleRef !== undefined && (roleRef.apiGroup ?? '') === '') roleRef.apiGroup = RBAC_GROUP;
  for (const subject of subjects ?? []) {
    const isKnown = subject.kind === 'User' || subject.kind === 'Group';
    if (isKnown && (subject.apiGroup ?? '') === '') subject.apiGroup = RBAC_GROUP;
  }
}

const named = ({ subjects }: Binding, kind: string, text: (subject: Subject) => string): string =>
  (subjects ?? [])
    .filter((subject) => subject.kind === kind)
    .map(text)
    .join(', ');

const columns = <K extends 'RoleBinding' | 'ClusterRoleBinding'>(): readonly Column<K>[] => [
  nameColumn(),
  column('Role', 'The role that is granted.', ({ roleRef }: Partial<Binding>) =>
    roleRef === undefined ? '' : `${roleRef.kind}/${roleRef.name}`,
  ),
  ageColumn(),
  wideColumn('Users', 'Users that have it.', (it) => named(it, 'User', ({ name }) => name)),
  wideColumn('Groups', 'Groups that have it.', (it) => named(it, 'Group', ({ name }) => name)),
  wideColumn('ServiceAccounts', 'Accounts that have it.', (it) =>
    named(it, 'ServiceAccount', ({ namespace, name }) => `${namespace ?? ''}/${name}`),
  ),
];

export const roleBindingKind: KindDefinition<'RoleBinding'> = {
  names: {
    kind: 'RoleBinding',
    group: RBAC_GROUP,
    version: 'v1',
    plural: 'rolebindings',
    singular: 'rolebinding',
    shortNames: [],
    categories: [],
    namespaced: true,
  },
  schema: 'rbac.v1.RoleBinding',
  subresources: [],
  columns: columns(),
  selectableFields: {},
  strategy: {
    nameProblems: pathSegmentProblems,
    setDefaults: setBindingDefaults,
    validate: (binding) => validateBinding(binding, true),
    validateUpdate: validateBindingUpdate,
    hasStatus: false,
    countsGenerations: false,
  },
};

export const clusterRoleBindingKind: KindDefinition<'ClusterRoleBinding'> = {
  names: {
    kind: 'ClusterRoleBinding',
    group: RBAC_GROUP,
    version: 'v1',
    plural: 'clusterrolebindings',
    singular: 'clusterrolebinding',
    shortNames: [],
    categories: [],
    namespaced: false,
  },
  schema: 'rbac.v1.ClusterRoleBinding',
  subresources: [],
  columns: columns(),
  selectableFields: {},
  strategy: {
    nameProblems: pathSegmentProblems,
    setDefaults: setBindingDefaults,
    validate: (binding) => validateBinding(binding, false),
    validateUpdate: validateBindingUpdate,
    hasStatus: false,
    countsGenerations: false,
  },
};
