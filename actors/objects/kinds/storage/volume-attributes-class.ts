// VolumeAttributesClass: a name for settings of a volume that may change while it is used.

import type { ObjectMeta } from 'kubernetes-types/meta/v1.d.ts';
import { required } from '../../field-errors.ts';
import { requiredName, unchanged } from '../../field-rules.ts';
import type { KindDefinition } from '../../kind-definition.ts';
import { subdomainProblems } from '../../name-rules.ts';
import { ageColumn, column, nameColumn } from '../columns.ts';
import { driverNameProblems } from './driver-name.ts';
import { validateParameters } from './parameters.ts';

/** The published declarations do not have it yet. */
export interface VolumeAttributesClass {
  readonly apiVersion?: 'storage.k8s.io/v1';
  readonly kind?: 'VolumeAttributesClass';
  metadata?: ObjectMeta;
  driverName: string;
  parameters?: Record<string, string>;
}

export const volumeAttributesClassKind: KindDefinition<'VolumeAttributesClass'> = {
  names: {
    kind: 'VolumeAttributesClass',
    group: 'storage.k8s.io',
    version: 'v1',
    plural: 'volumeattributesclasses',
    singular: 'volumeattributesclass',
    shortNames: ['vac'],
    categories: [],
    namespaced: false,
  },
  schema: 'storage.v1.VolumeAttributesClass',
  subresources: [],
  columns: [
    nameColumn(),
    column(
      'DriverName',
      'The driver that knows the settings.',
      ({ driverName }) => driverName ?? '',
    ),
    ageColumn(),
  ],
  selectableFields: {},
  strategy: {
    nameProblems: subdomainProblems,
    setDefaults: () => undefined,
    validate: ({ driverName, parameters }) => [
      ...requiredName('driverName', driverName, driverNameProblems),
      ...(Object.keys(parameters ?? {}).length === 0
        ? [required('parameters', 'must contain at least one key/value pair')]
        : validateParameters(parameters, 'parameters')),
    ],
    validateUpdate: (next, old) => [
      ...unchanged('driverName', next.driverName, old.driverName),
      ...unchanged('parameters', next.parameters, old.parameters),
    ],
    hasStatus: false,
    countsGenerations: false,
  },
};
