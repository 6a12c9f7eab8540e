// What is wrong with the rules by which a Job takes the failure of a pod.

import type {
  JobSpec,
  PodFailurePolicyOnExitCodesRequirement,
  PodFailurePolicyRule,
} from 'kubernetes-types/batch/v1.d.ts';
import { duplicate, invalid, notSupported, required, tooMany } from '../../field-errors.ts';
import type { FieldError } from '../../field-errors.ts';
import { oneOf, requiredName } from '../../field-rules.ts';
import { qualifiedNameProblems } from '../../name-rules.ts';

type Errors = readonly FieldError[];

const RULES_LIMIT = 20;
const PATTERNS_LIMIT = 20;
const EXIT_CODES_LIMIT = 255;

export function validatePodFailurePolicy(spec: Readonly<JobSpec>, path: string): Errors {
  const policy = spec.podFailurePolicy;
  if (policy === undefined) return [];
  const at = `${path}.podFailurePolicy.rules`;
  const { rules } = policy;
  if (rules.length > RULES_LIMIT) return [tooMany(at, rules.length, RULES_LIMIT)];
  const { containers = [], initContainers = [] } = spec.template?.spec ?? {};
  const names = [...containers, ...initContainers].map(({ name }) => name);
  return rules.flatMap((rule, i) => validateRule(rule, `${at}[${i}]`, spec, names));
}

function validateRule(
  rule: Readonly<PodFailurePolicyRule>,
  path: string,
  spec: Readonly<JobSpec>,
  names: readonly string[],
): Errors {
  const { action, onExitCodes, onPodConditions = [] } = rule;
  const errors: FieldError[] = [];
  const actions = ['Count', 'FailIndex', 'FailJob', 'Ignore'];
  if (action === '') {
    const values = actions.map((one) => JSON.stringify(one)).join(', ');
    errors.push(required(`${path}.action`, `valid values: ${values}`));
  } else errors.push(...oneOf(`${path}.action`, action, actions));
  if (action === 'FailIndex' && spec.backoffLimitPerIndex === undefined) {
    errors.push(invalid(`${path}.action`, action, 'requires the backoffLimitPerIndex to be set'));
  }
  if (onExitCodes !== undefined) {
    errors.push(...validateExitCodes(onExitCodes, `${path}.onExitCodes`, names));
  }
  if (onPodConditions.length > PATTERNS_LIMIT) {
    errors.push(tooMany(`${path}.onPodConditions`, onPodConditions.length, PATTERNS_LIMIT));
  }
  for (const [i, { type, status }] of onPodConditions.slice(0, PATTERNS_LIMIT).entries()) {
    const at = `${path}.onPodConditions[${i}]`;
    errors.push(...requiredName(`${at}.type`, type, qualifiedNameProblems));
    errors.push(...oneOf(`${at}.status`, status, ['False', 'True', 'Unknown']));
  }
  const hasConditions = onPodConditions.length > 0;
  if (onExitCodes !== undefined && hasConditions) {
    const detail = 'specifying both OnExitCodes and OnPodConditions is not supported';
    errors.push(invalid(path, rule, detail));
  }
  if (onExitCodes === undefined && !hasConditions) {
    const detail = 'specifying one of OnExitCodes and OnPodConditions is required';
    errors.push(invalid(path, rule, detail));
  }
  return errors;
}

function validateExitCodes(
  requirement: Readonly<PodFailurePolicyOnExitCodesRequirement>,
  path: string,
  names: readonly string[],
): Errors {
  const { operator, values, containerName } = requirement;
  const errors: FieldError[] = [];
  if (operator === '') errors.push(required(`${path}.operator`, 'valid values: "In", "NotIn"'));
  else if (!['In', 'NotIn'].includes(operator)) {
    errors.push(notSupported(`${path}.operator`, operator, ['In', 'NotIn']));
  }
  if (containerName !== undefined && !names.includes(containerName)) {
    const detail = 'must be one of the container or initContainer names in the pod template';
    errors.push(invalid(`${path}.containerName`, containerName, detail));
  }
  if (values.length === 0) {
    errors.push(invalid(`${path}.values`, values, 'at least one value is required'));
  } else if (values.length > EXIT_CODES_LIMIT) {
    errors.push(tooMany(`${path}.values`, values.length, EXIT_CODES_LIMIT));
  }
  let isOrdered = true;
  for (const [i, value] of values.slice(0, EXIT_CODES_LIMIT).entries()) {
    const at = `${path}.values[${i}]`;
    if (operator === 'In' && value === 0) {
      errors.push(invalid(at, value, 'must not be 0 for the In operator'));
    }
    if (values.indexOf(value) < i) errors.push(duplicate(at, value));
    else if (i > 0 && value < values[i - 1]!) isOrdered = false;
  }
  if (!isOrdered) errors.push(invalid(`${path}.values`, values, 'must be ordered'));
  return errors;
}
