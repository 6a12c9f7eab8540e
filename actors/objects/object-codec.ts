// Objects as text in the store, and back as frozen values.

import type { KeyValue } from '../../consensus/index.ts';
import { SkeinError } from '../../runtime/index.ts';
import { kindDefinition, apiVersionOf } from './kind-table.ts';
import type { KindName, KubernetesObject, ObjectTypes } from './kinds.ts';
import type { Stored } from './objects.ts';

/**
 * The object's JSON without metadata.resourceVersion, which is the store's to say. The metadata come first, so that the version
 * can be put into the text.
 */
export function encodeObject(kind: KindName, object: KubernetesObject): string {
  const { resourceVersion: _dropped, ...metadata } = object.metadata ?? {};
  const { apiVersion: _a, kind: _k, metadata: _m, ...rest } = object;
  const { names } = kindDefinition(kind);
  return JSON.stringify({ kind, apiVersion: apiVersionOf(names), metadata, ...rest });
}

/** The JSON of `decodeObject`, mostly without reading it. Throws `corrupt` for text that is no object. */
export function objectText(kind: KindName, kv: KeyValue): string {
  const { names } = kindDefinition(kind);
  const start = `{"kind":"${kind}","apiVersion":"${apiVersionOf(names)}","metadata":{"`;
  const { value, modRevision } = kv;
  if (!value.startsWith(start)) return JSON.stringify(decodeObject(kv));
  return `${start}resourceVersion":"${modRevision}","${value.slice(start.length)}`;
}

/** A frozen object with its resourceVersion. Throws `corrupt` for text that is no object. */
export function decodeObject(kv: KeyValue): Stored<KindName> {
  const parsed = parseObject(kv);
  parsed.metadata = { ...parsed.metadata, resourceVersion: String(kv.modRevision) };
  return deepFreeze(parsed);
}

/** The object as it is in the store: for a look at it, not to be given away. */
export function parseObject(kv: KeyValue): ObjectTypes[KindName] {
  try {
    const parsed: unknown = JSON.parse(kv.value);
    if (typeof parsed === 'object' && parsed !== null) return parsed;
  } catch (error) {
    throw corrupt(kv.key, error);
  }
  throw corrupt(kv.key);
}

const corrupt = (key: string, cause?: unknown): SkeinError =>
  new SkeinError(
    'corrupt',
    `the value of ${key} is no JSON object: delete the key or restore it`,
    { key },
    cause,
  );

/** Freezes a value of JSON through and through and returns it. */
export function deepFreeze<T>(value: T): T {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return value;
  for (const inner of Object.values(value)) deepFreeze(inner);
  return Object.freeze(value);
}
