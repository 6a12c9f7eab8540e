// ConfigMap: settings for pods to read.

import type { ConfigMap } from 'kubernetes-types/core/v1.d.ts';
import { invalid, tooLong } from '../../field-errors.ts';
import type { FieldError } from '../../field-errors.ts';
import type { KindDefinition } from '../../kind-definition.ts';
import { subdomainProblems } from '../../name-rules.ts';
import { ageColumn, column, nameColumn } from '../columns.ts';
import {
  DATA_LIMIT_BYTES,
  decodedBytes,
  textBytes,
  validateKeys,
  validateSealed,
} from './config-data.ts';

export const configMapKind: KindDefinition<'ConfigMap'> = {
  names: {
    kind: 'ConfigMap',
    group: '',
    version: 'v1',
    plural: 'configmaps',
    singular: 'configmap',
    shortNames: ['cm'],
    categories: [],
    namespaced: true,
  },
  schema: 'core.v1.ConfigMap',
  subresources: [],
  columns: [
    nameColumn(),
    column(
      'Data',
      'How many keys it has.',
      ({ data, binaryData }) =>
        Object.keys(data ?? {}).length + Object.keys(binaryData ?? {}).length,
    ),
    ageColumn(),
  ],
  selectableFields: {},
  strategy: {
    nameProblems: subdomainProblems,
    setDefaults: () => undefined,
    validate: validateConfigMap,
    validateUpdate: (next, old) => validateSealed(next, old, ['data', 'binaryData']),
    hasStatus: false,
    countsGenerations: false,
  },
};

function validateConfigMap({ data, binaryData }: Readonly<ConfigMap>): readonly FieldError[] {
  const errors = [...validateKeys('data', data), ...validateKeys('binaryData', binaryData)];
  for (const key of Object.keys(binaryData ?? {})) {
    if (!Object.hasOwn(data ?? {}, key)) continue;
    errors.push(invalid(`binaryData[${key}]`, key, 'duplicate of key present in data'));
  }
  // Kubernetes names no field here, and writes that as [].
  if (textBytes(data) + decodedBytes(binaryData) > DATA_LIMIT_BYTES) {
    errors.push(tooLong('[]', DATA_LIMIT_BYTES));
  }
  return errors;
}
