// StorageClass: a name for how volumes are made.

import type { StorageClass } from 'kubernetes-types/storage/v1.d.ts';
import type { TopologySelectorTerm } from 'kubernetes-types/core/v1.d.ts';
import { duplicate, forbidden, required } from '../../field-errors.ts';
import type { FieldError } from '../../field-errors.ts';
import { invalidBecause, oneOf, requiredName, sameValue, unchanged } from '../../field-rules.ts';
import type { KindDefinition } from '../../kind-definition.ts';
import { labelValueProblems, qualifiedNameProblems, subdomainProblems } from '../../name-rules.ts';
import { ageColumn, column } from '../columns.ts';
import { validateParameters } from './parameters.ts';

/** Either marks the class of claims that name none. */
const DEFAULT_MARKS = [
  'storageclass.kubernetes.io/is-default-class',
  'storageclass.beta.kubernetes.io/is-default-class',
];

export const storageClassKind: KindDefinition<'StorageClass'> = {
  names: {
    kind: 'StorageClass',
    group: 'storage.k8s.io',
    version: 'v1',
    plural: 'storageclasses',
    singular: 'storageclass',
    shortNames: ['sc'],
    categories: [],
    namespaced: false,
  },
  schema: 'storage.v1.StorageClass',
  subresources: [],
  columns: [
    {
      ...column<'StorageClass'>('Name', 'Unique in the cluster.', ({ metadata }) => {
        const isDefault = DEFAULT_MARKS.some((mark) => metadata?.annotations?.[mark] === 'true');
        return `${metadata?.name ?? ''}${isDefault ? ' (default)' : ''}`;
      }),
      format: 'name',
    },
    column('Provisioner', 'What makes the volumes.', ({ provisioner }) => provisioner ?? ''),
    column(
      'ReclaimPolicy',
      'What becomes of a volume without a claim.',
      ({ reclaimPolicy }) => reclaimPolicy ?? 'Delete',
    ),
    column(
      'VolumeBindingMode',
      'When a volume is made.',
      ({ volumeBindingMode }) => volumeBindingMode ?? 'Immediate',
    ),
    column(
      'AllowVolumeExpansion',
      'Whether volumes may grow.',
      ({ allowVolumeExpansion }) => allowVolumeExpansion === true,
      'boolean',
    ),
    ageColumn(),
  ],
  selectableFields: {},
  strategy: {
    nameProblems: subdomainProblems,
    setDefaults: (storageClass) => {
      storageClass.reclaimPolicy ??= 'Delete';
      storageClass.volumeBindingMode ??= 'Immediate';
    },
    validate: validateStorageClass,
    validateUpdate: validateStorageClassUpdate,
    hasStatus: false,
    countsGenerations: false,
  },
};

const provisionerProblems = (name: string): readonly string[] =>
  qualifiedNameProblems(name.toLowerCase());

function validateStorageClass(storageClass: Readonly<StorageClass>): readonly FieldError[] {
  const { provisioner, parameters, reclaimPolicy, volumeBindingMode } = storageClass;
  return [
    ...requiredName('provisioner', provisioner, provisionerProblems),
    ...validateParameters(parameters, 'parameters'),
    ...oneOf('reclaimPolicy', reclaimPolicy, ['Delete', 'Retain']),
    ...oneOf('volumeBindingMode', volumeBindingMode, ['Immediate', 'WaitForFirstConsumer']),
    ...(storageClass.allowedTopologies ?? []).flatMap((term, i, terms) => {
      const path = `allowedTopologies[${i}]`;
      const isRepeated = terms.slice(0, i).some((other) => sameValue(other, term));
      return [...validateTerm(term, path), ...(isRepeated ? [duplicate(path, '')] : [])];
    }),
  ];
}

const validateTerm = (
  { matchLabelExpressions = [] }: Readonly<TopologySelectorTerm>,
  path: string,
): readonly FieldError[] =>
  matchLabelExpressions.flatMap(({ key, values }, i) => {
    const at = `${path}.matchLabelExpressions[${i}]`;
    const isRepeated = matchLabelExpressions.slice(0, i).some((other) => other.key === key);
    return [
      ...invalidBecause(`${at}.key`, key, qualifiedNameProblems(key)),
      ...(isRepeated ? [duplicate(`${at}.key`, key)] : []),
      ...(values.length === 0 ? [required(`${at}.values`)] : []),
      ...values.flatMap((value, j) => [
        ...invalidBecause(`${at}.values[${j}]`, value, labelValueProblems(value)),
        ...(values.indexOf(value) < j ? [duplicate(`${at}.values[${j}]`, value)] : []),
      ]),
    ];
  });

function validateStorageClassUpdate(
  next: Readonly<StorageClass>,
  old: Readonly<StorageClass>,
): readonly FieldError[] {
  const changed = (['parameters', 'provisioner', 'reclaimPolicy'] as const).filter(
    (field) => !sameValue(next[field], old[field]),
  );
  return [
    ...changed.map((field) => forbidden(field, `updates to ${field} are forbidden.`)),
    ...unchanged('volumeBindingMode', next.volumeBindingMode, old.volumeBindingMode),
  ];
}
