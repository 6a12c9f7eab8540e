// CSIDriver: what a storage driver can do and needs.

import type { CSIDriver } from 'kubernetes-types/storage/v1.d.ts';
import { duplicate, invalid } from '../../field-errors.ts';
import type { FieldError } from '../../field-errors.ts';
import { oneOf, unchanged } from '../../field-rules.ts';
import type { KindDefinition } from '../../kind-definition.ts';
import { ageColumn, column, nameColumn } from '../columns.ts';
import { driverNameProblems } from './driver-name.ts';

export const csiDriverKind: KindDefinition<'CSIDriver'> = {
  names: {
    kind: 'CSIDriver',
    group: 'storage.k8s.io',
    version: 'v1',
    plural: 'csidrivers',
    singular: 'csidriver',
    shortNames: [],
    categories: [],
    namespaced: false,
  },
  schema: 'storage.v1.CSIDriver',
  subresources: [],
  columns: [
    nameColumn(),
    column(
      'AttachRequired',
      'Whether volumes are attached to a node first.',
      ({ spec }) => spec?.attachRequired ?? true,
      'boolean',
    ),
    column(
      'PodInfoOnMount',
      'Whether it is told of the pod.',
      ({ spec }) => spec?.podInfoOnMount ?? false,
      'boolean',
    ),
    column(
      'StorageCapacity',
      'Whether it says how much room there is.',
      ({ spec }) => spec?.storageCapacity ?? false,
      'boolean',
    ),
    column('TokenRequests', 'Audiences of the tokens it gets.', ({ spec }) => {
      const audiences = (spec?.tokenRequests ?? []).map(({ audience }) => audience);
      return audiences.length === 0 ? '<unset>' : audiences.join(',');
    }),
    column(
      'RequiresRepublish',
      'Whether it is asked again and again.',
      ({ spec }) => spec?.requiresRepublish ?? false,
      'boolean',
    ),
    column('Modes', 'Lives that volumes may have.', ({ spec }) =>
      (spec?.volumeLifecycleModes ?? []).join(','),
    ),
    ageColumn(),
  ],
  selectableFields: {},
  strategy: {
    nameProblems: driverNameProblems,
    setDefaults: ({ spec }) => {
      if (spec === undefined) return;
      spec.attachRequired ??= true;
      spec.podInfoOnMount ??= false;
      spec.storageCapacity ??= false;
      spec.fsGroupPolicy ??= 'ReadWriteOnceWithFSType';
      spec.requiresRepublish ??= false;
      spec.seLinuxMount ??= false;
      if ((spec.volumeLifecycleModes ?? []).length === 0) {
        spec.volumeLifecycleModes = ['Persistent'];
      }
    },
    validate: validateDriver,
    validateUpdate: ({ spec: next }, { spec: old }) => [
      ...unchanged('spec.attachRequired', next?.attachRequired, old?.attachRequired),
      ...unchanged(
        'spec.volumeLifecycleModes',
        next?.volumeLifecycleModes,
        old?.volumeLifecycleModes,
      ),
    ],
    hasStatus: false,
    countsGenerations: false,
  },
};

const TOKEN_LEAST_SECONDS = 600;
const TOKEN_MOST_SECONDS = 2 ** 32;

function validateDriver({ spec }: Readonly<CSIDriver>): readonly FieldError[] {
  const { fsGroupPolicy, volumeLifecycleModes = [], tokenRequests = [] } = spec ?? {};
  const audiences = tokenRequests.map(({ audience }) => audience);
  return [
    ...oneOf('spec.fsGroupPolicy', fsGroupPolicy, ['File', 'None', 'ReadWriteOnceWithFSType']),
    ...volumeLifecycleModes.flatMap((mode) =>
      oneOf('spec.volumeLifecycleModes', mode, ['Ephemeral', 'Persistent']),
    ),
    ...tokenRequests.flatMap(({ audience, expirationSeconds: seconds }, i) => {
      const path = `spec.tokenRequests[${i}]`;
      const isRepeated = audiences.indexOf(audience) < i;
      const errors = isRepeated ? [duplicate(`${path}.audience`, audience)] : [];
      if (seconds === undefined) return errors;
      const at = `${path}.expirationSeconds`;
      if (seconds < TOKEN_LEAST_SECONDS) {
        errors.push(invalid(at, seconds, 'may not specify a duration less than 10 minutes'));
      }
      if (seconds > TOKEN_MOST_SECONDS) {
        errors.push(invalid(at, seconds, 'may not specify a duration larger than 2^32 seconds'));
      }
      return errors;
    }),
  ];
}
