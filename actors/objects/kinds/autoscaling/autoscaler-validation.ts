// What is wrong with a HorizontalPodAutoscaler.

import type {
  HPAScalingPolicy,
  HPAScalingRules,
  HorizontalPodAutoscaler,
} from 'kubernetes-types/autoscaling/v2.d.ts';
import { invalid, required } from '../../field-errors.ts';
import type { FieldError } from '../../field-errors.ts';
import { atLeast, oneOf } from '../../field-rules.ts';
import { parseQuantity } from '../../quantity.ts';
import { validateCounts } from '../status-counts.ts';
import { validateMetrics } from './metric-validation.ts';
import { validateReference } from './reference-validation.ts';

type Errors = readonly FieldError[];

/** An hour. */
const WINDOW_LIMIT_SECONDS = 3_600;
/** Half an hour. */
const PERIOD_LIMIT_SECONDS = 1_800;

export function validateAutoscaler({ spec }: Readonly<HorizontalPodAutoscaler>): Errors {
  if (spec === undefined) return [required('spec')];
  const { minReplicas, maxReplicas, scaleTargetRef, metrics, behavior } = spec;
  const errors: FieldError[] = [];
  if (minReplicas !== undefined && minReplicas < 1) {
    const detail = 'must be greater than or equal to 1';
    errors.push(invalid('spec.minReplicas', minReplicas, detail));
  }
  errors.push(...atLeast('spec.maxReplicas', maxReplicas, 1));
  if (minReplicas !== undefined && maxReplicas < minReplicas) {
    const detail = 'must be greater than or equal to `minReplicas`';
    errors.push(invalid('spec.maxReplicas', maxReplicas, detail));
  }
  return [
    ...errors,
    ...validateReference(scaleTargetRef, 'spec.scaleTargetRef'),
    ...validateMetrics(metrics, 'spec.metrics'),
    ...validateRules(behavior?.scaleUp, 'spec.behavior.scaleUp'),
    ...validateRules(behavior?.scaleDown, 'spec.behavior.scaleDown'),
  ];
}

function validateRules(
  rules: (HPAScalingRules & { readonly tolerance?: string }) | undefined,
  path: string,
): Errors {
  if (rules === undefined) return [];
  const { stabilizationWindowSeconds: window, selectPolicy, policies = [], tolerance } = rules;
  const errors: FieldError[] = [];
  if (window !== undefined && window < 0) {
    const detail = 'must be greater than or equal to zero';
    errors.push(invalid(`${path}.stabilizationWindowSeconds`, window, detail));
  }
  if (window !== undefined && window > WINDOW_LIMIT_SECONDS) {
    const detail = `must be less than or equal to ${WINDOW_LIMIT_SECONDS}`;
    errors.push(invalid(`${path}.stabilizationWindowSeconds`, window, detail));
  }
  errors.push(...oneOf(`${path}.selectPolicy`, selectPolicy, ['Disabled', 'Max', 'Min']));
  if (policies.length === 0) {
    errors.push(required(`${path}.policies`, 'must specify at least one Policy'));
  }
  if (tolerance !== undefined && (parseQuantity(tolerance)?.nanos ?? 0n) < 0n) {
    errors.push(invalid(`${path}.tolerance`, tolerance, 'must be greater than or equal to 0'));
  }
  return [
    ...errors,
    ...policies.flatMap((policy, i) => validatePolicy(policy, `${path}.policies[${i}]`)),
  ];
}

function validatePolicy(
  { type, value, periodSeconds }: Readonly<HPAScalingPolicy>,
  path: string,
): Errors {
  const errors = [...oneOf(`${path}.type`, type, ['Percent', 'Pods'])];
  if (value <= 0) errors.push(invalid(`${path}.value`, value, 'must be greater than zero'));
  if (periodSeconds <= 0) {
    errors.push(invalid(`${path}.periodSeconds`, periodSeconds, 'must be greater than zero'));
  }
  if (periodSeconds > PERIOD_LIMIT_SECONDS) {
    const detail = `must be less than or equal to ${PERIOD_LIMIT_SECONDS}`;
    errors.push(invalid(`${path}.periodSeconds`, periodSeconds, detail));
  }
  return errors;
}

export const validateAutoscalerStatus = ({ status }: Readonly<HorizontalPodAutoscaler>): Errors =>
  validateCounts(status, ['currentReplicas', 'desiredReplicas']);
