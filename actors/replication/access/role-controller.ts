// Keeps the default roles and bindings whole, and aggregated roles up to date.

import type { ClusterRole, ClusterRoleBinding } from 'kubernetes-types/rbac/v1.d.ts';
import { randomUuid } from '../../../runtime/index.ts';
import type { Controller, Moment, Plan } from '../../duties/controller.ts';
import { NO_PLAN } from '../../duties/controller.ts';
import { sameValue } from '../../objects/field-rules.ts';
import type { KindName, KubernetesObject, ObjectTypes } from '../../objects/kinds.ts';
import type { ObjectView, ObjectWrite } from '../../objects/objects.ts';
import { prepareCreate } from '../../objects/write-preparation.ts';
import { aggregatedRules } from './aggregation.ts';
import { AUTO_UPDATE, DEFAULT_BINDINGS, DEFAULT_ROLES } from './default-roles.ts';

const ROLES = 'ClusterRole/';
const BINDINGS = 'ClusterRoleBinding/';

const defaultRoles = new Map(DEFAULT_ROLES.map((role) => [role.metadata?.name, role]));
const defaultBindings = new Map(DEFAULT_BINDINGS.map((one) => [one.metadata?.name, one]));

/** The key of the work that makes one default or aggregated object right. */
const keyOf = (kind: KindName, name: string | undefined): string => `${kind}/${name ?? ''}`;

/** A default object as it is first written. */
function creation<K extends 'ClusterRole' | 'ClusterRoleBinding'>(
  kind: K,
  object: ObjectTypes[K],
  moment: Moment,
): ObjectWrite {
  const made = { nowMs: moment.nowMs, uid: randomUuid(moment.random) };
  const prepared = prepareCreate(kind, object, made);
  if (!prepared.ok) throw new Error(`a default object is not valid: ${prepared.message}`);
  return { type: 'create', kind, object: prepared.object };
}

const isLeftAlone = ({ metadata }: KubernetesObject): boolean =>
  metadata?.annotations?.[AUTO_UPDATE] === 'false';

const withMissing = <T>(found: readonly T[] | undefined, wanted: readonly T[] | undefined): T[] => [
  ...(found ?? []),
  ...(wanted ?? []).filter((one) => !(found ?? []).some((other) => sameValue(one, other))),
];

/** With the rules and labels that it should have; what was added stays. */
function healedRole(found: ClusterRole, wanted: ClusterRole | undefined): ClusterRole {
  if (wanted === undefined || isLeftAlone(found)) return found;
  const labels = { ...found.metadata?.labels, ...wanted.metadata?.labels };
  const metadata = { ...found.metadata, labels };
  const { aggregationRule } = wanted;
  if (aggregationRule === undefined) {
    return { ...found, metadata, rules: withMissing(found.rules, wanted.rules) };
  }
  const clusterRoleSelectors = withMissing(
    found.aggregationRule?.clusterRoleSelectors,
    aggregationRule.clusterRoleSelectors,
  );
  return { ...found, metadata, aggregationRule: { clusterRoleSelectors } };
}

function reconcileRole(view: ObjectView, name: string, moment: Moment): Plan {
  const found = view.get('ClusterRole', '', name);
  const wanted = defaultRoles.get(name);
  if (found === undefined) {
    return wanted === undefined ? NO_PLAN : { writes: [creation('ClusterRole', wanted, moment)] };
  }
  if (found.metadata?.deletionTimestamp !== undefined) return NO_PLAN;
  const healed = healedRole(found, wanted);
  const object =
    healed.aggregationRule === undefined
      ? healed
      : { ...healed, rules: aggregatedRules(healed, view.list('ClusterRole')) };
  if (sameValue(object, found)) return NO_PLAN;
  return { writes: [{ type: 'update', kind: 'ClusterRole', object }] };
}

/** The role of a binding never changes: one that names another is made anew. */
function reconcileBinding(view: ObjectView, name: string, moment: Moment): Plan {
  const wanted = defaultBindings.get(name);
  if (wanted === undefined) return NO_PLAN;
  const found = view.get('ClusterRoleBinding', '', name);
  if (found === undefined) return { writes: [creation('ClusterRoleBinding', wanted, moment)] };
  if (isLeftAlone(found) || found.metadata?.deletionTimestamp !== undefined) return NO_PLAN;
  if (!sameValue(found.roleRef, wanted.roleRef)) {
    const write = { type: 'delete', kind: 'ClusterRoleBinding', object: found } as const;
    return { writes: [write], requeueAfterMs: 0 };
  }
  const object: ClusterRoleBinding = {
    ...found,
    subjects: withMissing(found.subjects, wanted.subjects),
  };
  if (sameValue(object, found)) return NO_PLAN;
  return { writes: [{ type: 'update', kind: 'ClusterRoleBinding', object }] };
}

const aggregating = (view: ObjectView): readonly string[] =>
  view
    .list('ClusterRole')
    .filter(({ aggregationRule }) => aggregationRule !== undefined)
    .map(({ metadata }) => keyOf('ClusterRole', metadata?.name));

export const roleController: Controller = {
  name: 'role',
  kinds: ['ClusterRole', 'ClusterRoleBinding'],
  keysOf: ({ kind, key }, view) => {
    const own = keyOf(kind, key.name);
    return kind === 'ClusterRole' ? [own, ...aggregating(view)] : [own];
  },
  allKeys: (view) => [
    ...new Set([
      ...[...defaultRoles.keys()].map((name) => keyOf('ClusterRole', name)),
      ...[...defaultBindings.keys()].map((name) => keyOf('ClusterRoleBinding', name)),
      ...aggregating(view),
    ]),
  ],
  reconcile: (view, key, moment) =>
    key.startsWith(ROLES)
      ? reconcileRole(view, key.slice(ROLES.length), moment)
      : reconcileBinding(view, key.slice(BINDINGS.length), moment),
};
