// Strategic merge patch: lists of objects merge by key, with directives to delete, replace, order and retain.

import type { JsonObject } from '../request/body.ts';
import { isObject } from '../request/body.ts';
import { badRequest } from '../status.ts';
import type { Identity } from './list-order.ts';
import { orderElements } from './list-order.ts';
import type { PatchSchema } from './patch-schema.ts';

const DIRECTIVE = '$patch';
const RETAIN_KEYS = '$retainKeys';
const DELETE_FROM = '$deleteFromPrimitiveList/';
const ORDER_OF = '$setElementOrder/';

const isDirective = (key: string): boolean =>
  key === DIRECTIVE ||
  key === RETAIN_KEYS ||
  key.startsWith(DELETE_FROM) ||
  key.startsWith(ORDER_OF);

/** The element's identity in a list that is merged by `mergeKey`, or by value without one. */
const identityBy =
  (mergeKey: string | undefined): Identity =>
  (element) =>
    mergeKey === undefined || !isObject(element) ? element : element[mergeKey];

function listOf(value: unknown, key: string): readonly unknown[] {
  if (!Array.isArray(value)) throw badRequest(`invalid patch: ${key} must be a list`);
  return value as readonly unknown[];
}

/** What a patch leaves where there was nothing: without nulls and directives. */
function settle(value: unknown): unknown {
  if (Array.isArray(value)) {
    return value
      .filter((element) => !(isObject(element) && element[DIRECTIVE] === 'delete'))
      .map(settle);
  }
  if (!isObject(value)) return value;
  const kept = Object.entries(value).filter(([key, child]) => child !== null && !isDirective(key));
  return Object.fromEntries(kept.map(([key, child]) => [key, settle(child)]));
}

/** Keeps only the fields that $retainKeys names. */
function retained(target: JsonObject, patch: JsonObject): JsonObject {
  if (!Object.hasOwn(patch, RETAIN_KEYS)) return target;
  const keys = new Set(listOf(patch[RETAIN_KEYS], RETAIN_KEYS));
  const stray = Object.keys(patch).find(
    (key) => patch[key] !== null && !isDirective(key) && !keys.has(key),
  );
  if (stray !== undefined) {
    throw badRequest(`invalid patch: ${RETAIN_KEYS} does not list ${JSON.stringify(stray)}`);
  }
  return Object.fromEntries(Object.entries(target).filter(([key]) => keys.has(key)));
}

/** Takes the elements with {$patch: delete} out, and says whether {$patch: replace} asks for a fresh list. */
function listDirectives(
  target: readonly unknown[],
  patch: readonly unknown[],
  mergeKey: string,
): { readonly target: readonly unknown[]; readonly patch: readonly unknown[] } {
  const identity = identityBy(mergeKey);
  const plain: unknown[] = [];
  const deleted: unknown[] = [];
  let replaces = false;
  for (const element of patch) {
    const directive = isObject(element) ? element[DIRECTIVE] : undefined;
    if (directive === undefined) plain.push(element);
    else if (directive === 'replace') replaces = true;
    else if (directive === 'delete') {
      if (identity(element) === undefined) {
        throw badRequest(`invalid patch: {"$patch":"delete"} needs the merge key ${mergeKey}`);
      }
      deleted.push(identity(element));
    } else if (directive === 'merge') plain.push(settleDirective(element as JsonObject));
    else throw badRequest(`invalid patch: unknown $patch ${JSON.stringify(directive)} in a list`);
  }
  if (replaces) return { target: [], patch: plain };
  return { target: target.filter((element) => !deleted.includes(identity(element))), patch: plain };
}

function settleDirective(element: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(element).filter(([key]) => key !== DIRECTIVE));
}

function mergeObjects(
  target: readonly unknown[],
  patch: readonly unknown[],
  mergeKey: string,
  items: PatchSchema | undefined,
): readonly unknown[] {
  const merged = [...target];
  const identity = identityBy(mergeKey);
  const places = new Map(merged.map((element, index) => [identity(element), index]));
  for (const element of patch) {
    if (!isObject(element)) throw badRequest('invalid patch: the list must hold objects');
    const id = element[mergeKey];
    if (id === undefined || id === null) {
      throw badRequest(
        `invalid patch: an element ${JSON.stringify(element).slice(0, 120)} ` +
          `does not contain the merge key: ${mergeKey}`,
      );
    }
    const at = places.get(id);
    if (at === undefined) {
      places.set(id, merged.length);
      merged.push(settle(element));
    } else merged[at] = mergeMap(merged[at], element, items);
  }
  return merged;
}

