// What is wrong with a binding: the role it names, and whom it names.

import type { RoleRef, Subject } from 'kubernetes-types/rbac/v1.d.ts';
import type { FieldError } from '../../field-errors.ts';
import { invalid, notSupported, required } from '../../field-errors.ts';
import { requiredName, sameValue } from '../../field-rules.ts';
import { pathSegmentProblems, subdomainProblems } from '../../name-rules.ts';
import { RBAC_GROUP } from './role.ts';

type Errors = readonly FieldError[];

interface Binding {
  readonly roleRef: RoleRef;
  readonly subjects?: readonly Subject[] | undefined;
}

/** A binding of a namespace may name a Role of its own; one of the cluster may not. */
export function validateBinding({ roleRef, subjects }: Binding, isNamespaced: boolean): Errors {
  return [
    ...(roleRef === undefined ? [] : validateRoleRef(roleRef, isNamespaced)),
    ...(subjects ?? []).flatMap((subject, i) =>
      validateSubject(subject, `subjects[${i}]`, isNamespaced),
    ),
  ];
}

export const validateBindingUpdate = (next: Binding, old: Binding): Errors =>
  sameValue(next.roleRef, old.roleRef)
    ? []
    : [invalid('roleRef', next.roleRef, 'cannot change roleRef')];

const supported = (path: string, value: string, values: readonly string[]): Errors =>
  values.includes(value) ? [] : [notSupported(path, value, values)];

function validateRoleRef({ apiGroup, kind, name }: RoleRef, isNamespaced: boolean): Errors {
  const kinds = isNamespaced ? ['Role', 'ClusterRole'] : ['ClusterRole'];
  return [
    ...supported('roleRef.apiGroup', apiGroup, [RBAC_GROUP]),
    ...supported('roleRef.kind', kind, kinds),
    ...requiredName('roleRef.name', name, pathSegmentProblems),
  ];
}

function validateSubject(subject: Subject, path: string, isNamespaced: boolean): Errors {
  const { kind, name, namespace, apiGroup = '' } = subject;
  switch (kind) {
    case 'ServiceAccount':
      return [
        ...requiredName(`${path}.name`, name, subdomainProblems),
        ...supported(`${path}.apiGroup`, apiGroup, ['']),
        ...(isNamespaced || (namespace ?? '') !== '' ? [] : [required(`${path}.namespace`)]),
      ];
    case 'User':
    case 'Group':
      return [
        ...(name === '' ? [required(`${path}.name`)] : []),
        ...supported(`${path}.apiGroup`, apiGroup, [RBAC_GROUP]),
      ];
    default:
      return [notSupported(`${path}.kind`, kind, ['ServiceAccount', 'User', 'Group'])];
  }
}
