// PriorityClass: a name for how much pods matter.

import type { PriorityClass } from 'kubernetes-types/scheduling/v1.d.ts';
import { forbidden } from '../../field-errors.ts';
import type { FieldError } from '../../field-errors.ts';
import { oneOf, unchanged } from '../../field-rules.ts';
import type { KindDefinition } from '../../kind-definition.ts';
import { subdomainProblems } from '../../name-rules.ts';
import { ageColumn, column, nameColumn } from '../columns.ts';

/** Above it are only the classes of the system. */
const USER_LIMIT = 1_000_000_000;
const SYSTEM_PREFIX = 'system-';

/** What every cluster has from its beginning. */
export const SYSTEM_PRIORITY_CLASSES: readonly PriorityClass[] = [
  {
    metadata: { name: 'system-cluster-critical' },
    value: 2_000_000_000,
    description:
      'Used for system critical pods that must run in the cluster, but can be moved to another node if necessary.',
  },
  {
    metadata: { name: 'system-node-critical' },
    value: 2_000_001_000,
    description: 'Used for system critical pods that must not be moved from their current node.',
  },
];

export const priorityClassKind: KindDefinition<'PriorityClass'> = {
  names: {
    kind: 'PriorityClass',
    group: 'scheduling.k8s.io',
    version: 'v1',
    plural: 'priorityclasses',
    singular: 'priorityclass',
    shortNames: ['pc'],
    categories: [],
    namespaced: false,
  },
  schema: 'scheduling.v1.PriorityClass',
  subresources: [],
  columns: [
    nameColumn(),
    column('Value', 'The higher, the more its pods matter.', ({ value }) => value ?? 0, 'integer'),
    column(
      'Global-Default',
      'Whether pods without a class have it.',
      ({ globalDefault }) => globalDefault === true,
      'boolean',
    ),
    ageColumn(),
    column(
      'PreemptionPolicy',
      'Whether its pods take the place of others.',
      ({ preemptionPolicy }) => preemptionPolicy ?? '',
    ),
  ],
  selectableFields: {},
  strategy: {
    nameProblems: subdomainProblems,
    setDefaults: (priorityClass) => {
      priorityClass.value ??= 0;
      priorityClass.preemptionPolicy ??= 'PreemptLowerPriority';
    },
    validate: (priorityClass) => [
      ...validateValue(priorityClass),
      ...oneOf('preemptionPolicy', priorityClass.preemptionPolicy, [
        'Never',
        'PreemptLowerPriority',
      ]),
    ],
    validateUpdate: (next, old) => [
      ...(next.value === old.value ? [] : [forbidden('value', 'may not be changed in an update.')]),
      ...unchanged('preemptionPolicy', next.preemptionPolicy, old.preemptionPolicy),
    ],
    hasStatus: false,
    countsGenerations: true,
  },
};

function validateValue(priorityClass: Readonly<PriorityClass>): readonly FieldError[] {
  const { metadata, value } = priorityClass;
  if (!(metadata?.name ?? '').startsWith(SYSTEM_PREFIX)) {
    const detail = `maximum allowed value of a user defined priority is ${USER_LIMIT}`;
    return value > USER_LIMIT ? [forbidden('value', detail)] : [];
  }
  const problem = systemClassProblem(priorityClass);
  if (problem === undefined) return [];
  const detail = `priority class names with '${SYSTEM_PREFIX}' prefix are reserved for system use only. error: ${problem}`;
  return [forbidden('metadata.name', detail)];
}

function systemClassProblem({
  metadata,
  value,
  globalDefault = false,
}: Readonly<PriorityClass>): string | undefined {
  const name = metadata?.name ?? '';
  const known = SYSTEM_PRIORITY_CLASSES.find((one) => one.metadata?.name === name);
  if (known === undefined) return `${name} is not a known system priority class`;
  if (value !== known.value) return `value of ${name} PriorityClass must be ${known.value}`;
  return globalDefault ? `globalDefault of ${name} PriorityClass must be false` : undefined;
}
