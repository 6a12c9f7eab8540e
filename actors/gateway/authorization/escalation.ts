// Nobody grants what he does not hold: checked when roles and bindings are written.

import type {
  AggregationRule,
  ClusterRole,
  PolicyRule,
  RoleBinding,
  RoleRef,
} from 'kubernetes-types/rbac/v1.d.ts';
import { sameValue } from '../../objects/field-rules.ts';
import type { KubernetesObject } from '../../objects/kinds.ts';
import type { Exchange } from '../exchange.ts';
import { namesOf } from '../exchange.ts';
import { forbidden, notFound } from '../status.ts';
import { isMaster } from './authorizer.ts';
import { ruleText, uncovered } from './rule-covering.ts';

/** What an aggregating role may come to hold. */
const ANYTHING: readonly PolicyRule[] = [
  { apiGroups: ['*'], resources: ['*'], verbs: ['*'] },
  { nonResourceURLs: ['*'], verbs: ['*'] },
];

const RBAC_KINDS = {
  Role: { plural: 'roles', group: 'rbac.authorization.k8s.io' },
  ClusterRole: { plural: 'clusterroles', group: 'rbac.authorization.k8s.io' },
} as const;

/** Missing rules told in one refusal. */
const TOLD_RULES = 100;

/** Passes a write of `next` over `old`, or throws 403; 404 for a binding to a role that is not there. */
export function checkEscalation(
  exchange: Exchange,
  next: KubernetesObject,
  old: KubernetesObject | undefined,
): void {
  if (isMaster(exchange.user)) return;
  switch (exchange.definition.names.kind) {
    case 'Role':
    case 'ClusterRole':
      return checkRole(exchange, next as ClusterRole, old as ClusterRole | undefined);
    case 'RoleBinding':
    case 'ClusterRoleBinding':
      return checkBinding(exchange, next as RoleBinding, old as RoleBinding | undefined);
    default:
  }
}

const aggregates = (rule: AggregationRule | undefined): boolean => rule !== undefined;

function checkRole(exchange: Exchange, next: ClusterRole, old: ClusterRole | undefined): void {
  const { definition, route, user, authorization } = exchange;
  const name = next.metadata?.name ?? '';
  const grantsNothingNew =
    old !== undefined &&
    sameValue(next.rules, old.rules) &&
    sameValue(next.aggregationRule, old.aggregationRule);
  if (grantsNothingNew) return;
  const { group, plural: resource } = definition.names;
  const { namespace } = route;
  const asked = { type: 'resource', group, resource, subresource: '', namespace, name } as const;
  if (authorization.authorize(user, { ...asked, verb: 'escalate' }).allowed) return;
  const wanted = aggregates(next.aggregationRule) ? ANYTHING : (next.rules ?? []);
  checkHeld(exchange, name, wanted);
}

function checkBinding(exchange: Exchange, next: RoleBinding, old: RoleBinding | undefined): void {
  const { route, user, authorization } = exchange;
  const isSame =
    old !== undefined &&
    sameValue(next.roleRef, old.roleRef) &&
    sameValue(next.subjects, old.subjects);
  if (isSame) return;
  const { roleRef } = next;
  const { namespace } = route;
  const { plural: resource, group } = kindOfRole(roleRef);
  const { name } = roleRef;
  const asked = { type: 'resource', group, resource, subresource: '', namespace, name } as const;
  if (authorization.authorize(user, { ...asked, verb: 'bind' }).allowed) return;
  const granted = authorization.roleRules(roleRef, namespace);
  if (granted === undefined) throw notFound({ group, plural: resource, kind: roleRef.kind }, name);
  checkHeld(exchange, next.metadata?.name ?? '', granted);
}

const kindOfRole = ({ kind }: RoleRef) =>
  kind === 'Role' ? RBAC_KINDS.Role : RBAC_KINDS.ClusterRole;

function checkHeld(exchange: Exchange, name: string, wanted: readonly PolicyRule[]): void {
  const { user, route, authorization } = exchange;
  const covering = uncovered(authorization.rulesOf(user, route.namespace), wanted);
  if (covering.type === 'too-many') {
    const why =
      `its rules stand for ${covering.deeds} single permissions and at most ${covering.limit} are ` +
      'compared with what you hold: split it into several roles';
    throw forbidden(namesOf(exchange), name, why);
  }
  if (covering.missing.length === 0) return;
  const groups = user.groups.map((group) => JSON.stringify(group)).join(' ');
  const rules = covering.missing.slice(0, TOLD_RULES).map(ruleText).join('\n');
  const why =
    `user ${JSON.stringify(user.name)} (groups=[${groups}]) is attempting to grant RBAC permissions ` +
    `not currently held:\n${rules}`;
  throw forbidden(namesOf(exchange), name, why);
}
