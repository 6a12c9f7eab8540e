// What becomes of an object that somebody wants to write: checked, defaulted, and given what the server alone decides.

import type { ObjectMeta } from 'kubernetes-types/meta/v1.d.ts';
import { formatFieldErrors } from './field-errors.ts';
import type { FieldError } from './field-errors.ts';
import { sameValue } from './field-rules.ts';
import { apiVersionOf, kindDefinition } from './kind-table.ts';
import type { KindDefinition, PartName, Requester, StatusSubresource } from './kind-definition.ts';
import type { KindName, KindNames, KubernetesObject, ObjectTypes } from './kinds.ts';
import { generatedName, timestamp } from './meta.ts';
import { validateMetadata, validateMetadataUpdate } from './meta-validation.ts';
import type { Stored } from './objects.ts';
import { checkAgainstSchema } from './schema-validation.ts';
import type { SchemaVerdict } from './schema-validation.ts';

/** What only the caller can know of a new object. */
export interface Creation {
  /** Milliseconds since the epoch; becomes metadata.creationTimestamp. */
  readonly nowMs: number;
  readonly uid: string;
  /** Ends a name asked for by generateName; see randomNameSuffix. */
  readonly nameSuffix?: string;
  /** Who asks; for kinds that keep it. */
  readonly user?: Requester;
}

/** How fields that the schema does not know are met: refused, or dropped with or without a warning. */
export type FieldValidation = 'Strict' | 'Warn' | 'Ignore';

export type Prepared<K extends KindName> =
  | {
      readonly ok: true;
      readonly object: ObjectTypes[K];
      /** For `Warning:` headers. */
      readonly warnings: readonly string[];
    }
  | {
      readonly ok: false;
      /** malformed: it cannot be read as this kind (400); invalid: it breaks rules (422). */
      readonly reason: 'malformed' | 'invalid';
      readonly errors: readonly FieldError[];
      /** All errors in one text, as Kubernetes' Status has it. */
      readonly message: string;
    };

/** A new object as it is to be stored. The given object is not changed. */
export function prepareCreate<K extends KindName>(
  kind: K,
  given: unknown,
  creation: Creation,
  fieldValidation: FieldValidation = 'Strict',
): Prepared<K> {
  const read = readObject(kindDefinition(kind), given, fieldValidation);
  if (!read.ok) return read;
  const { object } = read;
  const { strategy, names } = kindDefinition(kind);

  const metadata = metadataOf(object);
  if ((metadata.name ?? '') === '' && (metadata.generateName ?? '') !== '') {
    metadata.name = generatedName(metadata.generateName!, creation.nameSuffix ?? '');
  }
  metadata.uid = creation.uid;
  metadata.creationTimestamp = timestamp(creation.nowMs);
  if (strategy.countsGenerations) metadata.generation = 1;
  else delete metadata.generation;
  delete metadata.resourceVersion;
  delete metadata.deletionTimestamp;
  delete metadata.deletionGracePeriodSeconds;
  delete metadata.selfLink;
  if (!names.namespaced) delete metadata.namespace;

  if (strategy.hasStatus && strategy.keepsStatusOnCreate !== true) clearStatus(object);
  strategy.setDefaults(object);
  strategy.prepareCreate?.(object, creation);
  return verdict(kind, object, read, [
    ...read.missing,
    ...validateMetadata(metadata, names.namespaced, strategy.nameProblems),
    ...strategy.validate(object),
    ...(strategy.validateCreate?.(object) ?? []),
  ]);
}

/**
 * The new state of an object as it is to be stored; neither object is changed. Its resourceVersion is the
 * given one's, so that the write is conditional on it; without one, on `existing`. A status may say since
 * when, so `nowMs` is needed where one is written for a client.
 */
