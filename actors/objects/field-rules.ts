// Small rules on fields that the validations of several kinds share.

import type { LabelSelector } from 'kubernetes-types/meta/v1.d.ts';
import { invalid, forbidden, notSupported, required } from './field-errors.ts';
import type { FieldError } from './field-errors.ts';
import {
  labelValueProblems,
  portProblems,
  portNameProblems,
  qualifiedNameProblems,
} from './name-rules.ts';

type Errors = readonly FieldError[];

/** One error for each problem that a name rule found. */
export const invalidBecause = (path: string, value: unknown, problems: readonly string[]): Errors =>
  problems.map((problem) => invalid(path, value, problem));

/** Required, and as the rule wants it. */
export const requiredName = (
  path: string,
  value: string | undefined,
  rule: (value: string) => readonly string[],
): Errors =>
  value === undefined || value === '' ? [required(path)] : invalidBecause(path, value, rule(value));

/** As the rule wants it, if it is there. */
export const optionalName = (
  path: string,
  value: string | undefined,
  rule: (value: string) => readonly string[],
): Errors => (value === undefined || value === '' ? [] : invalidBecause(path, value, rule(value)));

export const atLeast = (path: string, value: number | undefined, least: number): Errors =>
  value === undefined || value >= least
    ? []
    : [invalid(path, value, `must be greater than ${least === 1 ? '0' : `or equal to ${least}`}`)];

export const notNegative = (path: string, value: number | undefined): Errors =>
  atLeast(path, value, 0);

/** Absent is fine: defaults come first. */
export const oneOf = (
  path: string,
  value: string | undefined,
  supported: readonly string[],
): Errors =>
  value === undefined || supported.includes(value) ? [] : [notSupported(path, value, supported)];

/** A port's number, or the name of a container's port. */
export const portNumberOrName = (path: string, value: number | string | undefined): Errors =>
  value === undefined
    ? [required(path)]
    : typeof value === 'number'
      ? invalidBecause(path, value, portProblems(value))
      : invalidBecause(path, value, portNameProblems(value));

export function validateLabels(
  path: string,
  labels: Readonly<Record<string, string>> | undefined,
): Errors {
  return Object.entries(labels ?? {}).flatMap(([key, value]) => [
    ...invalidBecause(path, key, qualifiedNameProblems(key)),
    ...invalidBecause(path, value, labelValueProblems(value)),
  ]);
}

const OPERATORS = ['In', 'NotIn', 'Exists', 'DoesNotExist'];

export function validateLabelSelector(path: string, selector: LabelSelector | undefined): Errors {
  const errors = [...validateLabels(`${path}.matchLabels`, selector?.matchLabels)];
  for (const [i, { key, operator, values = [] }] of (selector?.matchExpressions ?? []).entries()) {
    const at = `${path}.matchExpressions[${i}]`;
    errors.push(...invalidBecause(`${at}.key`, key, qualifiedNameProblems(key ?? '')));
    errors.push(...validateValues(at, operator, values, OPERATORS));
    for (const [j, value] of values.entries()) {
      errors.push(...invalidBecause(`${at}.values[${j}]`, value, labelValueProblems(value)));
    }
  }
  return errors;
}

/** In and NotIn need values, Exists and DoesNotExist refuse them, Gt and Lt want one. */
export function validateValues(
  path: string,
  operator: string,
  values: readonly string[],
  operators: readonly string[],
): Errors {
  switch (operators.includes(operator) ? operator : '') {
    case 'In':
    case 'NotIn':
      if (values.length > 0) return [];
      return [required(`${path}.values`, "must be specified when `operator` is 'In' or 'NotIn'")];
    case 'Exists':
    case 'DoesNotExist':
      if (values.length === 0) return [];
      return [
        forbidden(
          `${path}.values`,
          "may not be specified when `operator` is 'Exists' or 'DoesNotExist'",
        ),
      ];
    case '':
      return [invalid(`${path}.operator`, operator, 'not a valid selector operator')];
    default:
      if (values.length === 1) return [];
      return [
        required(
          `${path}.values`,
          "must be specified single value when `operator` is 'Lt' or 'Gt'",
        ),
      ];
  }
}

const IMMUTABLE = 'field is immutable';

/** Both are the same value of JSON; a missing one equals an empty list or object. */
export const unchanged = (path: string, next: unknown, old: unknown): Errors =>
  sameValue(next, old) ? [] : [invalid(path, next, IMMUTABLE)];

/** Are these the same value of JSON? Order of keys does not count; absent equals undefined. */
export function sameValue(left: unknown, right: unknown): boolean {
  if (left === right) return true;
  if (typeof left !== 'object' || typeof right !== 'object') return isNothing(left, right);
  if (left === null || right === null || Array.isArray(left) !== Array.isArray(right)) {
    return isNothing(left, right);
  }
  const keys = new Set([...Object.keys(left), ...Object.keys(right)]);
  const [one, other] = [left as Record<string, unknown>, right as Record<string, unknown>];
  return [...keys].every((key) => sameValue(one[key], other[key]));
}

const isNothing = (left: unknown, right: unknown): boolean =>
  [left, right].every(
    (value) =>
      value === undefined ||
      value === null ||
      (typeof value === 'object' && Object.keys(value).length === 0),
  );
