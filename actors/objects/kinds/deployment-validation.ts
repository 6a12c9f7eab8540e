// What is wrong with a Deployment.

import type { Deployment, DeploymentSpec } from 'kubernetes-types/apps/v1.d.ts';
import { forbidden, invalid } from '../field-errors.ts';
import type { FieldError } from '../field-errors.ts';
import { notNegative, oneOf } from '../field-rules.ts';
import { isZeroShare, validateShare } from './share-validation.ts';
import { validateWorkload } from './workload-validation.ts';

export function validateDeployment({ spec }: Readonly<Deployment>): readonly FieldError[] {
  const errors = [
    ...validateWorkload(spec, 'Deployment'),
    ...notNegative('spec.revisionHistoryLimit', spec?.revisionHistoryLimit),
    ...notNegative('spec.progressDeadlineSeconds', spec?.progressDeadlineSeconds),
    ...validateStrategy(spec?.strategy),
  ];
  const deadline = spec?.progressDeadlineSeconds;
  if (deadline !== undefined && deadline <= (spec?.minReadySeconds ?? 0)) {
    const detail = 'must be greater than minReadySeconds';
    errors.push(invalid('spec.progressDeadlineSeconds', deadline, detail));
  }
  return errors;
}

function validateStrategy(strategy: DeploymentSpec['strategy']): readonly FieldError[] {
  const path = 'spec.strategy';
  const errors = [...oneOf(`${path}.type`, strategy?.type, ['Recreate', 'RollingUpdate'])];
  const rolling = strategy?.rollingUpdate;
  if (rolling === undefined) return errors;
  if (strategy?.type === 'Recreate') {
    const detail = "may not be specified when strategy `type` is 'Recreate'";
    return [...errors, forbidden(`${path}.rollingUpdate`, detail)];
  }
  const { maxUnavailable, maxSurge } = rolling;
  errors.push(...validateShare(`${path}.rollingUpdate.maxUnavailable`, maxUnavailable, 100));
  errors.push(...validateShare(`${path}.rollingUpdate.maxSurge`, maxSurge));
  if (isZeroShare(maxUnavailable) && isZeroShare(maxSurge)) {
    const detail = 'may not be 0 when `maxSurge` is 0';
    errors.push(invalid(`${path}.rollingUpdate.maxUnavailable`, maxUnavailable, detail));
  }
  return errors;
}
