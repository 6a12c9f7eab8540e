// What tells two states of an object apart, as sets of fields.

import { sameValue } from '../../../objects/field-rules.ts';
import { isObject } from '../../request/body.ts';
import { draftFieldSet, fieldElement, isEmpty } from './field-set.ts';
import type { FieldSet, FieldSetDraft } from './field-set.ts';
import { isListForm, isObjectForm, itemsByElement, LEAF_TYPE } from './field-type.ts';
import type { FieldType } from './field-type.ts';

export interface Comparison {
  readonly added: FieldSet;
  readonly modified: FieldSet;
  readonly removed: FieldSet;
}

interface Walk {
  readonly added: FieldSetDraft;
  readonly modified: FieldSetDraft;
  readonly removed: FieldSetDraft;
  /** Where the walk is. */
  readonly path: string[];
}

/** From `old` to `next`. Parents of what is added or removed count as well when they come or go. */
export function compare(old: unknown, next: unknown, type: FieldType): Comparison {
  const walk: Walk = {
    added: draftFieldSet(),
    modified: draftFieldSet(),
    removed: draftFieldSet(),
    path: [],
  };
  compareAt(walk, old, next, type);
  return { added: walk.added.done(), modified: walk.modified.done(), removed: walk.removed.done() };
}

export const isSame = ({ added, modified, removed }: Comparison): boolean =>
  isEmpty(added) && isEmpty(modified) && isEmpty(removed);

function compareAt(walk: Walk, old: unknown, next: unknown, type: FieldType): void {
  if ((old === undefined && next === undefined) || old === next) return;
  if (isLeafFor(old, next, type)) return compareLeaf(walk, old, next);
  if (isListForm(type)) compareItems(walk, listOf(old), listOf(next), type);
  else compareFields(walk, objectOf(old), objectOf(next), type);
  if (type.alwaysThere) return;
  if (old === undefined) walk.added.insert(walk.path);
  else if (next === undefined) walk.removed.insert(walk.path);
}

const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);
const objectOf = (value: unknown): Readonly<Record<string, unknown>> =>
  isObject(value) ? value : {};

/** Atomic, or empty on both sides, so that coming and going of the empty value is seen. */
function isLeafFor(old: unknown, next: unknown, type: FieldType): boolean {
  if (isListForm(type)) return listOf(old).length === 0 && listOf(next).length === 0;
  if (!isObjectForm(type)) return true;
  return Object.keys(objectOf(old)).length === 0 && Object.keys(objectOf(next)).length === 0;
}

function compareLeaf(walk: Walk, old: unknown, next: unknown): void {
  if (old === undefined) walk.added.insert(walk.path);
  else if (next === undefined) walk.removed.insert(walk.path);
  else if (!sameValue(old, next)) walk.modified.insert(walk.path);
}

function compareFields(
  walk: Walk,
  old: Readonly<Record<string, unknown>>,
  next: Readonly<Record<string, unknown>>,
  type: FieldType,
): void {
  for (const name of new Set([...Object.keys(old), ...Object.keys(next)])) {
    walk.path.push(fieldElement(name));
    const [was, is] = [own(old, name), own(next, name)];
    compareAt(walk, was, is, type.field(name) ?? LEAF_TYPE);
    walk.path.pop();
  }
}

const own = (object: Readonly<Record<string, unknown>>, name: string): unknown =>
  Object.hasOwn(object, name) ? object[name] : undefined;

function compareItems(
  walk: Walk,
  old: readonly unknown[],
  next: readonly unknown[],
  type: FieldType,
): void {
  const [before, after] = [itemsByElement(type, old), itemsByElement(type, next)];
  for (const element of new Set([...before.keys(), ...after.keys()])) {
    const [was = [], is = []] = [before.get(element), after.get(element)];
    walk.path.push(element);
    if (was.length <= 1 && is.length <= 1) compareAt(walk, was[0], is[0], type.items());
    else compareLeaf(walk, was.length === 0 ? undefined : was, is.length === 0 ? undefined : is);
    walk.path.pop();
  }
}
