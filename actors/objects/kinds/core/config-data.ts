// What ConfigMaps and Secrets share: rules for keys, sizes, and data that may not change any more.

import { forbidden } from '../../field-errors.ts';
import type { FieldError } from '../../field-errors.ts';
import { invalidBecause, sameValue } from '../../field-rules.ts';

type Errors = readonly FieldError[];

/** Of all values of one object together. */
export const DATA_LIMIT_BYTES = 1024 * 1024;

const KEY_LENGTH = 253;
const KEY = /^[-._a-zA-Z0-9]+$/;
const KEY_PROBLEM =
  "a valid config key must consist of alphanumeric characters, '-', '_' or '.' " +
  "(e.g. 'key.name',  or 'KEY_NAME',  or 'key-name', regex used for validation is '[-._a-zA-Z0-9]+')";

/** Keys become names of files, so none may lead out of its directory. */
function keyProblems(key: string): readonly string[] {
  const problems: string[] = [];
  if (key.length > KEY_LENGTH) problems.push(`must be no more than ${KEY_LENGTH} characters`);
  if (!KEY.test(key)) problems.push(KEY_PROBLEM);
  if (key === '.') problems.push("must not be '.'");
  else if (key === '..') problems.push("must not be '..'");
  else if (key.startsWith('..')) problems.push("must not start with '..'");
  return problems;
}

export const validateKeys = (path: string, data: Readonly<Record<string, string>> = {}): Errors =>
  Object.keys(data).flatMap((key) => invalidBecause(`${path}[${key}]`, key, keyProblems(key)));

/** Bytes of values that are text. */
export const textBytes = (data: Readonly<Record<string, string>> = {}): number =>
  Object.values(data).reduce((sum, value) => sum + Buffer.byteLength(value), 0);

/** Bytes of values that are base64. */
export const decodedBytes = (data: Readonly<Record<string, string>> = {}): number =>
  Object.values(data).reduce((sum, value) => sum + Buffer.byteLength(value, 'base64'), 0);

interface Sealable {
  readonly immutable?: boolean;
}

/** Once `immutable` is set it stays, and so does the data. */
export function validateSealed<T extends Sealable>(
  next: T,
  old: Readonly<T>,
  dataFields: readonly (keyof T & string)[],
): Errors {
  if (old.immutable !== true) return [];
  const why = 'field is immutable when `immutable` is set';
  return [
    ...(next.immutable === true ? [] : [forbidden('immutable', why)]),
    ...dataFields.flatMap((field) =>
      sameValue(next[field], old[field]) ? [] : [forbidden(field, why)],
    ),
  ];
}
