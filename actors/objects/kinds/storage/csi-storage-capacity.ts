// CSIStorageCapacity: how much room a storage class has in a part of the cluster.

import type { CSIStorageCapacity } from 'kubernetes-types/storage/v1.d.ts';
import { invalid } from '../../field-errors.ts';
import type { FieldError } from '../../field-errors.ts';
import { requiredName, unchanged, validateLabelSelector } from '../../field-rules.ts';
import type { KindDefinition } from '../../kind-definition.ts';
import { subdomainProblems } from '../../name-rules.ts';
import { parseQuantity } from '../../quantity.ts';
import { column, nameColumn } from '../columns.ts';

export const csiStorageCapacityKind: KindDefinition<'CSIStorageCapacity'> = {
  names: {
    kind: 'CSIStorageCapacity',
    group: 'storage.k8s.io',
    version: 'v1',
    plural: 'csistoragecapacities',
    singular: 'csistoragecapacity',
    shortNames: [],
    categories: [],
    namespaced: true,
  },
  schema: 'storage.v1.CSIStorageCapacity',
  subresources: [],
  columns: [
    nameColumn(),
    column('StorageClassName', 'The class.', ({ storageClassName }) => storageClassName ?? ''),
    column('Capacity', 'The room.', ({ capacity }) => capacity ?? '<unset>'),
  ],
  selectableFields: {},
  strategy: {
    nameProblems: subdomainProblems,
    setDefaults: () => undefined,
    validate: validateCapacity,
    validateUpdate: (next, old) => [
      ...unchanged('nodeTopology', next.nodeTopology, old.nodeTopology),
      ...unchanged('storageClassName', next.storageClassName, old.storageClassName),
    ],
    hasStatus: false,
    countsGenerations: false,
  },
};

function validateCapacity(room: Readonly<CSIStorageCapacity>): readonly FieldError[] {
  const amounts = (['capacity', 'maximumVolumeSize'] as const).flatMap((field) => {
    const amount = room[field];
    return amount !== undefined && (parseQuantity(amount)?.nanos ?? 0n) < 0n
      ? [invalid(field, amount, 'must be greater than or equal to 0')]
      : [];
  });
  return [
    ...requiredName('storageClassName', room.storageClassName, subdomainProblems),
    ...(room.nodeTopology === undefined
      ? []
      : validateLabelSelector('nodeTopology', room.nodeTopology)),
    ...amounts,
  ];
}
