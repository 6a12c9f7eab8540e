// Reads the fields of a review's body, with refusals in Kubernetes' words.

import type { JsonObject } from '../request/body.ts';
import { isObject } from '../request/body.ts';
import { badRequest } from '../status.ts';

const wrongType = (path: string, wanted: string, found: unknown) =>
  badRequest(`${path} must be ${wanted}, not ${JSON.stringify(found)?.slice(0, 256)}`);

/** '' when it is not there. Throws 400 for anything but a string. */
export function stringAt(object: JsonObject, path: string, name: string): string {
  const value = object[name] ?? '';
  if (typeof value !== 'string') throw wrongType(`${path}.${name}`, 'a string', value);
  return value;
}

/** Empty when it is not there. Throws 400 for anything but strings. */
export function stringsAt(object: JsonObject, path: string, name: string): readonly string[] {
  const value = object[name] ?? [];
  if (!Array.isArray(value) || value.some((one) => typeof one !== 'string')) {
    throw wrongType(`${path}.${name}`, 'a list of strings', value);
  }
  return value as string[];
}

/** Undefined when it is not there. Throws 400 for anything but an object. */
export function objectAt(object: JsonObject, path: string, name: string): JsonObject | undefined {
  const value = object[name] ?? undefined;
  if (value !== undefined && !isObject(value)) {
    throw wrongType(path === '' ? name : `${path}.${name}`, 'an object', value);
  }
  return value;
}
