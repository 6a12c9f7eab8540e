// Lays what an applier wants over an object, and takes fields out of one.

import type { JsonObject } from '../../request/body.ts';
import { isObject } from '../../request/body.ts';
import type { FieldSet } from './field-set.ts';
import { fieldElement } from './field-set.ts';
import { isListForm, isObjectForm, itemElement, itemsByElement, LEAF_TYPE } from './field-type.ts';
import type { FieldType } from './field-type.ts';

/** The object with what is wanted laid over it. Neither is changed; parts are shared. */
export function mergeWanted(live: unknown, wanted: unknown, type: FieldType): unknown {
  if (wanted === undefined) return live;
  if (isListForm(type) && Array.isArray(live) && Array.isArray(wanted)) {
    return mergeItems(live, wanted, type);
  }
  if (!isObjectForm(type) || !isObject(live) || !isObject(wanted)) return wanted;
  const merged = new Map(Object.entries(live));
  for (const [name, value] of Object.entries(wanted)) {
    const before = Object.hasOwn(live, name) ? live[name] : undefined;
    merged.set(name, mergeWanted(before, value, type.field(name) ?? LEAF_TYPE));
  }
  return Object.fromEntries(merged);
}

const elementOf = (type: FieldType, item: unknown): string => {
  const found = itemElement(type, item);
  return 'element' in found ? found.element : '';
};

/** Wanted items come in their order; those that only the object has stay ahead of what they preceded. */
function mergeItems(
  live: readonly unknown[],
  wanted: readonly unknown[],
  type: FieldType,
): unknown[] {
  const before = itemsByElement(type, live);
  const wants = new Set(wanted.map((item) => elementOf(type, item)));
  const shared = [...wants].filter((element) => before.has(element));
  const merged: unknown[] = [];
  let at = 0;
  const takeOthers = (until: string | undefined): void => {
    for (; at < live.length; at++) {
      const element = elementOf(type, live[at]);
      if (!wants.has(element)) merged.push(live[at]);
      else if (element === until) return;
    }
  };
  for (const item of wanted) {
    const element = elementOf(type, item);
    takeOthers(shared[0]);
    if (shared[0] === element) shared.shift();
    const same = before.get(element) ?? [];
    const isOne = same.length === 1 && type.form === 'keyed';
    merged.push(isOne ? mergeWanted(same[0], item, type.items()) : item);
  }
  takeOthers(undefined);
  return merged;
}

/** The value without the fields of the set and all below them. Undefined when nothing is left. */
export function withoutFields(value: unknown, set: FieldSet, type: FieldType): unknown {
  if (set.children.size === 0) return value;
  if (isListForm(type) && Array.isArray(value)) {
    const items = value.flatMap((item: unknown) => {
      const child = set.children.get(elementOf(type, item));
      if (child === undefined) return [item];
      return child.member ? [] : [withoutFields(item, child, type.items())];
    });
    return items.length === 0 ? undefined : items;
  }
  if (!isObjectForm(type) || !isObject(value)) return value;
  const kept: JsonObject = {};
  for (const [name, inner] of Object.entries(value)) {
    const child = set.children.get(fieldElement(name));
    if (child?.member === true) continue;
    const left =
      child === undefined ? inner : withoutFields(inner, child, type.field(name) ?? LEAF_TYPE);
    if (left !== undefined) Object.defineProperty(kept, name, { ...PLAIN, value: left });
  }
  return Object.keys(kept).length === 0 ? undefined : kept;
}

/** A key may be `__proto__`: it is defined, not assigned. */
const PLAIN = { writable: true, enumerable: true, configurable: true };
