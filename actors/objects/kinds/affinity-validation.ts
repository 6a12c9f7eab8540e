// What is wrong with the affinities of a pod.

import type {
  Affinity,
  NodeSelector,
  NodeSelectorTerm,
  PodAffinityTerm,
} from 'kubernetes-types/core/v1.d.ts';
import { invalid, required } from '../field-errors.ts';
import type { FieldError } from '../field-errors.ts';
import {
  invalidBecause,
  requiredName,
  validateLabelSelector,
  validateValues,
} from '../field-rules.ts';
import { qualifiedNameProblems } from '../name-rules.ts';

type Errors = readonly FieldError[];

const NODE_OPERATORS = ['In', 'NotIn', 'Exists', 'DoesNotExist', 'Gt', 'Lt'];

export function validateAffinity(affinity: Affinity | undefined, path: string): Errors {
  return [
    ...validateNodeAffinity(affinity?.nodeAffinity, `${path}.nodeAffinity`),
    ...validatePodAffinity(affinity?.podAffinity, `${path}.podAffinity`),
    ...validatePodAffinity(affinity?.podAntiAffinity, `${path}.podAntiAffinity`),
  ];
}

function validateNodeAffinity(affinity: Affinity['nodeAffinity'], path: string): Errors {
  const errors: FieldError[] = [];
  const wanted = affinity?.requiredDuringSchedulingIgnoredDuringExecution;
  if (wanted !== undefined) {
    const at = `${path}.requiredDuringSchedulingIgnoredDuringExecution`;
    errors.push(...validateNodeSelectorTerms(wanted, at));
  }
  const preferred = affinity?.preferredDuringSchedulingIgnoredDuringExecution ?? [];
  for (const [i, { weight, preference }] of preferred.entries()) {
    const at = `${path}.preferredDuringSchedulingIgnoredDuringExecution[${i}]`;
    errors.push(...validateWeight(weight, at), ...validateNodeTerm(preference, `${at}.preference`));
  }
  return errors;
}

/** Of pods and of volumes. */
export function validateNodeSelectorTerms(selector: NodeSelector, path: string): Errors {
  const at = `${path}.nodeSelectorTerms`;
  const terms = selector.nodeSelectorTerms ?? [];
  if (terms.length === 0) return [required(at, 'must have at least one node selector term')];
  return terms.flatMap((term, i) => validateNodeTerm(term, `${at}[${i}]`));
}

const validateNodeTerm = (term: NodeSelectorTerm, path: string): Errors =>
  (term.matchExpressions ?? []).flatMap(({ key, operator, values = [] }, i) => {
    const at = `${path}.matchExpressions[${i}]`;
    return [
      ...invalidBecause(`${at}.key`, key, qualifiedNameProblems(key)),
      ...validateValues(at, operator, values, NODE_OPERATORS),
    ];
  });

function validatePodAffinity(
  affinity: Affinity['podAffinity'] | Affinity['podAntiAffinity'],
  path: string,
): Errors {
  const wanted = affinity?.requiredDuringSchedulingIgnoredDuringExecution ?? [];
  const preferred = affinity?.preferredDuringSchedulingIgnoredDuringExecution ?? [];
  return [
    ...wanted.flatMap((term, i) =>
      validatePodTerm(term, `${path}.requiredDuringSchedulingIgnoredDuringExecution[${i}]`),
    ),
    ...preferred.flatMap(({ weight, podAffinityTerm }, i) => {
      const at = `${path}.preferredDuringSchedulingIgnoredDuringExecution[${i}]`;
      return [
        ...validateWeight(weight, at),
        ...validatePodTerm(podAffinityTerm, `${at}.podAffinityTerm`),
      ];
    }),
  ];
}

const validatePodTerm = (term: PodAffinityTerm, path: string): Errors => [
  ...requiredName(`${path}.topologyKey`, term.topologyKey, qualifiedNameProblems),
  ...validateLabelSelector(`${path}.labelSelector`, term.labelSelector),
  ...validateLabelSelector(`${path}.namespaceSelector`, term.namespaceSelector),
];

const validateWeight = (weight: number, path: string): Errors =>
  weight >= 1 && weight <= 100
    ? []
    : [invalid(`${path}.weight`, weight, 'must be in the range 1-100')];
