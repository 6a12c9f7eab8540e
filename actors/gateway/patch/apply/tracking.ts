// What a write does to who manages what: the rules of updates and applies. Pure.

import type { Comparison } from './comparison.ts';
import { compare, isSame } from './comparison.ts';
import type { FieldSet } from './field-set.ts';
import { difference, EMPTY, fromFieldsV1, intersection, isEmpty, union } from './field-set.ts';
import type { FieldType } from './field-type.ts';
import type { Manager, Writer } from './managers.ts';
import { isBy, kept } from './managers.ts';
import { mergeWanted, withoutFields } from './merge.ts';
import { fieldsOf, withNamedFields } from './object-fields.ts';

/** Fields of one other manager that an apply would change. */
export interface Conflict {
  readonly manager: Manager;
  readonly fields: FieldSet;
}

export interface Now {
  /** RFC 3339, for the entry of who writes. */
  readonly time: string;
}

export type Applied =
  | { readonly ok: true; readonly object: unknown; readonly managers: readonly Manager[] }
  | { readonly ok: false; readonly conflicts: readonly Conflict[] };

/** What the server alone decides belongs to nobody. */
const NOBODYS: FieldSet = fromFieldsV1({
  'f:apiVersion': {},
  'f:kind': {},
  'f:metadata': {
    '.': {},
    'f:creationTimestamp': {},
    'f:generation': {},
    'f:managedFields': {},
    'f:name': {},
    'f:namespace': {},
    'f:resourceVersion': {},
    'f:selfLink': {},
    'f:uid': {},
  },
})!;

const fieldsOfWriter = (managers: readonly Manager[], writer: Writer): FieldSet =>
  managers.find((manager) => isBy(manager, writer))?.fields ?? EMPTY;

const others = (managers: readonly Manager[], writer: Writer): readonly Manager[] =>
  managers.filter((manager) => !isBy(manager, writer));

const changedBy = ({ added, modified }: Comparison): FieldSet => union(added, modified);

/** The others without what has been changed or removed under them. */
const withoutChanged = (
  managers: readonly Manager[],
  comparison: Comparison,
): readonly Manager[] => {
  const lost = union(changedBy(comparison), comparison.removed);
  return managers.map((manager) => ({ ...manager, fields: difference(manager.fields, lost) }));
};

/** After an update: who writes owns what it added or changed, and nobody owns what is gone. */
export function trackUpdate(
  managers: readonly Manager[],
  old: unknown,
  next: unknown,
  type: FieldType,
  writer: Writer,
  { time }: Now,
): readonly Manager[] {
  const comparison = compare(old, next, type);
  if (isSame(comparison)) return managers;
  const before = difference(fieldsOfWriter(managers, writer), comparison.removed);
  const taken = difference(changedBy(comparison), NOBODYS);
  const mine = { ...writer, fields: union(before, taken) };
  const earlier = managers.find((manager) => isBy(manager, writer));
  const at = isEmpty(taken) ? (earlier?.time ?? time) : time;
  return kept([...withoutChanged(others(managers, writer), comparison), { ...mine, time: at }]);
}

/**
 * An apply: what is wanted is laid over the object, what the applier wanted before and nobody wants now is
 * taken out, and what belongs to others and would change is a conflict, unless it is forced.
 */
export function apply(
  managers: readonly Manager[],
  live: unknown,
  wanted: unknown,
  type: FieldType,
  writer: Writer,
  force: boolean,
  { time }: Now,
): Applied {
  const before = managers.find((manager) => isBy(manager, writer));
  const rest = others(managers, writer);
  const fields = difference(fieldsOf(wanted, type), NOBODYS);
  const merged = mergeWanted(live, wanted, type);
  const owned = [NOBODYS, fields, ...rest.map((manager) => manager.fields)].reduce(union, EMPTY);
  const dropped = difference(
    withNamedFields(before?.fields ?? EMPTY, type),
    withNamedFields(owned, type),
  );
  const object = withoutFields(merged, dropped, type) ?? {};

  const comparison = compare(live, object, type);
  const changed = changedBy(comparison);
  const conflicts = rest.flatMap((manager) => {
    const shared = intersection(manager.fields, changed);
    return isEmpty(shared) ? [] : [{ manager, fields: shared }];
  });
  if (conflicts.length > 0 && !force) return { ok: false, conflicts };
  const isOld = before !== undefined && isSame(comparison) && sameFields(before.fields, fields);
  const mine = { ...writer, fields, time: isOld ? before.time : time };
  return { ok: true, object, managers: kept([...withoutChanged(rest, comparison), mine]) };
}

const sameFields = (left: FieldSet, right: FieldSet): boolean =>
  isEmpty(difference(left, right)) && isEmpty(difference(right, left));

/** What client-side apply wrote last and nobody has changed since: kubectl may take it over without a conflict. */
export function takenOver(lastApplied: unknown, live: unknown, type: FieldType): FieldSet {
  const { added, modified, removed } = compare(lastApplied, live, type);
  return [added, modified, removed].reduce(difference, fieldsOf(lastApplied, type));
}
