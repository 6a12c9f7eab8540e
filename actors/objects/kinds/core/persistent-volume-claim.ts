// PersistentVolumeClaim: a wish for storage.

import type {
  PersistentVolumeClaim,
  PersistentVolumeClaimSpec,
} from 'kubernetes-types/core/v1.d.ts';
import type { KindDefinition } from '../../kind-definition.ts';
import { subdomainProblems } from '../../name-rules.ts';
import { ageColumn, column, nameColumn, wideColumn } from '../columns.ts';
import {
  validatePersistentVolumeClaim,
  validatePersistentVolumeClaimUpdate,
} from './persistent-volume-claim-validation.ts';
import { accessModesText, phaseText, storageClassOf } from './volume-rules.ts';

export const persistentVolumeClaimKind: KindDefinition<'PersistentVolumeClaim'> = {
  names: {
    kind: 'PersistentVolumeClaim',
    group: '',
    version: 'v1',
    plural: 'persistentvolumeclaims',
    singular: 'persistentvolumeclaim',
    shortNames: ['pvc'],
    categories: [],
    namespaced: true,
  },
  schema: 'core.v1.PersistentVolumeClaim',
  subresources: ['status'],
  columns: [
    nameColumn(),
    column('Status', 'Pending, Bound or Lost.', phaseText),
    column('Volume', 'The volume that it has.', ({ spec }) => spec?.volumeName ?? ''),
    column('Capacity', 'How much that holds.', (claim) =>
      isBound(claim) ? (claim.status?.capacity?.['storage'] ?? '0') : '',
    ),
    column('Access Modes', 'How it may be mounted.', (claim) =>
      isBound(claim) ? accessModesText(claim.status?.accessModes) : '',
    ),
    column('StorageClass', 'Its storage class.', storageClassOf),
    column(
      'VolumeAttributesClass',
      'Its class of attributes.',
      ({ spec }) => spec?.volumeAttributesClassName ?? '<unset>',
    ),
    ageColumn(),
    wideColumn('VolumeMode', 'Filesystem or Block.', ({ spec }) => spec?.volumeMode ?? '<unset>'),
  ],
  selectableFields: {},
  strategy: {
    nameProblems: subdomainProblems,
    setDefaults: ({ spec }) => {
      if (spec === undefined) return;
      spec.volumeMode ??= 'Filesystem';
      pairSources(spec);
    },
    validate: validatePersistentVolumeClaim,
    validateUpdate: validatePersistentVolumeClaimUpdate,
    hasStatus: true,
    countsGenerations: false,
    prepareCreate: (claim) => {
      Object.assign(claim, { status: { phase: 'Pending' } });
    },
  },
};

const isBound = ({ spec }: Readonly<PersistentVolumeClaim>): boolean =>
  (spec?.volumeName ?? '') !== '';

/** dataSource and dataSourceRef say the same, unless the newer one reaches into another namespace. */
function pairSources(spec: PersistentVolumeClaimSpec): void {
  const { dataSource, dataSourceRef } = spec;
  if (dataSource !== undefined && dataSourceRef === undefined) {
    spec.dataSourceRef = { ...dataSource };
  } else if (dataSource === undefined && dataSourceRef?.namespace === undefined && dataSourceRef) {
    const { namespace: _none, ...local } = dataSourceRef;
    spec.dataSource = local;
  }
}
