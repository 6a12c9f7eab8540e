// What is wrong with a ResourceQuota.

import type {
  ResourceQuota,
  ResourceQuotaSpec,
  ScopedResourceSelectorRequirement,
} from 'kubernetes-types/core/v1.d.ts';
import { invalid, required } from '../../field-errors.ts';
import type { FieldError } from '../../field-errors.ts';
import { invalidBecause } from '../../field-rules.ts';
import { parseQuantity } from '../../quantity.ts';
import { isQuotaBeyondPods, isWholeNumber, quotaResourceProblems } from './resource-names.ts';

type Errors = readonly FieldError[];

const EXISTENCE_SCOPES = [
  'BestEffort',
  'CrossNamespacePodAffinity',
  'NotBestEffort',
  'NotTerminating',
  'Terminating',
];
const SCOPES = [...EXISTENCE_SCOPES, 'PriorityClass', 'VolumeAttributesClass'];

/** Scopes that choose pods without any requests can only count them. */
const ONLY_COUNTED = 'BestEffort';

const OPPOSITES = [
  ['BestEffort', 'NotBestEffort'],
  ['Terminating', 'NotTerminating'],
] as const;

export function validateResourceQuota({ spec }: Readonly<ResourceQuota>): Errors {
  return [
    ...validateAmounts('spec.hard', spec?.hard),
    ...validateScopes(spec ?? {}),
    ...(spec?.scopeSelector?.matchExpressions ?? []).flatMap((requirement) =>
      validateRequirement('spec.scopeSelector.matchExpressions', requirement, spec?.hard ?? {}),
    ),
  ];
}

export const validateQuotaStatus = ({ status }: Readonly<ResourceQuota>): Errors => [
  ...validateAmounts('status.hard', status?.hard),
  ...validateAmounts('status.used', status?.used),
];

const WHOLE = 1_000_000_000n;

const validateAmounts = (path: string, amounts: Readonly<Record<string, string>> = {}): Errors =>
  Object.entries(amounts).flatMap(([name, amount]) => {
    const at = `${path}[${name}]`;
    const { nanos } = parseQuantity(amount) ?? { nanos: 0n };
    return [
      ...invalidBecause(at, name, quotaResourceProblems(name)),
      ...(nanos < 0n ? [invalid(at, amount, 'must be greater than or equal to 0')] : []),
      ...(isWholeNumber(name) && nanos % WHOLE !== 0n
        ? [invalid(at, amount, 'must be an integer')]
        : []),
    ];
  });

function validateScopes({ scopes = [], hard = {} }: Readonly<ResourceQuotaSpec>): Errors {
  const path = 'spec.scopes';
  const errors: FieldError[] = [];
  for (const scope of scopes) {
    if (!SCOPES.includes(scope)) errors.push(invalid(path, scopes, 'unsupported scope'));
    for (const name of Object.keys(hard)) {
      if (goTogether(scope, name)) continue;
      errors.push(invalid(path, scopes, 'unsupported scope applied to resource'));
    }
  }
  for (const pair of OPPOSITES) {
    if (!pair.every((scope) => scopes.includes(scope))) continue;
    errors.push(invalid(path, scopes, 'conflicting scopes'));
  }
  return errors;
}

/** May a quota of this scope say something about this resource? */
function goTogether(scope: string, name: string): boolean {
  if (scope === 'VolumeAttributesClass')
    return name.endsWith('storage') || name === 'persistentvolumeclaims' || name.includes('/');
  if (scope === ONLY_COUNTED) return name === 'pods' || name.includes('/');
  return !isQuotaBeyondPods(name);
}

function validateRequirement(
  path: string,
  { scopeName, operator, values = [] }: ScopedResourceSelectorRequirement,
  hard: Readonly<Record<string, string>>,
): Errors {
  const errors: FieldError[] = [];
  if (!SCOPES.includes(scopeName)) {
    errors.push(invalid(`${path}.scopeName`, scopeName, 'unsupported scope'));
  }
  if (Object.keys(hard).some((name) => !goTogether(scopeName, name))) {
    errors.push(invalid(path, scopeName, 'unsupported scope applied to resource'));
  }
  if (EXISTENCE_SCOPES.includes(scopeName) && operator !== 'Exists') {
    errors.push(invalid(`${path}.operator`, operator, EXISTS_ONLY));
  }
  return [...errors, ...validateScopeValues(path, operator, values)];
}

const EXISTS_ONLY =
  "must be 'Exist' only operator when scope is any of ResourceQuotaScopeTerminating, " +
  'ResourceQuotaScopeNotTerminating, ResourceQuotaScopeBestEffort, ResourceQuotaScopeNotBestEffort ' +
  'or ResourceQuotaScopeCrossNamespacePodAffinity';

function validateScopeValues(path: string, operator: string, values: readonly string[]): Errors {
  switch (operator) {
    case 'In':
    case 'NotIn':
      if (values.length > 0) return [];
      return [
        required(
          `${path}.values`,
          "must be at least one value when `operator` is 'In' or 'NotIn' for scope selector",
        ),
      ];
    case 'Exists':
    case 'DoesNotExist':
      if (values.length === 0) return [];
      return [
        invalid(
          `${path}.values`,
          values,
          "must be no value when `operator` is 'Exist' or 'DoesNotExist' for scope selector",
        ),
      ];
    default:
      return [invalid(`${path}.operator`, operator, 'not a valid selector operator')];
  }
}
