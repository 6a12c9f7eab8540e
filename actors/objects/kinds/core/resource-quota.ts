// ResourceQuota: what a namespace may hold and ask for in all.

import type { ResourceQuota } from 'kubernetes-types/core/v1.d.ts';
import type { KindDefinition } from '../../kind-definition.ts';
import { unchanged } from '../../field-rules.ts';
import { subdomainProblems } from '../../name-rules.ts';
import { ageColumn, column, nameColumn } from '../columns.ts';
import { validateQuotaStatus, validateResourceQuota } from './resource-quota-validation.ts';

export const resourceQuotaKind: KindDefinition<'ResourceQuota'> = {
  names: {
    kind: 'ResourceQuota',
    group: '',
    version: 'v1',
    plural: 'resourcequotas',
    singular: 'resourcequota',
    shortNames: ['quota'],
    categories: [],
    namespaced: true,
  },
  schema: 'core.v1.ResourceQuota',
  subresources: ['status'],
  columns: [
    nameColumn(),
    column('Request', 'Used and allowed, of what is counted or asked for.', (quota) =>
      amountsText(quota, (name) => !name.startsWith('limits.')),
    ),
    column('Limit', 'Used and allowed, of limits.', (quota) =>
      amountsText(quota, (name) => name.startsWith('limits.')),
    ),
    ageColumn(),
  ],
  selectableFields: {},
  strategy: {
    nameProblems: subdomainProblems,
    setDefaults: () => undefined,
    validate: validateResourceQuota,
    validateUpdate: (next, old) => unchanged('spec.scopes', next.spec?.scopes, old.spec?.scopes),
    validateStatus: validateQuotaStatus,
    hasStatus: true,
    countsGenerations: false,
    prepareCreate: (quota) => {
      quota.status = {};
    },
  },
};

/** `pods: 2/10, requests.cpu: 1/4`. */
function amountsText(
  { status }: Readonly<ResourceQuota>,
  isWanted: (name: string) => boolean,
): string {
  const allowed = Object.entries(status?.hard ?? {}).filter(([name]) => isWanted(name));
  return allowed
    .sort(([left], [right]) => (left < right ? -1 : 1))
    .map(([name, hard]) => `${name}: ${status?.used?.[name] ?? '0'}/${hard}`)
    .join(', ');
}
