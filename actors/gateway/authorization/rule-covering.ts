// Whether rules that somebody holds cover rules that somebody wants to grant: nobody gives what he has not.

import type { PolicyRule } from 'kubernetes-types/rbac/v1.d.ts';
import { coversPath } from './rule-matching.ts';

const ALL = '*';

/** Single deeds that one rule may stand for before it has to be split by its writer. */
const DEEDS_LIMIT = 50_000;

export type Covering =
  /** Empty when all is covered. */
  | { readonly type: 'judged'; readonly missing: readonly PolicyRule[] }
  | { readonly type: 'too-many'; readonly deeds: number; readonly limit: number };

const hasAll = (
  held: readonly string[] | undefined = [],
  wanted: readonly string[] | undefined = [],
): boolean => held.includes(ALL) || wanted.every((one) => held.includes(one));

function resourcesCover(
  held: readonly string[] | undefined = [],
  wanted: readonly string[] | undefined = [],
): boolean {
  if (held.includes(ALL)) return true;
  return wanted.every((one) => {
    if (held.includes(one)) return true;
    const slash = one.indexOf('/');
    return slash >= 0 && held.includes(`${ALL}${one.slice(slash)}`);
  });
}

/** No names stand for all names: only who holds all may grant all. */
function namesCover(
  held: readonly string[] | undefined = [],
  wanted: readonly string[] | undefined = [],
): boolean {
  if (held.length === 0) return true;
  return wanted.length > 0 && wanted.every((one) => held.includes(one));
}

const covers = (held: PolicyRule, wanted: PolicyRule): boolean =>
  hasAll(held.verbs, wanted.verbs) &&
  hasAll(held.apiGroups, wanted.apiGroups) &&
  resourcesCover(held.resources, wanted.resources) &&
  namesCover(held.resourceNames, wanted.resourceNames) &&
  (wanted.nonResourceURLs ?? []).every((path) =>
    (held.nonResourceURLs ?? []).some((pattern) => coversPath(pattern, path)),
  );

const deedsOf = ({
  verbs,
  apiGroups = [],
  resources = [],
  resourceNames = [],
  nonResourceURLs = [],
}: PolicyRule): number =>
  verbs.length *
  (nonResourceURLs.length +
    apiGroups.length * resources.length * Math.max(1, resourceNames.length));

/** The rule as rules of one deed each. */
function* singleDeeds(rule: PolicyRule): Generator<PolicyRule> {
  const { apiGroups = [], resources = [], resourceNames = [], nonResourceURLs = [] } = rule;
  const names = resourceNames.length === 0 ? [undefined] : resourceNames;
  for (const path of nonResourceURLs) {
    for (const verb of rule.verbs) yield { nonResourceURLs: [path], verbs: [verb] };
  }
  for (const group of apiGroups) {
    for (const resource of resources) {
      for (const name of names) {
        const place = { apiGroups: [group], resources: [resource] };
        const which = name === undefined ? {} : { resourceNames: [name] };
        for (const verb of rule.verbs) yield { ...place, ...which, verbs: [verb] };
      }
    }
  }
}

/** What of `wanted` is not among `held`, deeds on the same thing together. */
export function uncovered(held: readonly PolicyRule[], wanted: readonly PolicyRule[]): Covering {
  const missing = new Map<string, PolicyRule>();
  const left = wanted.filter((rule) => !held.some((own) => covers(own, rule)));
  const deeds = left.reduce((sum, rule) => sum + deedsOf(rule), 0);
  if (deeds > DEEDS_LIMIT) return { type: 'too-many', deeds, limit: DEEDS_LIMIT };
  for (const rule of left) {
    for (const deed of singleDeeds(rule)) {
      if (held.some((own) => covers(own, deed))) continue;
      const { verbs, ...what } = deed;
      const key = JSON.stringify(what);
      const others = missing.get(key)?.verbs ?? [];
      missing.set(key, { ...what, verbs: [...new Set([...others, ...verbs])] });
    }
  }
  return { type: 'judged', missing: [...missing.values()] };
}

const quoted = (list: readonly string[]): string =>
  `[${list.map((one) => JSON.stringify(one)).join(' ')}]`;

/** `{APIGroups:["apps"], Resources:["deployments"], Verbs:["get" "list"]}`. */
export function ruleText(rule: PolicyRule): string {
  const parts: readonly (readonly [string, readonly string[] | undefined])[] = [
    ['APIGroups', rule.apiGroups],
    ['Resources', rule.resources],
    ['ResourceNames', rule.resourceNames],
    ['NonResourceURLs', rule.nonResourceURLs],
    ['Verbs', rule.verbs],
  ];
  const told = parts.flatMap(([name, list]) =>
    list === undefined || list.length === 0 ? [] : [`${name}:${quoted(list)}`],
  );
  return `{${told.join(', ')}}`;
}
