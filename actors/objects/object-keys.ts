// Where objects are in the store: /registry/<plural>/<namespace>/<name>, the namespace left out for kinds without.

import { kindDefinition, kindOfPlural } from './kind-table.ts';
import type { KindName, KubernetesObject } from './kinds.ts';
import type { ObjectKey } from './objects.ts';

const REGISTRY = '/registry/';

/** The start of every key of a kind, or of a kind in one namespace; ends with a slash. */
export function storePrefix(kind: KindName, namespace?: string): string {
  const { plural, namespaced } = kindDefinition(kind).names;
  return namespaced && namespace !== undefined && namespace !== ''
    ? `${REGISTRY}${plural}/${namespace}/`
    : `${REGISTRY}${plural}/`;
}

/** The key of one object in the store. */
export function storeKey({ kind, namespace, name }: ObjectKey): string {
  const { plural, namespaced } = kindDefinition(kind).names;
  return namespaced ? `${REGISTRY}${plural}/${namespace}/${name}` : `${REGISTRY}${plural}/${name}`;
}

/** Whose key this is; undefined for keys that are no object of a kind known here. */
export function parseStoreKey(key: string): ObjectKey | undefined {
  if (!key.startsWith(REGISTRY)) return undefined;
  const parts = key.slice(REGISTRY.length).split('/');
  const kind = kindOfPlural(parts[0]!);
  if (kind === undefined || parts.includes('')) return undefined;
  const { namespaced } = kindDefinition(kind).names;
  if (parts.length !== (namespaced ? 3 : 2)) return undefined;
  return { kind, namespace: namespaced ? parts[1]! : '', name: parts.at(-1)! };
}

/** The key that an object's own metadata gives it. */
export function objectKey(kind: KindName, object: KubernetesObject): ObjectKey {
  const { namespaced } = kindDefinition(kind).names;
  return {
    kind,
    namespace: namespaced ? (object.metadata?.namespace ?? '') : '',
    name: object.metadata?.name ?? '',
  };
}

/** For people: `Pod default/web-1`, `Node n1`. */
export function formatObjectKey({ kind, namespace, name }: ObjectKey): string {
  return namespace === '' ? `${kind} ${name}` : `${kind} ${namespace}/${name}`;
}
