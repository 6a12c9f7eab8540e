// What is wrong with a Node.

import type { Node, Taint } from 'kubernetes-types/core/v1.d.ts';
import { duplicate, forbidden, invalid } from '../field-errors.ts';
import type { FieldError } from '../field-errors.ts';
import { invalidBecause, oneOf } from '../field-rules.ts';
import { labelValueProblems, qualifiedNameProblems } from '../name-rules.ts';
import { parseQuantity } from '../quantity.ts';

const EFFECTS = ['NoExecute', 'NoSchedule', 'PreferNoSchedule'];

export function validateNode({ spec, status }: Readonly<Node>): readonly FieldError[] {
  const errors: FieldError[] = [];
  const seen = new Set<string>();
  for (const [i, taint] of (spec?.taints ?? []).entries()) {
    errors.push(...validateTaint(`spec.taints[${i}]`, taint));
    const mark = `${taint.key}:${taint.effect}`;
    if (seen.has(mark)) errors.push(duplicate(`spec.taints[${i}]`, taint));
    seen.add(mark);
  }
  for (const field of ['capacity', 'allocatable'] as const) {
    for (const [name, amount] of Object.entries(status?.[field] ?? {})) {
      const path = `status.${field}[${name}]`;
      errors.push(...invalidBecause(path, name, qualifiedNameProblems(name)));
      if ((parseQuantity(amount)?.nanos ?? 0n) < 0n) {
        errors.push(invalid(path, amount, 'must be greater than or equal to 0'));
      }
    }
  }
  return errors;
}

const validateTaint = (path: string, { key, value, effect }: Taint): readonly FieldError[] => [
  ...invalidBecause(`${path}.key`, key, qualifiedNameProblems(key)),
  ...invalidBecause(`${path}.value`, value, labelValueProblems(value ?? '')),
  ...oneOf(`${path}.effect`, effect, EFFECTS),
];

/** What identifies the machine stays once it is set. */
export function validateNodeUpdate(
  next: Readonly<Node>,
  old: Readonly<Node>,
): readonly FieldError[] {
  const errors: FieldError[] = [];
  for (const field of ['providerID', 'podCIDR'] as const) {
    const was = old.spec?.[field] ?? '';
    if (was !== '' && next.spec?.[field] !== was) {
      errors.push(forbidden(`spec.${field}`, 'node updates may not change it once it is set'));
    }
  }
  return errors;
}
