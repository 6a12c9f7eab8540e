// Who may do what: health for anybody, everything for system:masters, its own things for a node, else what roles say.

import type { PolicyRule } from 'kubernetes-types/rbac/v1.d.ts';
import type { ObjectView } from '../../objects/objects.ts';
import type { User } from '../request/api-request.ts';
import type { Attributes, Authorizer, Decision } from './attributes.ts';
import { authorizeNode, nodeOf } from './node-authorizer.ts';
import type { RbacIndex } from './rbac-index.ts';
import { createRbacIndex } from './rbac-index.ts';
import { ruleAllows } from './rule-matching.ts';

const MASTERS = 'system:masters';

/** May do everything, whatever roles say: so a zone whose roles are lost can be healed. */
export const isMaster = ({ groups }: User): boolean => groups.includes(MASTERS);

/** Answered to anybody: whether this peer lives. Balancers ask before there are any roles. */
const HEALTH = /^\/(healthz|livez|readyz)(\/|$)/;

const ALL_RULES: readonly PolicyRule[] = [
  { apiGroups: ['*'], resources: ['*'], verbs: ['*'] },
  { nonResourceURLs: ['*'], verbs: ['*'] },
];

export interface Authorization {
  readonly authorize: Authorizer;
  /** All rules that hold for the user in this namespace, those of the cluster included. */
  readonly rulesOf: (user: User, namespace: string) => readonly PolicyRule[];
  readonly roleRules: RbacIndex['rulesOf'];
}

const byRoles = (index: RbacIndex, user: User, asked: Attributes): Decision => {
  const namespace = asked.type === 'resource' ? asked.namespace : '';
  for (const { rules, because } of index.rolesOf(user, namespace)) {
    if (rules.some((rule) => ruleAllows(rule, asked))) {
      return { allowed: true, reason: `RBAC: allowed by ${because()}` };
    }
  }
  return { allowed: false, reason: '' };
};

export function createAuthorization(
  view: Pick<ObjectView, 'get' | 'list' | 'watch' | 'podsOnNode'>,
): Authorization {
  const index = createRbacIndex(view);
  return {
    authorize: (user, asked) => {
      const isHealth = asked.type === 'path' && asked.verb === 'get' && HEALTH.test(asked.path);
      if (isHealth || isMaster(user)) return { allowed: true, reason: '' };
      const node = nodeOf(user);
      const asNode = node === undefined ? undefined : authorizeNode(view, node, asked);
      if (asNode?.allowed === true) return asNode;
      const decided = byRoles(index, user, asked);
      return decided.allowed ? decided : (asNode ?? decided);
    },
    rulesOf: (user, namespace) =>
      isMaster(user)
        ? ALL_RULES
        : [...index.rolesOf(user, namespace)].flatMap(({ rules }) => rules),
    roleRules: index.rulesOf,
  };
}
