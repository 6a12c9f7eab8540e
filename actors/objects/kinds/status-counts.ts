// What is wrong with the numbers of a status.

import { invalid } from '../field-errors.ts';
import type { FieldError } from '../field-errors.ts';
import { notNegative } from '../field-rules.ts';

type Errors = readonly FieldError[];

/** None is negative, and collisionCount never goes back. */
export function validateCounts<F extends string>(
  status: { readonly [K in F]?: number } | undefined,
  fields: readonly F[],
  oldCollisionCount?: number,
): Errors {
  const errors = fields.flatMap((field) => notNegative(`status.${field}`, status?.[field]));
  const { collisionCount } = (status ?? {}) as { readonly collisionCount?: number };
  if (oldCollisionCount === undefined || (collisionCount ?? -1) >= oldCollisionCount) return errors;
  const found = collisionCount ?? null;
  return [...errors, invalid('status.collisionCount', found, 'cannot be decremented')];
}

/** A part of the replicas cannot be more than the whole. */
export function notMoreThan<F extends string, W extends string>(
  status: { readonly [K in F | W]?: number } | undefined,
  part: F,
  whole: W,
): Errors {
  const found = status?.[part] ?? 0;
  return found <= (status?.[whole] ?? 0)
    ? []
    : [invalid(`status.${part}`, found, `cannot be greater than status.${whole}`)];
}
