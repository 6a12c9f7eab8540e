// Conditions of any object that has them.

import type { ApiObject } from '../watch.ts';
import { formatSection, orNone } from './outline.ts';

interface Condition {
  readonly type: string;
  readonly status: string;
  readonly reason?: string;
  readonly message?: string;
}

/** '' when there are none. */
export function conditionsText({ status }: ApiObject): string {
  const conditions = (status?.['conditions'] ?? []) as readonly Condition[];
  if (conditions.length === 0) return '';
  return formatSection('Conditions', [
    ['TYPE', 'STATUS', 'REASON', 'MESSAGE'],
    ...conditions.map(({ type, status: value, reason, message }) => [
      type,
      value,
      orNone(reason),
      orNone(message),
    ]),
  ]);
}
