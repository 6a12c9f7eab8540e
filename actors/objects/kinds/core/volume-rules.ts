// What PersistentVolumes and PersistentVolumeClaims share.

import { forbidden, invalid, notSupported } from '../../field-errors.ts';
import type { FieldError } from '../../field-errors.ts';
import type { KubernetesObject } from '../../kinds.ts';
import { parseQuantity } from '../../quantity.ts';

type Errors = readonly FieldError[];

/** In the order in which they are printed, with their short forms. */
const ACCESS_MODES = {
  ReadWriteOnce: 'RWO',
  ReadOnlyMany: 'ROX',
  ReadWriteMany: 'RWX',
  ReadWriteOncePod: 'RWOP',
} as const;

export const VOLUME_MODES = ['Block', 'Filesystem'];

/** What the storage class was called before it had a field. */
const CLASS_ANNOTATION = 'volume.beta.kubernetes.io/storage-class';

/** `RWO,ROX`. */
export const accessModesText = (modes: readonly string[] = []): string =>
  Object.entries(ACCESS_MODES)
    .filter(([mode]) => modes.includes(mode))
    .map(([, short]) => short)
    .join(',');

export const storageClassOf = (
  object: KubernetesObject & { readonly spec?: { readonly storageClassName?: string } },
): string =>
  object.metadata?.annotations?.[CLASS_ANNOTATION] ?? object.spec?.storageClassName ?? '';

/** The phase, or that the object is going. */
export const phaseText = (
  object: KubernetesObject & { readonly status?: { readonly phase?: string } },
): string =>
  object.metadata?.deletionTimestamp === undefined ? (object.status?.phase ?? '') : 'Terminating';

export function validateAccessModes(path: string, modes: readonly string[]): Errors {
  const supported = Object.keys(ACCESS_MODES);
  const errors = modes
    .filter((mode) => !supported.includes(mode))
    .map((mode) => notSupported(path, mode, supported));
  if (modes.length > 1 && modes.includes('ReadWriteOncePod')) {
    errors.push(forbidden(path, 'may not use ReadWriteOncePod with other access modes'));
  }
  return errors;
}

/** Storage of no size is none. */
export const validatePositive = (path: string, amount: string): Errors =>
  (parseQuantity(amount)?.nanos ?? 1n) > 0n
    ? []
    : [invalid(path, amount, 'must be greater than zero')];
