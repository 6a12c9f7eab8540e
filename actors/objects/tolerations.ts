// Whether a toleration bears a taint.

import type { Taint, Toleration } from 'kubernetes-types/core/v1.d.ts';

/** An empty key with Exists bears every taint, an empty effect every effect. */
export function tolerates(toleration: Toleration, taint: Taint): boolean {
  const { key, operator, value, effect } = toleration;
  if (effect !== undefined && effect !== '' && effect !== taint.effect) return false;
  if (key === undefined || key === '') return operator === 'Exists';
  if (key !== taint.key) return false;
  return operator === 'Exists' || (value ?? '') === (taint.value ?? '');
}
