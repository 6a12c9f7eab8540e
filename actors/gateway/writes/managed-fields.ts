// Puts into an object that is about to be written who manages what of it after this write.

import type { ManagedFieldsEntry } from 'kubernetes-types/meta/v1.d.ts';
import { unreachable } from '../../../runtime/index.ts';
import type { PartName, StatusSubresource } from '../../objects/kind-definition.ts';
import { apiVersionOf, kindDefinition } from '../../objects/kind-table.ts';
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
export type Written = '' | 'scale' | StatusSubresource | PartName;

const entriesOf = (object: KubernetesObject): readonly ManagedFieldsEntry[] | undefined =>
  object.metadata?.managedFields;

/** The managers an object names. What cannot be read names nobody. */
export const managersOf = (
  { names }: AnyDefinition,
  object: KubernetesObject,
): readonly Manager[] => readManagers(entriesOf(object), apiVersionOf(names)) ?? [];

/** The object with these managers; with the old entries when they say the same. `known` are the old one's, if read already. */
export function withManagers(
  definition: AnyDefinition,
  object: KubernetesObject,
  managers: readonly Manager[],
  old: KubernetesObject | undefined,
  known?: readonly Manager[],
): KubernetesObject {
  const { managedFields: _given, ...metadata } = object.metadata ?? {};
  if (managers.length === 0) return { ...object, metadata };
  const before = old === undefined ? [] : (known ?? managersOf(definition, old));
  const isOld =
    old !== undefined &&
    (managers === before || (sameManagers(managers, before) && sameTimes(managers, before)));
  const managedFields = isOld ? [...entriesOf(old)!] : writeManagers(managers);
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

const resizable = (containers: unknown): unknown =>
  Array.isArray(containers)
    ? containers.map((container: JsonObject) => {
        const { name, resources, resizePolicy } = container;
        return { name, resources, resizePolicy };
      })
    : undefined;

/** The part of an object, or of what is wanted of one, that a write is about. */
export function ownedPart(
  { strategy }: AnyDefinition,
  object: JsonObject,
  written: Written,
): JsonObject {
  const { status, ...rest } = object;
  const { replicas, ephemeralContainers, containers, initContainers } = (object['spec'] ??
    {}) as JsonObject;
  switch (written) {
    case 'approval':
    case 'status':
      return { status };
    case 'scale':
      return { spec: { replicas } };
    case 'ephemeralcontainers':
      return { spec: { ephemeralContainers } };
    case 'resize':
      return {
        spec: { containers: resizable(containers), initContainers: resizable(initContainers) },
      };
    case '':
      return strategy.hasStatus ? rest : object;
    default:
      return unreachable(written);
  }
}

/** That part of a stored object, without who manages it. */
export function ownable(
  definition: AnyDefinition,
  object: KubernetesObject | undefined,
  written: Written,
): JsonObject {
  if (object === undefined) return {};
  const { managedFields: _m, ...metadata } = object.metadata ?? {};
  return ownedPart(definition, { ...object, metadata }, written);
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
  if (given === undefined || given === old?.metadata?.managedFields) return stored();
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
  const { gateway } = exchange;
  // In the form in which it is stored, wherever it was written.
  const definition = kindDefinition(exchange.definition.names.kind);
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
  const isStored = entriesOf(next) === old?.metadata?.managedFields || written !== '';
  return withManagers(definition, next, managers, old, isStored ? start : undefined);
}
