// The merge rules of a kind, read from the schema that was derived from Kubernetes' own.

import type { SchemaField } from '../../objects/schema.ts';
import { schemaFields } from '../../objects/schema.ts';
import type { PatchSchema } from './patch-schema.ts';

/** Built once for each place of the schema. */
const built = new Map<string, PatchSchema>();
const ofFields = new WeakMap<SchemaField, PatchSchema>();

/** The rules of a definition such as `core.v1.PodSpec`; undefined for scalars. */
export function patchSchemaOf(definition: string): PatchSchema | undefined {
  const known = built.get(definition);
  if (known !== undefined) return known;
  const fields = schemaFields(definition);
  if (fields === undefined) return undefined;
  const schema: PatchSchema = {
    field: (name) => {
      const field = fields.get(name);
      return field === undefined ? undefined : patchSchemaOfField(field);
    },
    strategies: [],
  };
  built.set(definition, schema);
  return schema;
}

function patchSchemaOfField(field: SchemaField): PatchSchema {
  const known = ofFields.get(field);
  if (known !== undefined) return known;
  const inner = (): PatchSchema | undefined => patchSchemaOf(field.type);
  const schema: PatchSchema = {
    field: field.shape === 'map' ? inner : (name) => inner()?.field(name),
    items: inner,
    strategies: field.patchStrategies,
    ...(field.mergeKey === undefined ? {} : { mergeKey: field.mergeKey }),
  };
  ofFields.set(field, schema);
  return schema;
}
