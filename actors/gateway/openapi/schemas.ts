// Definitions as JSON schemas, in the dialects of OpenAPI v2 and v3.

import { schemaFields } from '../../objects/schema.ts';
import type { SchemaField } from '../../objects/schema.ts';
import type { JsonObject } from '../request/body.ts';
import type { GroupVersionKind } from './definition-names.ts';
import { publishedName } from './definition-names.ts';

export type Dialect = 'v2' | 'v3';

const PREFIX: Readonly<Record<Dialect, string>> = {
  v2: '#/definitions/',
  v3: '#/components/schemas/',
};

export const referenceTo = (dialect: Dialect, definition: string): JsonObject => ({
  $ref: PREFIX[dialect] + publishedName(definition)!,
});

const SPELLED_OUT: Readonly<Record<string, JsonObject>> = {
  string: { type: 'string' },
  boolean: { type: 'boolean' },
  int32: { type: 'integer', format: 'int32' },
  int64: { type: 'integer', format: 'int64' },
  float: { type: 'number', format: 'double' },
};

/** A scalar, or a pointer to where the definition is. */
const typeSchema = (dialect: Dialect, type: string): JsonObject =>
  publishedName(type) === undefined
    ? (SPELLED_OUT[type] ?? { type: 'object' })
    : referenceTo(dialect, type);

/** How lists and objects merge: strategic patches, server-side apply. */
function mergeRules(field: SchemaField): JsonObject {
  const { shape, listType, listKeys, patchStrategies, mergeKey, atomic } = field;
  const isList = shape === 'list' && (listType !== 'atomic' || patchStrategies.length === 0);
  return {
    ...(isList ? { 'x-kubernetes-list-type': listType } : {}),
    ...(listKeys.length === 0 ? {} : { 'x-kubernetes-list-map-keys': listKeys }),
    ...(patchStrategies.length === 0
      ? {}
      : { 'x-kubernetes-patch-strategy': patchStrategies.join(',') }),
    ...(mergeKey === undefined ? {} : { 'x-kubernetes-patch-merge-key': mergeKey }),
    ...(atomic ? { 'x-kubernetes-map-type': 'atomic' } : {}),
  };
}

function propertySchema(dialect: Dialect, field: SchemaField): JsonObject {
  const one = typeSchema(dialect, field.type);
  const rules = mergeRules(field);
  if (field.shape === 'list') return { type: 'array', items: one, ...rules };
  if (field.shape === 'map') return { type: 'object', additionalProperties: one, ...rules };
  // In v3 nothing may stand beside a reference.
  const isReference = dialect === 'v3' && one['$ref'] !== undefined;
  return isReference ? { allOf: [one], ...rules } : { ...one, ...rules };
}

/** The schema of a definition; of one whose shape is not known, an object that holds anything. */
export function definitionSchema(
  dialect: Dialect,
  definition: string,
  kinds: readonly GroupVersionKind[],
): JsonObject {
  const fields = schemaFields(definition);
  const named = kinds.length === 0 ? {} : { 'x-kubernetes-group-version-kind': kinds };
  if (fields === undefined) return { type: 'object', ...named };
  const required = [...fields].flatMap(([name, field]) => (field.required ? [name] : []));
  const properties = [...fields].map(
    ([name, field]) => [name, propertySchema(dialect, field)] as const,
  );
  return {
    type: 'object',
    ...(required.length === 0 ? {} : { required }),
    properties: Object.fromEntries(properties),
    ...named,
  };
}

/** The schema of the list of a kind. */
export function listSchema(dialect: Dialect, item: string, kind: GroupVersionKind): JsonObject {
  const metadata = referenceTo(dialect, 'meta.v1.ListMeta');
  return {
    type: 'object',
    required: ['items'],
    properties: {
      apiVersion: { type: 'string' },
      items: { type: 'array', items: referenceTo(dialect, item) },
      kind: { type: 'string' },
      metadata: dialect === 'v3' ? { allOf: [metadata] } : metadata,
    },
    'x-kubernetes-group-version-kind': [kind],
  };
}

/** Scalars that are definitions of their own, and where v2 and v3 tell them apart. */
export const SCALAR_SCHEMAS: Readonly<Record<Dialect, Readonly<Record<string, JsonObject>>>> = {
  v2: {
    time: { type: 'string', format: 'date-time' },
    microtime: { type: 'string', format: 'date-time' },
    quantity: { type: 'string' },
    'int-or-string': { type: 'string', format: 'int-or-string' },
  },
  v3: {
    time: { type: 'string', format: 'date-time' },
    microtime: { type: 'string', format: 'date-time' },
    quantity: { oneOf: [{ type: 'string' }, { type: 'number' }] },
    'int-or-string': { format: 'int-or-string', oneOf: [{ type: 'integer' }, { type: 'string' }] },
  },
};

/** What a definition refers to directly. */
export const referencesOf = (definition: string): readonly string[] => [
  ...new Set(
    [...(schemaFields(definition)?.values() ?? [])]
      .map(({ type }) => type)
      .filter((type) => publishedName(type) !== undefined),
  ),
];
