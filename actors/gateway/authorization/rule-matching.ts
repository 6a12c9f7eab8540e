// Whether a rule of a role speaks of a deed.

import type { PolicyRule } from 'kubernetes-types/rbac/v1.d.ts';
import type { Attributes } from './attributes.ts';

const ALL = '*';

const has = (list: readonly string[] | undefined, value: string): boolean =>
  list !== undefined && (list.includes(value) || list.includes(ALL));

/** `pods`, `pods/log`, and, with a star for the resource, the log of anything. */
function hasResource(
  list: readonly string[] | undefined,
  resource: string,
  subresource: string,
): boolean {
  const whole = subresource === '' ? resource : `${resource}/${subresource}`;
  if (has(list, whole)) return true;
  return subresource !== '' && list !== undefined && list.includes(`${ALL}/${subresource}`);
}

/** `/healthz`, or `/healthz/*` for all that begins so; `*` is any path. */
export function coversPath(pattern: string, path: string): boolean {
  if (pattern === ALL || pattern === path) return true;
  return pattern.endsWith(ALL) && path.startsWith(pattern.slice(0, -1));
}

export function ruleAllows(rule: PolicyRule, asked: Attributes): boolean {
  if (!has(rule.verbs, asked.verb)) return false;
  if (asked.type === 'path') {
    return (rule.nonResourceURLs ?? []).some((pattern) => coversPath(pattern, asked.path));
  }
  const { resourceNames = [] } = rule;
  return (
    has(rule.apiGroups, asked.group) &&
    hasResource(rule.resources, asked.resource, asked.subresource) &&
    (resourceNames.length === 0 || resourceNames.includes(asked.name))
  );
}