export function prepareUpdate<K extends KindName>(
  kind: K,
  existing: Stored<K>,
  given: unknown,
  subresource?: StatusSubresource | PartName,
  fieldValidation: FieldValidation = 'Strict',
  nowMs?: number,
): Prepared<K> {
  const read = readObject(kindDefinition(kind), given, fieldValidation);
  if (!read.ok) return read;
  const { strategy, names } = kindDefinition(kind);
  const part =
    subresource === undefined || isOfStatus(subresource)
      ? undefined
      : strategy.parts?.[subresource];
  const object =
    subresource === undefined
      ? read.object
      : withIdentityOf(
          read.object,
          part === undefined
            ? withStatusOf(existing, read.object)
            : structuredClone(part.take(read.object, existing)),
        );
  if (subresource === undefined && strategy.hasStatus) keepStatus(object, existing);

  const metadata = metadataOf(object);
  const old: ObjectMeta = existing.metadata ?? {};
  carryOver(metadata, old);
  strategy.setDefaults(object);
  if (subresource === undefined) strategy.prepareUpdate?.(object, existing);
  else if (isOfStatus(subresource))
    strategy.prepareStatus?.(object, existing, { subresource, nowMs });
  if (strategy.countsGenerations) {
    const grown = !sameValue(withoutServerParts(object), withoutServerParts(existing));
    metadata.generation = (old.generation ?? 1) + (grown ? 1 : 0);
  }
  const rules =
    subresource !== undefined && isOfStatus(subresource)
      ? (strategy.validateStatus?.(object, existing) ?? [])
      : [
          ...strategy.validate(object),
          ...(part ?? { validate: strategy.validateUpdate }).validate(object, existing),
        ];
  return verdict(kind, object, read, [
    ...read.missing,
    ...validateMetadata(metadata, names.namespaced, strategy.nameProblems),
    ...validateMetadataUpdate(metadata, old),
    ...rules,
  ]);
}

/** A copy with what its writer left out set as the server would; not validated. */
export function defaulted<K extends KindName>(
  kind: K,
  object: Readonly<ObjectTypes[K]>,
): ObjectTypes[K] {
  const copy = structuredClone(object) as ObjectTypes[K];
  kindDefinition(kind).strategy.setDefaults(copy);
  return copy;
}

/** Subresources through which the status is written; the others change a part of the spec. */
const isOfStatus = (subresource: StatusSubresource | PartName): subresource is StatusSubresource =>
  subresource === 'status' || subresource === 'approval';

interface Read<K extends KindName> {
  readonly ok: true;
  readonly object: ObjectTypes[K];
  readonly missing: readonly FieldError[];
  readonly warnings: readonly string[];
}

/** A copy that has the shape of its kind. */
export function readObject<K extends KindName>(
  { schema, names }: Pick<KindDefinition<K>, 'schema' | 'names'>,
  given: unknown,
  fieldValidation: FieldValidation,
): Read<K> | (Prepared<K> & { ok: false }) {
  const { kind } = names;
  const checked = checkAgainstSchema(schema, given);
  const malformed = [...checked.malformed, ...kindErrors(checked, names)];
  const unknown = checked.unknownFields.map((path) => `unknown field ${JSON.stringify(path)}`);
  if (malformed.length > 0) {
    return {
      ok: false,
      reason: 'malformed',
      errors: malformed,
      message: `${kind} in version ${JSON.stringify(names.version)} cannot be handled as a ${kind}: ${formatFieldErrors(malformed)}`,
    };
  }
  if (fieldValidation === 'Strict' && unknown.length > 0) {
    return {
      ok: false,
      reason: 'malformed',
      errors: checked.unknownFields.map((path, i) => ({
        path,
        reason: 'FieldValueNotSupported',
        message: unknown[i]!,
      })),
      message: `strict decoding error: ${unknown.join(', ')}`,
    };
  }
  return {
    ok: true,
    object: checked.value as ObjectTypes[K],
    missing: checked.missing,
    warnings: fieldValidation === 'Warn' ? unknown : [],
  };
}

function kindErrors(
  { value }: SchemaVerdict,
  names: { readonly kind: KindName; readonly group: string; readonly version: string },
): readonly FieldError[] {
  const object = value as { apiVersion?: string; kind?: string };
  const wanted = { apiVersion: apiVersionOf(names), kind: names.kind };
  const errors: FieldError[] = [];
  for (const field of ['apiVersion', 'kind'] as const) {
    const found = object[field];
    if (found === undefined || found === '') object[field] = wanted[field];
    else if (found !== wanted[field]) {
      const message = `Invalid value: ${JSON.stringify(found)}: must be ${wanted[field]}`;
      errors.push({ path: field, reason: 'FieldValueInvalid', value: found, message });
    }
  }
  return errors;
}

