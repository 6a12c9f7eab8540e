// What is wrong with a PersistentVolumeClaim.

import type {
  PersistentVolumeClaim,
  PersistentVolumeClaimSpec,
  TypedObjectReference,
} from 'kubernetes-types/core/v1.d.ts';
import { forbidden, invalid, required } from '../../field-errors.ts';
import type { FieldError } from '../../field-errors.ts';
import {
  oneOf,
  optionalName,
  sameValue,
  unchanged,
  validateLabelSelector,
} from '../../field-rules.ts';
import { subdomainProblems } from '../../name-rules.ts';
import { compareQuantities, parseQuantity } from '../../quantity.ts';
import { validateAccessModes, validatePositive, VOLUME_MODES } from './volume-rules.ts';

type Errors = readonly FieldError[];

export const validatePersistentVolumeClaim = ({ spec }: Readonly<PersistentVolumeClaim>): Errors =>
  validateSpec(spec ?? {}, 'spec');

function validateSpec(spec: Readonly<PersistentVolumeClaimSpec>, path: string): Errors {
  const modes = spec.accessModes ?? [];
  const wanted = spec.resources?.requests?.['storage'];
  return [
    ...(modes.length > 0
      ? []
      : [required(`${path}.accessModes`, 'at least 1 access mode is required')]),
    ...validateAccessModes(`${path}.accessModes`, modes),
    ...validateLabelSelector(`${path}.selector`, spec.selector),
    ...(wanted === undefined
      ? [required(`${path}.resources[storage]`)]
      : validatePositive(`${path}.resources[storage]`, wanted)),
    ...optionalName(`${path}.storageClassName`, spec.storageClassName, subdomainProblems),
    ...optionalName(
      `${path}.volumeAttributesClassName`,
      spec.volumeAttributesClassName,
      subdomainProblems,
    ),
    ...oneOf(`${path}.volumeMode`, spec.volumeMode, VOLUME_MODES),
    ...validateSource(`${path}.dataSource`, spec.dataSource),
    ...validateSource(`${path}.dataSourceRef`, spec.dataSourceRef),
    ...validatePair(path, spec),
  ];
}

function validateSource(path: string, source: TypedObjectReference | undefined): Errors {
  if (source === undefined) return [];
  const { kind, name, apiGroup = '' } = source;
  const isClaim = kind === 'PersistentVolumeClaim' || kind === '';
  return [
    ...(name === '' ? [required(`${path}.name`)] : []),
    ...(kind === '' ? [required(`${path}.kind`)] : []),
    ...(apiGroup !== '' || isClaim
      ? []
      : [
          invalid(
            path,
            kind,
            "must be 'PersistentVolumeClaim' when referencing the default apiGroup",
          ),
        ]),
  ];
}

function validatePair(path: string, spec: Readonly<PersistentVolumeClaimSpec>): Errors {
  const { dataSource, dataSourceRef } = spec;
  if (dataSource === undefined || dataSourceRef === undefined) return [];
  if (sameValue(dataSource, dataSourceRef)) return [];
  return [invalid(path, dataSource, 'must match dataSourceRef')];
}

const SPEC_IS_FIXED =
  'spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims';

/** A claim stays what it is; only the size and the attributes of a bound one may change. */
export function validatePersistentVolumeClaimUpdate(
  next: Readonly<PersistentVolumeClaim>,
  old: Readonly<PersistentVolumeClaim>,
): Errors {
  return [
    ...(sameValue(fixedPart(next, old), fixedPart(old, old))
      ? []
      : [forbidden('spec', SPEC_IS_FIXED)]),
    ...validateSize(next, old),
    ...unchanged('volumeMode', next.spec?.volumeMode, old.spec?.volumeMode),
  ];
}

/** What may not differ; the binder may still say which volume it is. */
function fixedPart({ spec }: Readonly<PersistentVolumeClaim>, old: PersistentVolumeClaim): object {
  const { volumeName, resources, volumeAttributesClassName, ...rest } = spec ?? {};
  const isOpen = (old.spec?.volumeName ?? '') === '';
  const isBound = old.status?.phase === 'Bound';
  const changeable = { requests: resources?.requests, volumeAttributesClassName };
  return {
    ...rest,
    limits: resources?.limits,
    ...(isOpen ? {} : { volumeName }),
    ...(isBound ? {} : changeable),
  };
}

const storageOf = (amounts: Readonly<Record<string, string>> | undefined) =>
  parseQuantity(amounts?.['storage'] ?? '0')!;

/** A wish may be taken back as far as the volume has not grown yet. */
function validateSize(
  next: Readonly<PersistentVolumeClaim>,
  old: Readonly<PersistentVolumeClaim>,
): Errors {
  const wanted = storageOf(next.spec?.resources?.requests);
  if (compareQuantities(wanted, storageOf(old.spec?.resources?.requests)) >= 0) return [];
  if (compareQuantities(wanted, storageOf(old.status?.capacity)) > 0) return [];
  return [
    forbidden('spec.resources.requests.storage', 'field can not be less than status.capacity'),
  ];
}
