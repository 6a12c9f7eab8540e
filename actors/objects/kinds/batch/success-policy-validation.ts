// What is wrong with the rules by which a Job succeeds before all of it did.

import type { JobSpec, SuccessPolicyRule } from 'kubernetes-types/batch/v1.d.ts';
import { invalid, required, tooLong, tooMany } from '../../field-errors.ts';
import type { FieldError } from '../../field-errors.ts';
import { notNegative } from '../../field-rules.ts';
import { parseIndexRanges } from './index-ranges.ts';

type Errors = readonly FieldError[];

const RULES_LIMIT = 20;
const INDEXES_LENGTH = 64 * 1024;

export function validateSuccessPolicy(spec: Readonly<JobSpec>, path: string): Errors {
  const policy = spec.successPolicy;
  if (policy === undefined) return [];
  const at = `${path}.successPolicy`;
  const errors: FieldError[] = [];
  if (spec.completionMode !== 'Indexed') {
    errors.push(invalid(at, policy, 'requires indexed completion mode'));
  }
  const { rules } = policy;
  if (rules.length === 0) {
    errors.push(
      required(
        `${at}.rules`,
        'at least one rules must be specified when the successPolicy is specified',
      ),
    );
  }
  if (rules.length > RULES_LIMIT) {
    return [...errors, tooMany(`${at}.rules`, rules.length, RULES_LIMIT)];
  }
  return [
    ...errors,
    ...rules.flatMap((rule, i) => validateRule(rule, spec.completions ?? 0, `${at}.rules[${i}]`)),
  ];
}

function validateRule(
  { succeededCount, succeededIndexes }: Readonly<SuccessPolicyRule>,
  completions: number,
  path: string,
): Errors {
  if (succeededCount === undefined && succeededIndexes === undefined) {
    const detail = 'at least one of succeededCount or succeededIndexes must be specified';
    return [required(path, detail)];
  }
  const errors: FieldError[] = [];
  let most = completions;
  let among = 'the number of specified completions';
  if (succeededIndexes !== undefined) {
    const at = `${path}.succeededIndexes`;
    if (succeededIndexes.length > INDEXES_LENGTH) return [tooLong(at, INDEXES_LENGTH)];
    const ranges = parseIndexRanges(succeededIndexes, completions);
    if (typeof ranges === 'string') {
      const detail = `error parsing succeededIndexes: ${ranges}`;
      return [invalid(at, succeededIndexes, detail)];
    }
    most = ranges.count;
    among = 'the number of indexes in the specified succeededIndexes field';
  }
  errors.push(...notNegative(`${path}.succeededCount`, succeededCount));
  if (succeededCount !== undefined && succeededCount > most) {
    const detail = `must be less than or equal to ${most} (${among})`;
    errors.push(invalid(`${path}.succeededCount`, succeededCount, detail));
  }
  return errors;
}