/** The server writes what is read-only to everybody else. */
type WritableMeta = { -readonly [F in keyof ObjectMeta]: ObjectMeta[F] };

function metadataOf(object: KubernetesObject): WritableMeta {
  object.metadata ??= {};
  return object.metadata;
}

/** What an update cannot change, from the old object. */
function carryOver(metadata: WritableMeta, old: ObjectMeta): void {
  metadata.name ??= old.name ?? '';
  if (old.namespace !== undefined) metadata.namespace ??= old.namespace;
  for (const field of ['uid', 'resourceVersion'] as const) {
    if ((metadata[field] ?? '') === '' && old[field] !== undefined) metadata[field] = old[field];
  }
  for (const field of FROM_OLD) {
    if (old[field] === undefined) delete metadata[field];
    else Object.assign(metadata, { [field]: old[field] });
  }
}

const FROM_OLD = [
  'creationTimestamp',
  'deletionTimestamp',
  'deletionGracePeriodSeconds',
  'generateName',
  'generation',
  'selfLink',
] as const;

const clearStatus = (object: object): void => {
  delete (object as { status?: unknown }).status;
};

function keepStatus(object: object, existing: object): void {
  const { status } = existing as { status?: unknown };
  if (status === undefined) clearStatus(object);
  else Object.assign(object, { status: structuredClone(status) });
}

/** The existing object with the given one's status. */
function withStatusOf<K extends KindName>(
  existing: Stored<K>,
  given: ObjectTypes[K],
): ObjectTypes[K] {
  const object = structuredClone(existing) as ObjectTypes[K];
  keepStatus(object, given);
  return object;
}

/** The object with the names and the resourceVersion that it was decided from, and the managers it says. */
function withIdentityOf<K extends KindName>(
  given: ObjectTypes[K],
  object: ObjectTypes[K],
): ObjectTypes[K] {
  const { uid, resourceVersion, name, namespace, managedFields } = given.metadata ?? {};
  const said = { uid, resourceVersion, name, namespace, managedFields };
  for (const [field, value] of Object.entries(said)) {
    if (value !== undefined && value !== '') Object.assign(metadataOf(object), { [field]: value });
  }
  return object;
}

/** What the generation counts: all but metadata, status and the names of the kind. */
function withoutServerParts(object: object): object {
  const {
    metadata: _m,
    status: _s,
    apiVersion: _a,
    kind: _k,
    ...rest
  } = object as KubernetesObject & {
    status?: unknown;
  };
  return rest;
}

function verdict<K extends KindName>(
  kind: K,
  object: ObjectTypes[K],
  { warnings }: Read<K>,
  found: readonly FieldError[],
): Prepared<K> {
  const errors = withoutRepeats(found);
  if (errors.length === 0) return { ok: true, object, warnings };
  return invalidObject(kindDefinition(kind).names, object, errors);
}

/** The refusal of an object that breaks rules. */
export function invalidObject(
  { kind, group }: Pick<KindNames, 'kind' | 'group'>,
  object: KubernetesObject,
  errors: readonly FieldError[],
): Prepared<KindName> & { ok: false } {
  const resource = group === '' ? kind : `${kind}.${group}`;
  const name = JSON.stringify(object.metadata?.name ?? '');
  const message = `${resource} ${name} is invalid: ${formatFieldErrors(errors)}`;
  return { ok: false, reason: 'invalid', errors, message };
}

/** The schema and the rules of the kind may find the same; the rules say why. */
function withoutRepeats(errors: readonly FieldError[]): readonly FieldError[] {
  const found = new Map<string, FieldError>();
  for (const error of errors) {
    const { path, reason, message } = error;
    const mark = reason === 'FieldValueRequired' ? `${path} required` : `${path} ${message}`;
    if ((found.get(mark)?.message.length ?? -1) < message.length) found.set(mark, error);
  }
  return [...found.values()];
}
