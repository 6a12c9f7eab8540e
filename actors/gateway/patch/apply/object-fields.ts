// The fields that an object sets, which is what its applier comes to own.

import { isObject } from '../../request/body.ts';
import { elementText, EMPTY, fieldSet, LEAF } from './field-set.ts';
import type { FieldSet } from './field-set.ts';
import {
  entriesByElement,
  isListForm,
  isObjectForm,
  itemElement,
  itemsByElement,
  LEAF_TYPE,
} from './field-type.ts';
import type { FieldType } from './field-type.ts';

/** What the object sets: its leaves, its items and its empty objects. */
export function fieldsOf(value: unknown, type: FieldType): FieldSet {
  if (isListForm(type)) return Array.isArray(value) ? fieldsOfItems(value, type) : EMPTY;
  if (!isObjectForm(type)) return LEAF;
  if (!isObject(value)) return EMPTY;
  const children = new Map<string, FieldSet>();
  for (const [element, name, inner] of entriesByElement(value)) {
    const child = fieldsOf(inner, type.field(name) ?? LEAF_TYPE);
    const isBare = inner === null || (isObject(inner) && Object.keys(inner).length === 0);
    const member = child.member || isBare || type.form === 'map';
    if (member || child.children.size > 0) children.set(element, fieldSet(member, child.children));
  }
  return fieldSet(false, children);
}

function fieldsOfItems(list: readonly unknown[], type: FieldType): FieldSet {
  const children = new Map<string, FieldSet>();
  for (const [element, items] of itemsByElement(type, list)) {
    // Items that share an element can only be owned together.
    const inner =
      items.length === 1 && type.form === 'keyed' ? fieldsOf(items[0], type.items()) : LEAF;
    children.set(element, fieldSet(true, inner.children));
  }
  return fieldSet(false, children);
}

/** A set that also holds the named fields on the way to its members. */
export function withNamedFields(set: FieldSet, type: FieldType): FieldSet {
  if (set.children.size === 0) return set;
  const children = new Map<string, FieldSet>();
  for (const [element, child] of set.children) {
    const isField = element.startsWith('f:');
    const inner = isField ? type.field(element.slice(2)) : type.items();
    const isNamed = isField && type.form === 'struct' && inner !== undefined;
    const below = withNamedFields(child, inner ?? LEAF_TYPE);
    children.set(element, fieldSet(child.member || isNamed, below.children));
  }
  return fieldSet(set.member, children);
}

/** What keeps a list of the object from being merged: an item without its keys, or two of the same. */
export function listProblem(value: unknown, type: FieldType, path = ''): string | undefined {
  if (isListForm(type)) return Array.isArray(value) ? itemProblem(value, type, path) : undefined;
  if (!isObjectForm(type) || !isObject(value)) return undefined;
  for (const [name, inner] of Object.entries(value)) {
    const problem = listProblem(inner, type.field(name) ?? LEAF_TYPE, `${path}.${name}`);
    if (problem !== undefined) return problem;
  }
  return undefined;
}

function itemProblem(list: readonly unknown[], type: FieldType, path: string): string | undefined {
  const seen = new Set<string>();
  for (const [index, item] of list.entries()) {
    const found = itemElement(type, item);
    if ('problem' in found) return `${path}: element ${index}: ${found.problem}`;
    const { element } = found;
    if (seen.has(element)) return `${path}: duplicate entries for key ${elementText(element)}`;
    seen.add(element);
    const problem = listProblem(item, type.items(), `${path}[${index}]`);
    if (problem !== undefined) return problem;
  }
  return undefined;
}
