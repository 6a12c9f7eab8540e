// How the fields of a type are owned: one by one, by item, or whole. Read from the schema of the kinds.

import { schemaFields } from '../../../objects/schema.ts';
import type { SchemaField } from '../../../objects/schema.ts';
import { isObject } from '../../request/body.ts';
import { fieldElement, keyElement, valueElement } from './field-set.ts';

export interface FieldType {
  /** leaf: owned whole. struct: by named field. map: by key. set: by value. keyed: by items, told apart by `keys`. */
  readonly form: 'leaf' | 'struct' | 'map' | 'set' | 'keyed';
  /** Of a field of a struct; of any value of a map. Undefined for a field that the schema does not have. */
  readonly field: (name: string) => FieldType | undefined;
  /** Of the items of a list. */
  readonly items: () => FieldType;
  readonly keys: readonly string[];
  /** Is it there in every object, if only empty? Then nobody owns that it is there. */
  readonly alwaysThere: boolean;
}

export const LEAF_TYPE: FieldType = {
  form: 'leaf',
  field: () => undefined,
  items: () => LEAF_TYPE,
  keys: [],
  alwaysThere: false,
};

/** Parts that Kubernetes writes in every object that has them, beside the required ones. */
const ALWAYS_THERE: ReadonlySet<string> = new Set([
  'loadBalancer',
  'metadata',
  'resources',
  'spec',
  'status',
  'strategy',
  'template',
  'updateStrategy',
]);

/** Keys that an item may leave out, since they have a default. */
const KEY_DEFAULTS: Readonly<Record<string, string>> = { protocol: 'TCP' };

const structs = new Map<string, FieldType>();
const ofFields = new WeakMap<SchemaField, FieldType>();

/** The type of a definition such as `core.v1.Pod`; a leaf for scalars. */
export function fieldTypeOf(definition: string): FieldType {
  const known = structs.get(definition);
  if (known !== undefined) return known;
  const fields = schemaFields(definition);
  if (fields === undefined) return LEAF_TYPE;
  const type: FieldType = {
    ...LEAF_TYPE,
    form: 'struct',
    field: (name) => {
      const field = fields.get(name);
      return field === undefined ? undefined : typeOfField(name, field);
    },
  };
  structs.set(definition, type);
  return type;
}

function typeOfField(name: string, field: SchemaField): FieldType {
  const known = ofFields.get(field);
  if (known !== undefined) return known;
  const alwaysThere = field.required || ALWAYS_THERE.has(name);
  const type = { ...shapeOf(field), alwaysThere };
  ofFields.set(field, type);
  return type;
}

function shapeOf(field: SchemaField): FieldType {
  if (field.shape === 'list') {
    if (field.listType === 'atomic') return LEAF_TYPE;
    if (field.listType === 'set') return { ...LEAF_TYPE, form: 'set' };
    const items = (): FieldType => (field.atomic ? LEAF_TYPE : fieldTypeOf(field.type));
    return { ...LEAF_TYPE, form: 'keyed', keys: field.listKeys, items };
  }
  if (field.atomic) return LEAF_TYPE;
  if (field.shape === 'map') {
    return { ...LEAF_TYPE, form: 'map', field: () => fieldTypeOf(field.type) };
  }
  return fieldTypeOf(field.type);
}

/** The element of an item of a set or keyed list; a text in words for an item that has none. */
export function itemElement(
  type: FieldType,
  item: unknown,
): { readonly element: string } | { readonly problem: string } {
  if (type.form === 'set') {
    if (item !== null && typeof item !== 'object') return { element: valueElement(item) };
    return { problem: 'a set may only hold scalars' };
  }
  if (!isObject(item))
    return { problem: 'associative list with keys may not have non-map elements' };
  const keys: [string, unknown][] = [];
  for (const key of type.keys) {
    const value = item[key] ?? KEY_DEFAULTS[key];
    if (value === undefined) {
      return {
        problem: `associative list with keys has an element that omits key field ${JSON.stringify(key)} (and doesn't have default value)`,
      };
    }
    keys.push([key, value]);
  }
  return { element: keyElement(keys) };
}

/** The items by element, in order. Items without an element have none and are left out. */
export function itemsByElement(
  type: FieldType,
  list: readonly unknown[],
): ReadonlyMap<string, readonly unknown[]> {
  const items = new Map<string, unknown[]>();
  for (const item of list) {
    const found = itemElement(type, item);
    if (!('element' in found)) continue;
    const same = items.get(found.element);
    if (same === undefined) items.set(found.element, [item]);
    else same.push(item);
  }
  return items;
}

/** The entries of an object by element; absent values are no entries. */
export const entriesByElement = (
  object: Readonly<Record<string, unknown>>,
): (readonly [string, string, unknown])[] =>
  Object.entries(object).flatMap(([name, value]) =>
    value === undefined ? [] : [[fieldElement(name), name, value] as const],
  );

export const isListForm = ({ form }: FieldType): boolean => form === 'set' || form === 'keyed';
export const isObjectForm = ({ form }: FieldType): boolean => form === 'struct' || form === 'map';
