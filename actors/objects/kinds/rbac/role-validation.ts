// What is wrong with the rules of a role.

import type { AggregationRule, PolicyRule } from 'kubernetes-types/rbac/v1.d.ts';
import type { FieldError } from '../../field-errors.ts';
import { invalid, required } from '../../field-errors.ts';
import { validateLabelSelector } from '../../field-rules.ts';

type Errors = readonly FieldError[];

const isEmpty = (list: readonly string[] | undefined): boolean => (list ?? []).length === 0;

/** Rules of a namespace reach no paths that are no resources. */
export const validateRules = (
  rules: readonly PolicyRule[] | undefined,
  isNamespaced: boolean,
): Errors => (rules ?? []).flatMap((rule, i) => validateRule(rule, `rules[${i}]`, isNamespaced));

function validateRule(rule: PolicyRule, path: string, isNamespaced: boolean): Errors {
  const { verbs, apiGroups, resources, resourceNames, nonResourceURLs } = rule;
  const errors: FieldError[] = [];
  if (isEmpty(verbs)) {
    errors.push(required(`${path}.verbs`, 'verbs must contain at least one value'));
  }
  if (!isEmpty(nonResourceURLs)) {
    const at = `${path}.nonResourceURLs`;
    const refuse = (why: string): unknown => errors.push(invalid(at, nonResourceURLs, why));
    if (isNamespaced) refuse('namespaced rules cannot apply to non-resource URLs');
    if (![apiGroups, resources, resourceNames].every(isEmpty)) {
      refuse('rules cannot apply to both regular resources and non-resource URLs');
    }
    return errors;
  }
  if (isEmpty(apiGroups)) {
    const why = 'resource rules must supply at least one api group';
    errors.push(required(`${path}.apiGroups`, why));
  }
  if (isEmpty(resources)) {
    const why = 'resource rules must supply at least one resource';
    errors.push(required(`${path}.resources`, why));
  }
  return errors;
}

export function validateAggregation(rule: AggregationRule | undefined): Errors {
  if (rule === undefined) return [];
  const path = 'aggregationRule.clusterRoleSelectors';
  const selectors = rule.clusterRoleSelectors ?? [];
  if (selectors.length === 0) {
    const why = 'at least one clusterRoleSelector required if aggregationRule is non-nil';
    return [required(path, why)];
  }
  return selectors.flatMap((selector, i) => validateLabelSelector(`${path}[${i}]`, selector));
}
