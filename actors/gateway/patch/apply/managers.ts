// Who manages which fields: metadata.managedFields, read, written and kept short.

import type { ManagedFieldsEntry } from 'kubernetes-types/meta/v1.d.ts';
import { parseTimestamp } from '../../../objects/meta.ts';
import type { FieldSet } from './field-set.ts';
import { equalSets, fromFieldsV1, isEmpty, toFieldsV1, union } from './field-set.ts';

export interface Manager {
  readonly name: string;
  readonly operation: 'Apply' | 'Update';
  readonly apiVersion: string;
  /** '' for the object itself. */
  readonly subresource: string;
  /** RFC 3339; '' when nobody said. */
  readonly time: string;
  readonly fields: FieldSet;
}

/** Who writes: a manager without what it manages. */
export type Writer = Omit<Manager, 'time' | 'fields'>;

/** Entries of updates that are kept apart; older ones become one. */
const MAX_UPDATERS = 10;
const OLD_UPDATERS = 'ancient-changes';

/** Entries that are read; nobody writes more. */
const MAX_ENTRIES = 1_000;

/** Two entries are of one manager when all of this is equal. An applier keeps its entry in every version. */
export const isBy = (manager: Writer, writer: Writer): boolean =>
  manager.name === writer.name &&
  manager.operation === writer.operation &&
  manager.subresource === writer.subresource &&
  (writer.operation === 'Apply' || manager.apiVersion === writer.apiVersion);

/** Entries may come from anybody: are their words texts? */
const isSaid = (entry: ManagedFieldsEntry): boolean => {
  const { manager, apiVersion, time, subresource } = entry as Readonly<Record<string, unknown>>;
  const words = [manager, apiVersion, time, subresource];
  return words.every((word) => word === undefined || typeof word === 'string');
};

/** What managedFields says, of one version; undefined when some of it cannot be read. */
export function readManagers(
  entries: readonly ManagedFieldsEntry[] | undefined,
  apiVersion: string,
): readonly Manager[] | undefined {
  if ((entries?.length ?? 0) > MAX_ENTRIES) return undefined;
  const managers: Manager[] = [];
  for (const entry of entries ?? []) {
    const fields = fromFieldsV1(entry.fieldsV1 ?? {});
    const { operation } = entry;
    if (fields === undefined || !isSaid(entry)) return undefined;
    if (operation !== 'Apply' && operation !== 'Update') return undefined;
    // Fields of a version that is not served mean nothing here.
    if (entry.apiVersion !== apiVersion) continue;
    managers.push({
      name: entry.manager ?? '',
      operation,
      apiVersion,
      subresource: (entry as { subresource?: string }).subresource ?? '',
      time: entry.time ?? '',
      fields,
    });
  }
  return managers;
}

/** managedFields, in Kubernetes' order: appliers first, then by time. */
export const writeManagers = (managers: readonly Manager[]): ManagedFieldsEntry[] =>
  [...managers].sort(inOrder).map((manager) => ({
    ...(manager.name === '' ? {} : { manager: manager.name }),
    operation: manager.operation,
    apiVersion: manager.apiVersion,
    ...(manager.time === '' ? {} : { time: manager.time }),
    fieldsType: 'FieldsV1',
    fieldsV1: toFieldsV1(manager.fields),
    ...(manager.subresource === '' ? {} : { subresource: manager.subresource }),
  }));

const secondsOf = ({ time }: Manager): number => parseTimestamp(time) ?? 0;

function inOrder(left: Manager, right: Manager): number {
  if (left.operation !== right.operation) return left.operation < right.operation ? -1 : 1;
  if (secondsOf(left) !== secondsOf(right)) return secondsOf(left) - secondsOf(right);
  for (const by of ['name', 'apiVersion', 'subresource'] as const) {
    if (left[by] !== right[by]) return left[by] < right[by] ? -1 : 1;
  }
  return 0;
}

/** Do they manage the same, whenever they came to? */
export const sameManagers = (left: readonly Manager[], right: readonly Manager[]): boolean =>
  left.length === right.length &&
  left.every((one) =>
    right.some((other) => isBy(one, other) && equalSets(one.fields, other.fields)),
  );

/** With those that manage nothing left out, and the oldest updates together in one entry. */
export function kept(managers: readonly Manager[]): readonly Manager[] {
  const some = managers.filter(({ fields }) => !isEmpty(fields));
  const updaters = some.filter(({ operation }) => operation === 'Update').sort(inOrder);
  const excess = updaters.length - MAX_UPDATERS;
  if (excess <= 0) return some;
  const old = updaters.slice(0, excess + 1);
  const last = old.at(-1)!;
  const bucket: Manager = {
    ...last,
    name: OLD_UPDATERS,
    subresource: '',
    fields: old.reduce((fields, manager) => union(fields, manager.fields), last.fields),
  };
  return [...some.filter((manager) => !old.includes(manager)), bucket];
}
