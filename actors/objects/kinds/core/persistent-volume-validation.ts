// What is wrong with a PersistentVolume.

import type {
  CSIPersistentVolumeSource,
  NFSVolumeSource,
  PersistentVolume,
  PersistentVolumeSpec,
} from 'kubernetes-types/core/v1.d.ts';
import { forbidden, invalid, notSupported, required } from '../../field-errors.ts';
import type { FieldError } from '../../field-errors.ts';
import { oneOf, optionalName, requiredName, sameValue, unchanged } from '../../field-rules.ts';
import { subdomainProblems } from '../../name-rules.ts';
import { validateNodeSelectorTerms } from '../affinity-validation.ts';
import { validateAccessModes, validatePositive, VOLUME_MODES } from './volume-rules.ts';

type Errors = readonly FieldError[];

const RECLAIM_POLICIES = ['Delete', 'Recycle', 'Retain'];
const HOST_PATH_TYPES = [
  '',
  'BlockDevice',
  'CharDevice',
  'Directory',
  'DirectoryOrCreate',
  'File',
  'FileOrCreate',
  'Socket',
];

/** The fields of a spec that say where the bytes are. */
const SOURCES = [
  'awsElasticBlockStore',
  'azureDisk',
  'azureFile',
  'cephfs',
  'cinder',
  'csi',
  'fc',
  'flexVolume',
  'flocker',
  'gcePersistentDisk',
  'glusterfs',
  'hostPath',
  'iscsi',
  'local',
  'nfs',
  'photonPersistentDisk',
  'portworxVolume',
  'quobyte',
  'rbd',
  'scaleIO',
  'storageos',
  'vsphereVolume',
] as const satisfies readonly (keyof PersistentVolumeSpec)[];

export function validatePersistentVolume({ spec = {} }: Readonly<PersistentVolume>): Errors {
  const modes = spec.accessModes ?? [];
  return [
    ...(modes.length === 0 ? [required('spec.accessModes')] : []),
    ...validateAccessModes('spec.accessModes', modes),
    ...validateCapacity(spec.capacity ?? {}),
    ...oneOf(
      'spec.persistentVolumeReclaimPolicy',
      spec.persistentVolumeReclaimPolicy,
      RECLAIM_POLICIES,
    ),
    ...validateNodeAffinity(spec),
    ...validateSources(spec),
    ...optionalName('spec.storageClassName', spec.storageClassName, subdomainProblems),
    ...optionalName(
      'spec.volumeAttributesClassName',
      spec.volumeAttributesClassName,
      subdomainProblems,
    ),
    ...oneOf('spec.volumeMode', spec.volumeMode, VOLUME_MODES),
  ];
}

function validateCapacity(capacity: Readonly<Record<string, string>>): Errors {
  const names = Object.keys(capacity);
  if (names.length === 0) return [required('spec.capacity')];
  const isStorage = names.length === 1 && names[0] === 'storage';
  return [
    ...(isStorage ? [] : [notSupported('spec.capacity', capacity, ['storage'])]),
    ...Object.entries(capacity).flatMap(([name, amount]) =>
      validatePositive(`spec.capacity[${name}]`, amount),
    ),
  ];
}

function validateNodeAffinity({ nodeAffinity, local }: Readonly<PersistentVolumeSpec>): Errors {
  const path = 'spec.nodeAffinity';
  if (nodeAffinity === undefined) {
    return local === undefined ? [] : [required(path, 'Local volume requires node affinity')];
  }
  const { required: wanted } = nodeAffinity;
  return wanted === undefined
    ? [required(`${path}.required`, 'must specify required node constraints')]
    : validateNodeSelectorTerms(wanted, `${path}.required`);
}

function validateSources(spec: Readonly<PersistentVolumeSpec>): Errors {
  const [first, ...others] = SOURCES.filter((source) => spec[source] !== undefined);
  if (first === undefined) return [required('spec', 'must specify a volume type')];
  const { hostPath, local, nfs, csi } = spec;
  const errors: FieldError[] = others.map((other) =>
    forbidden(`spec.${other}`, 'may not specify more than 1 volume type'),
  );
  if (hostPath !== undefined) {
    errors.push(...validatePath('spec.hostPath.path', hostPath.path));
    errors.push(...oneOf('spec.hostPath.type', hostPath.type, HOST_PATH_TYPES));
    if (hostPath.path === '/' && spec.persistentVolumeReclaimPolicy === 'Recycle') {
      const why = "may not be 'recycle' for a hostPath mount of '/'";
      errors.push(forbidden('spec.persistentVolumeReclaimPolicy', why));
    }
  }
  if (local !== undefined) errors.push(...validatePath('spec.local.path', local.path));
  if (nfs !== undefined) errors.push(...validateNfs(nfs));
  if (csi !== undefined) errors.push(...validateCsi(csi));
  return errors;
}

function validatePath(path: string, value: string): Errors {
  if (value === '') return [required(path)];
  return value.split('/').includes('..') ? [invalid(path, value, "must not contain '..'")] : [];
}

const validateNfs = ({ server, path }: NFSVolumeSource): Errors => [
  ...(server === '' ? [required('spec.nfs.server')] : []),
  ...(path === '' ? [required('spec.nfs.path')] : []),
  ...(path.startsWith('/') || path === ''
    ? []
    : [invalid('spec.nfs.path', path, 'must be an absolute path')]),
];

const CSI_DRIVER_LENGTH = 63;

const validateCsi = ({ driver, volumeHandle }: CSIPersistentVolumeSource): Errors => [
  ...requiredName('spec.csi.driver', driver, (name) =>
    name.length > CSI_DRIVER_LENGTH
      ? [`must be no more than ${CSI_DRIVER_LENGTH} characters`]
      : subdomainProblems(name.toLowerCase()),
  ),
  ...(volumeHandle === '' ? [required('spec.csi.volumeHandle')] : []),
];

/** Where the bytes are stays: the pods that use them could not follow. */
export function validatePersistentVolumeUpdate(
  next: Readonly<PersistentVolume>,
  old: Readonly<PersistentVolume>,
): Errors {
  const moved = SOURCES.some((source) => !sameValue(next.spec?.[source], old.spec?.[source]));
  const path = 'spec.persistentvolumesource';
  return [
    ...(moved ? [forbidden(path, `${path} is immutable after creation`)] : []),
    ...unchanged('volumeMode', next.spec?.volumeMode, old.spec?.volumeMode),
    ...(old.spec?.nodeAffinity === undefined
      ? []
      : unchanged('nodeAffinity', next.spec?.nodeAffinity, old.spec.nodeAffinity)),
  ];
}
