// The places of the API: every kind where it is stored from, and where else it is served in another form.

import type { FieldError } from './field-errors.ts';
import type { KindDefinition, OtherForm } from './kind-definition.ts';
import { apiVersionOf, kindDefinition, kindNames } from './kind-table.ts';
import type { KindName, KubernetesObject, ObjectTypes } from './kinds.ts';
import { invalidObject, readObject } from './write-preparation.ts';
import type { FieldValidation, Prepared } from './write-preparation.ts';

/** A kind as one place of the API has it: names, schema and selectable fields are that place's. */
export interface ServedKind extends KindDefinition<KindName> {
  /** Absent where objects are served as they are stored. */
  readonly form?: OtherForm<KindName>;
}

/** All places, those of the stored forms first, in the order of the table. */
export const servedKinds: readonly ServedKind[] = [
  ...kindNames.map((kind) => kindDefinition(kind)),
  ...kindNames.flatMap((kind) => {
    const definition = kindDefinition(kind);
    return (definition.otherForms ?? []).map((form) => inPlaceOf(definition, form));
  }),
];

function inPlaceOf(definition: KindDefinition<KindName>, form: OtherForm<KindName>): ServedKind {
  const { group, version, schema, selectableFields } = form;
  const names = { ...definition.names, group, version };
  return { ...definition, names, schema, selectableFields, form };
}

const placeOf = (group: string, version: string, plural: string): string =>
  `${group}/${version}/${plural}`;

const byPlace = new Map(
  servedKinds.map((served) => {
    const { group, version, plural } = served.names;
    return [placeOf(group, version, plural), served] as const;
  }),
);

/** The kind at this place of the API; undefined when nothing is served there. */
export const servedKindAt = (
  group: string,
  version: string,
  plural: string,
): ServedKind | undefined => byPlace.get(placeOf(group, version, plural));

const byGroupAndName: ReadonlyMap<string, KindName> = new Map(
  servedKinds.map(({ names }) => [`${names.group}/${names.kind}`, names.kind] as const),
);

/** The kind that a reference names, in whichever version of its group; undefined for one of others. */
export const kindOfReference = (apiVersion: string, kind: string): KindName | undefined =>
  byGroupAndName.get(`${apiVersion.split('/').slice(0, -1).join('/')}/${kind}`);

/** A stored object as this place shows it. */
export function asServed({ form, names }: ServedKind, object: KubernetesObject): KubernetesObject {
  if (form === undefined) return object;
  const shown = form.fromStored(object as ObjectTypes[KindName]);
  return { ...shown, kind: names.kind, apiVersion: apiVersionOf(names) };
}

/** What a client wrote at this place, in the form in which it is stored. */
export function readServed(
  served: ServedKind,
  given: unknown,
  fieldValidation: FieldValidation,
  isNew: boolean,
): Prepared<KindName> {
  const { form } = served;
  const read = readObject<KindName>(served, given, fieldValidation);
  if (!read.ok || form === undefined) return read;
  const stored = form.toStored(read.object as Readonly<Record<string, unknown>>);
  const { kind } = served.names;
  const object = { ...stored, kind, apiVersion: apiVersionOf(kindDefinition(kind).names) };
  const errors: readonly FieldError[] = isNew ? (form.validateCreate?.(stored) ?? []) : [];
  return errors.length > 0
    ? invalidObject(served.names, stored, errors)
    : { ok: true, object: object as ObjectTypes[KindName], warnings: read.warnings };
}
