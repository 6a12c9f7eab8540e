// What client-side apply sends: the difference of three versions of an object, as a strategic merge patch.
//
//   last applied --(removed since)--> null, $patch: delete, $deleteFromPrimitiveList
//   manifest     --(differs from live)--> the manifest's values
//   live         --(what nobody applied)--> left alone

import { isDeepStrictEqual } from 'node:util';

type Value = unknown;
type Fields = Readonly<Record<string, Value>>;

const isFields = (value: Value): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** How a list is merged: by the key of its objects, by the values themselves, or replaced as a whole. */
export type ListRule =
  | { readonly type: 'by-key'; readonly key: string }
  | { readonly type: 'by-value' };

/** From the published types of Kubernetes: `x-kubernetes-patch-merge-key`, by the field's name. */
const MERGE_KEYS: Readonly<Record<string, string>> = {
  containers: 'name',
  initContainers: 'name',
  ephemeralContainers: 'name',
  env: 'name',
  volumes: 'name',
  volumeMounts: 'mountPath',
  volumeDevices: 'devicePath',
  imagePullSecrets: 'name',
  secrets: 'name',
  resourceClaims: 'name',
  schedulingGates: 'name',
  drivers: 'name',
  hostAliases: 'ip',
  topologySpreadConstraints: 'topologyKey',
  ownerReferences: 'uid',
  conditions: 'type',
};

/** Stands in a path for "an element of the list". */
const ELEMENT = '*';

const CONTAINER_LISTS = ['containers', 'initContainers', 'ephemeralContainers'];
const isOfContainer = (path: readonly string[]): boolean =>
  path.at(-2) === ELEMENT && CONTAINER_LISTS.includes(path.at(-3) ?? '');

/** How the list at a path is merged; undefined for one that is replaced. `*` stands for "an element". */
export function listRule(path: readonly string[]): ListRule | undefined {
  const field = path.at(-1) ?? '';
  if (field === 'ports') {
    if (isOfContainer(path)) return { type: 'by-key', key: 'containerPort' };
    return path.join('.') === 'spec.ports' ? { type: 'by-key', key: 'port' } : undefined;
  }
  if (path.at(-2) === 'metadata' && field === 'finalizers') return { type: 'by-value' };
  if (path.join('.') === 'spec.podCIDRs') return { type: 'by-value' };
  // Those of a ServiceAccount are replaced as a whole.
  if (path.join('.') === 'imagePullSecrets') return undefined;
  const key = MERGE_KEYS[field];
  return key === undefined ? undefined : { type: 'by-key', key };
}

/** Fields whose members exclude each other: what the manifest does not name must go, defaults included. */
const isUnion = (path: readonly string[]): boolean =>
  path.join('.') === 'spec.strategy' || (path.at(-1) === ELEMENT && path.at(-2) === 'volumes');

const elementBy = (list: readonly Value[], key: string, id: Value): Fields | undefined =>
  list.filter(isFields).find((element) => element[key] === id);

interface Versions {
  readonly last: Value;
  readonly wanted: Value;
  readonly live: Value;
}

const listOf = (value: Value): readonly Value[] => (Array.isArray(value) ? value : []);

function mergeByKey(
  path: readonly string[],
  key: string,
  { last, wanted, live }: Versions,
): Value[] | undefined {
  const patch: Value[] = [];
  for (const element of listOf(wanted).filter(isFields)) {
    const id = element[key];
    const before = elementBy(listOf(live), key, id);
    if (before === undefined) {
      patch.push(element);
      continue;
    }
    const was = elementBy(listOf(last), key, id) ?? {};
    const difference = mergeFields([...path, ELEMENT], {
      last: was,
      wanted: element,
      live: before,
    });
    if (difference !== undefined) patch.push({ [key]: id, ...difference });
  }
  for (const element of listOf(last).filter(isFields)) {
    const id = element[key];
    const isGone = elementBy(listOf(wanted), key, id) === undefined;
    if (isGone && elementBy(listOf(live), key, id) !== undefined) {
      patch.push({ $patch: 'delete', [key]: id });
    }
  }
  return patch.length === 0 ? undefined : patch;
}

/** Sets the fields of `patch` that bring one list from live to wanted. */
function mergeList(
  patch: Record<string, Value>,
  path: readonly string[],
  versions: Versions,
): void {
  const field = path.at(-1)!;
  const { last, wanted, live } = versions;
  const rule = Array.isArray(live) ? listRule(path) : undefined;
  if (rule === undefined) {
    if (!isDeepStrictEqual(wanted, live)) patch[field] = wanted;
    return;
  }
  if (rule.type === 'by-value') {
    const added = listOf(wanted).filter((value) => !listOf(live).includes(value));
    const removed = listOf(last).filter((value) => !listOf(wanted).includes(value));
    const gone = removed.filter((value) => listOf(live).includes(value));
    if (added.length > 0) patch[field] = added;
    if (gone.length > 0) patch[`$deleteFromPrimitiveList/${field}`] = gone;
    return;
  }
  const difference = mergeByKey(path, rule.key, versions);
  const order = listOf(wanted).map((element) => ({
    [rule.key]: isFields(element) ? element[rule.key] : undefined,
  }));
  const ids = (list: Value): readonly Value[] =>
    listOf(list).map((element) => (isFields(element) ? element[rule.key] : undefined));
  const kept = ids(live).filter((id) => ids(wanted).includes(id));
  const isReordered = !isDeepStrictEqual(
    kept,
    ids(wanted).filter((id) => kept.includes(id)),
  );
  if (difference === undefined && !isReordered) return;
  patch[`$setElementOrder/${field}`] = order;
  if (difference !== undefined) patch[field] = difference;
}

function mergeFields(path: readonly string[], versions: Versions): Fields | undefined {
  const last = isFields(versions.last) ? versions.last : {};
  const wanted = versions.wanted as Fields;
  const live = isFields(versions.live) ? versions.live : {};
  const patch: Record<string, Value> = {};
  for (const [field, value] of Object.entries(wanted)) {
    const below = [...path, field];
    const inner = { last: last[field], wanted: value, live: live[field] };
    if (value === null) {
      if (live[field] !== undefined) patch[field] = null;
    } else if (Array.isArray(value)) mergeList(patch, below, inner);
    else if (isFields(value) && isFields(live[field])) {
      const difference = mergeFields(below, inner);
      if (difference !== undefined) patch[field] = difference;
    } else if (!isDeepStrictEqual(value, live[field])) patch[field] = value;
  }
  for (const field of Object.keys(last)) {
    if (!(field in wanted) && field in live) patch[field] = null;
  }
  if (Object.keys(patch).length === 0) return undefined;
  if (isUnion(path)) patch['$retainKeys'] = Object.keys(wanted).sort();
  return patch;
}

/** The patch that makes `live` what `wanted` says; undefined when nothing is to be done. */
export function threeWayPatch(last: Fields, wanted: Fields, live: Fields): Fields | undefined {
  return mergeFields([], { last, wanted, live });
}
