// What is wrong with a number of pods that may be a percentage of them.

import { invalid } from '../field-errors.ts';
import type { FieldError } from '../field-errors.ts';
import { notNegative } from '../field-rules.ts';

/** Absent is none of them. */
export const isZeroShare = (share: number | string | undefined): boolean =>
  share === undefined || Number.parseInt(String(share), 10) === 0;

/** A number of pods or a percentage of them. */
export function validateShare(
  path: string,
  share: number | string | undefined,
  mostPercent?: number,
): readonly FieldError[] {
  if (typeof share !== 'string') return notNegative(path, share);
  if (!/^[0-9]+%$/.test(share)) {
    const detail =
      "a valid percent string must be a numeric string followed by an ending '%' (e.g. '1%',  or '93%', regex used for validation is '[0-9]+%')";
    return [invalid(path, share, detail)];
  }
  return mostPercent !== undefined && Number.parseInt(share, 10) > mostPercent
    ? [invalid(path, share, 'must not be greater than 100%')]
    : [];
}
