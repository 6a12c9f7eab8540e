// The rules of ClusterRoles that are made of others'.

import type { ClusterRole, PolicyRule } from 'kubernetes-types/rbac/v1.d.ts';
import { sameValue } from '../../objects/field-rules.ts';
import { matchesLabels, selectorOf } from '../../objects/label-selectors.ts';

const nameOf = ({ metadata }: ClusterRole): string => metadata?.name ?? '';

/** What the role's rules should be, from the roles it selects, by name; each rule once. */
export function aggregatedRules(role: ClusterRole, all: readonly ClusterRole[]): PolicyRule[] {
  const selectors = (role.aggregationRule?.clusterRoleSelectors ?? []).map(selectorOf);
  const rules: PolicyRule[] = [];
  const chosen = all
    .filter((other) => nameOf(other) !== nameOf(role))
    .filter(({ metadata }) =>
      selectors.some((selector) => matchesLabels(selector, metadata?.labels)),
    )
    .sort((a, b) => (nameOf(a) < nameOf(b) ? -1 : 1));
  for (const rule of chosen.flatMap((other) => other.rules ?? [])) {
    if (!rules.some((known) => sameValue(known, rule))) rules.push(rule);
  }
  return rules;
}
