// Puts into an object that is about to be written who manages what of it after this write.

import type { ManagedFieldsEntry } from 'kubernetes-types/meta/v1.d.ts';
import { apiVersionOf } from '../../objects/kind-table.ts';
import type { KubernetesObject } from '../../objects/kinds.ts';
import { timestamp } from '../../objects/meta.ts';
import type { AnyDefinition, Exchange } from '../exchange.ts';
import { fieldTypeOf } from '../patch/apply/field-type.ts';
import type { Manager } from '../patch/apply/managers.ts';
import { readManagers, sameManagers, writeManagers } from '../patch/apply/managers.ts';
import { trackUpdate } from '../patch/apply/tracking.ts';
import type { JsonObject } from '../request/body.ts';
import { writerOf } from './writer.ts';

/** Which part of an object a write is about; '' is all but the status. */
export type Written = '' | 'status' | 'scale' | 'ephemeralcontainers' | 'resize';

const entriesOf = (object: KubernetesObject): readonly ManagedFieldsEntry[] | undefined =>
  object.metadata?.managedFields;

/** The managers an object names. What cannot be read names nobody. */
export const managersOf = (
  { names }: AnyDefinition,
  object: KubernetesObject,
): readonly Manager[] => readManagers(entriesOf(object), apiVersionOf(names)) ?? [];

/** The object with these managers; with the old entries when they say the same. */
export function withManagers(
  definition: AnyDefinition,
  object: KubernetesObject,
  managers: readonly Manager[],
  old: KubernetesObject | undefined,
): KubernetesObject {
  const { managedFields: _given, ...metadata } = object.metadata ?? {};
  if (managers.length === 0) return { ...object, metadata };
  const before = old === undefined ? [] : managersOf(definition, old);
  const managedFields =
    old !== undefined && sameManagers(managers, before) && sameTimes(managers, before)
      ? [...entriesOf(old)!]
      : writeManagers(managers);
  return { ...object, metadata: { ...metadata, managedFields } };
}

const sameTimes = (left: readonly Manager[], right: readonly Manager[]): boolean => {
  const times = (of: readonly Manager[]): string =>
    of
      .map(({ time }) => time)
      .sort()
      .join();
  return times(left) === times(right);
};

interface Scaled {
  readonly spec?: { readonly replicas?: number };
}

/** What of an object a write may own, without what is about the object's storage. */
export function ownable(
  { strategy }: AnyDefinition,
  object: KubernetesObject | undefined,
  written: Written,
): JsonObject {
  if (object === undefined) return {};
  const { status, ...rest } = object as KubernetesObject & { readonly status?: unknown };
  if (written === 'status') return status === undefined ? {} : { status };
  if (written === 'scale') return { spec: { replicas: (rest as Scaled).spec?.replicas } };
  const { managedFields: _m, ...metadata } = rest.metadata ?? {};
  const owned = { ...rest, metadata };
  return strategy.hasStatus || status === undefined ? owned : { ...owned, status };
}

/** A sole empty entry, or none where some may be, asks to forget all managers. */
const isReset = (entries: readonly ManagedFieldsEntry[] | undefined): boolean =>
  entries !== undefined &&
  (entries.length === 0 || (entries.length === 1 && Object.keys(entries[0]!).length === 0));

/** Where tracking starts from: what the client says, else what is stored. */
function startOf(
  definition: AnyDefinition,
  next: KubernetesObject,
  old: KubernetesObject | undefined,
  written: Written,
): readonly Manager[] {
  const stored = (): readonly Manager[] => (old === undefined ? [] : managersOf(definition, old));
  if (written !== '') return stored();
  const given = entriesOf(next);
  if (isReset(given)) return [];
  const said = managersOf(definition, next);
  return said.length === 0 ? stored() : said;
}

/** The next state of an object, or a new one, with its managers after this create, update or patch. */
export function tracked(
  exchange: Exchange,
  next: KubernetesObject,
  old: KubernetesObject | undefined,
  written: Written,
): KubernetesObject {
  const { definition, gateway } = exchange;
  const start = startOf(definition, next, old, written);
  // Whose managers nobody knows is not tracked until it is applied: its writers would be named for all of it.
  if (old !== undefined && start.length === 0) return withManagers(definition, next, [], old);
  const managers = trackUpdate(
    start,
    ownable(definition, old, written),
    ownable(definition, next, written),
    fieldTypeOf(definition.schema),
    writerOf(exchange, 'Update', written),
    { time: timestamp(gateway.clock.wallMs()) },
  );
  return withManagers(definition, next, managers, old);
}
