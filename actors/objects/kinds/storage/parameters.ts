// What is wrong with the parameters that a storage driver gets.

import { invalid, tooLong, tooMany } from '../../field-errors.ts';
import type { FieldError } from '../../field-errors.ts';

const COUNT_LIMIT = 512;
/** Keys and values together. */
const BYTES_LIMIT = 256 * 1_024;

export function validateParameters(
  parameters: Readonly<Record<string, string>> | undefined,
  path: string,
): readonly FieldError[] {
  const entries = Object.entries(parameters ?? {});
  if (entries.length > COUNT_LIMIT) return [tooMany(path, entries.length, COUNT_LIMIT)];
  const bytes = entries.reduce((sum, pair) => sum + Buffer.byteLength(pair.join('')), 0);
  return [
    ...(entries.some(([key]) => key === '') ? [invalid(path, '', 'field can not be empty.')] : []),
    ...(bytes > BYTES_LIMIT ? [tooLong(path, BYTES_LIMIT)] : []),
  ];
}
