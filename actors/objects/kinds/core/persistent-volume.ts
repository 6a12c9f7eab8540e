// PersistentVolume: storage that outlives pods.

import type { PersistentVolume } from 'kubernetes-types/core/v1.d.ts';
import type { KindDefinition } from '../../kind-definition.ts';
import { subdomainProblems } from '../../name-rules.ts';
import { ageColumn, column, nameColumn, wideColumn } from '../columns.ts';
import {
  validatePersistentVolume,
  validatePersistentVolumeUpdate,
} from './persistent-volume-validation.ts';
import { accessModesText, phaseText, storageClassOf } from './volume-rules.ts';

export const persistentVolumeKind: KindDefinition<'PersistentVolume'> = {
  names: {
    kind: 'PersistentVolume',
    group: '',
    version: 'v1',
    plural: 'persistentvolumes',
    singular: 'persistentvolume',
    shortNames: ['pv'],
    categories: [],
    namespaced: false,
  },
  schema: 'core.v1.PersistentVolume',
  subresources: ['status'],
  columns: [
    nameColumn(),
    column('Capacity', 'How much it holds.', ({ spec }) => spec?.capacity?.['storage'] ?? '0'),
    column('Access Modes', 'How it may be mounted.', ({ spec }) =>
      accessModesText(spec?.accessModes),
    ),
    column(
      'Reclaim Policy',
      'What becomes of it when its claim is gone.',
      ({ spec }) => spec?.persistentVolumeReclaimPolicy ?? '',
    ),
    column('Status', 'Available, Bound, Released or Failed.', phaseText),
    column('Claim', 'Whose it is.', claimText),
    column('StorageClass', 'Its storage class.', storageClassOf),
    column(
      'VolumeAttributesClass',
      'Its class of attributes.',
      ({ spec }) => spec?.volumeAttributesClassName ?? '<unset>',
    ),
    column('Reason', 'Why it is in its state.', ({ status }) => status?.reason ?? ''),
    ageColumn(),
    wideColumn('VolumeMode', 'Filesystem or Block.', ({ spec }) => spec?.volumeMode ?? '<unset>'),
  ],
  selectableFields: {},
  strategy: {
    nameProblems: subdomainProblems,
    setDefaults,
    validate: validatePersistentVolume,
    validateUpdate: validatePersistentVolumeUpdate,
    hasStatus: true,
    countsGenerations: false,
    prepareCreate: (volume) => {
      const since = volume.metadata?.creationTimestamp;
      const status = {
        phase: 'Pending',
        ...(since === undefined ? {} : { lastPhaseTransitionTime: since }),
      };
      Object.assign(volume, { status });
    },
  },
};

function claimText({ spec }: Readonly<PersistentVolume>): string {
  const claim = spec?.claimRef;
  return claim === undefined ? '' : `${claim.namespace ?? ''}/${claim.name ?? ''}`;
}

/** Fields of sources that have a value when nobody gave one. */
const SOURCE_DEFAULTS = {
  azureDisk: { cachingMode: 'ReadWrite', kind: 'Shared', fsType: 'ext4', readOnly: false },
  hostPath: { type: '' },
  iscsi: { iscsiInterface: 'default' },
  rbd: { pool: 'rbd', user: 'admin', keyring: '/etc/ceph/keyring' },
  scaleIO: { storageMode: 'ThinProvisioned', fsType: 'xfs' },
} as const;

function setDefaults({ spec }: PersistentVolume): void {
  if (spec === undefined) return;
  spec.persistentVolumeReclaimPolicy ||= 'Retain';
  spec.volumeMode ??= 'Filesystem';
  for (const source of Object.keys(SOURCE_DEFAULTS) as (keyof typeof SOURCE_DEFAULTS)[]) {
    const given = spec[source];
    if (given !== undefined) Object.assign(given, { ...SOURCE_DEFAULTS[source], ...given });
  }
}