/** Merges a list whose type says so; `order` is what $setElementOrder asked for. */
function mergeList(
  before: readonly unknown[],
  given: readonly unknown[],
  schema: PatchSchema,
  order: readonly unknown[] | undefined,
): unknown[] {
  const mergeKey = schema.mergeKey;
  if (mergeKey === undefined) {
    const merged = [...before, ...given.filter((element) => !before.includes(element))];
    return orderElements([...new Set(merged)], order ?? given, before, identityBy(undefined));
  }
  const { target, patch } = listDirectives(before, given, mergeKey);
  const merged = mergeObjects(target, patch, mergeKey, schema.items?.());
  return orderElements(merged, order ?? patch, before, identityBy(mergeKey));
}

/** The value of one field after the patch, or undefined when it is removed. */
function mergeField(
  before: unknown,
  given: unknown,
  schema: PatchSchema | undefined,
  order: readonly unknown[] | undefined,
): unknown {
  if (given === null) return undefined;
  const strategies = schema?.strategies ?? [];
  if (isObject(given)) {
    if (strategies.includes('replace') && !strategies.includes('retainKeys')) return settle(given);
    return mergeMap(before, given, schema);
  }
  if (Array.isArray(given) && schema !== undefined && strategies.includes('merge')) {
    return mergeList(Array.isArray(before) ? before : [], given, schema, order);
  }
  return settle(given);
}

/** Fields of the patch's $deleteFromPrimitiveList directives, applied first. */
function withoutDeleted(target: JsonObject, patch: JsonObject): Map<string, unknown> {
  const result = new Map(Object.entries(target));
  for (const [key, value] of Object.entries(patch)) {
    if (!key.startsWith(DELETE_FROM)) continue;
    const field = key.slice(DELETE_FROM.length);
    const dropped = listOf(value, key);
    const before = result.get(field);
    if (Array.isArray(before)) {
      result.set(
        field,
        before.filter((element) => !dropped.includes(element)),
      );
    }
  }
  return result;
}

function mergeMap(target: unknown, patch: JsonObject, schema: PatchSchema | undefined): JsonObject {
  const directive = patch[DIRECTIVE];
  if (directive === 'replace') return settle(patch) as JsonObject;
  if (directive === 'delete') return {};
  if (directive !== undefined && directive !== 'merge') {
    throw badRequest(`invalid patch: unknown $patch ${JSON.stringify(directive)}`);
  }
  const before = isObject(target) ? target : {};
  const result = withoutDeleted(retained(before, patch), patch);
  const orders = new Map<string, readonly unknown[]>();
  for (const [key, value] of Object.entries(patch)) {
    if (!key.startsWith(ORDER_OF)) continue;
    orders.set(key.slice(ORDER_OF.length), listOf(value, key));
  }
  const fields = new Set([
    ...Object.keys(patch).filter((key) => !isDirective(key)),
    ...orders.keys(),
  ]);
  for (const key of fields) {
    const isGiven = Object.hasOwn(patch, key);
    if (!isGiven && !Array.isArray(result.get(key))) continue;
    // An order without elements only reorders.
    const given = isGiven ? patch[key] : [];
    const merged = mergeField(result.get(key), given, schema?.field(key), orders.get(key));
    if (merged === undefined) result.delete(key);
    else result.set(key, merged);
  }
  return Object.fromEntries(result);
}

/** The target with the patch laid over it, as the schema says. Neither is changed. Throws 400 for a malformed patch. */
export function strategicMerge(
  target: JsonObject,
  patch: unknown,
  schema: PatchSchema | undefined,
): JsonObject {
  if (!isObject(patch)) throw badRequest('a strategic merge patch must be an object');
  return mergeMap(target, patch, schema);
}
