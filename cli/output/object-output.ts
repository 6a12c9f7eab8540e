// Objects as YAML, JSON or names.

import { stringify } from 'yaml';
import { wrongUsage } from '../failure.ts';
import { fullName } from '../resources.ts';
import type { Resource } from '../resources.ts';
import type { ApiObject } from '../watch.ts';

export type OutputFormat = 'table' | 'wide' | 'json' | 'yaml' | 'name';

const FORMATS: readonly string[] = ['wide', 'json', 'yaml', 'name'];

/** What -o says. Throws wrong usage for formats that are not known. */
export function outputFormat(given: string | undefined, command: string): OutputFormat {
  if (given === undefined || given === '') return 'table';
  if (FORMATS.includes(given)) return given as OutputFormat;
  throw wrongUsage(`-o ${given} is not a format: take ${FORMATS.join(', ')}.`, command);
}

/** Any value as a document. */
export const formatValue = (value: unknown, format: 'json' | 'yaml'): string =>
  format === 'json'
    ? `${JSON.stringify(value, undefined, 4)}\n`
    : stringify(value, { lineWidth: 0, aliasDuplicateObjects: false });

/** Who manages which field is long and for machines. */
function withoutManagers(object: ApiObject): ApiObject {
  if (object.metadata === undefined || !('managedFields' in object.metadata)) return object;
  const { managedFields: _hidden, ...metadata } = object.metadata;
  return { ...object, metadata };
}

/** One object as itself, several as a List. */
export function formatObjects(
  objects: readonly { readonly resource: Resource; readonly object: ApiObject }[],
  format: 'json' | 'yaml' | 'name',
  isOne: boolean,
): string {
  if (format === 'name') {
    return objects
      .map(({ resource, object }) => `${fullName(resource, object.metadata?.name ?? '')}\n`)
      .join('');
  }
  const items = objects.map(({ object }) => withoutManagers(object));
  if (isOne) return formatValue(items[0], format);
  return formatValue({ apiVersion: 'v1', items, kind: 'List', metadata: {} }, format);
}
