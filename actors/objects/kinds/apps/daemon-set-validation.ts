// What is wrong with a DaemonSet.

import type { DaemonSet, DaemonSetSpec } from 'kubernetes-types/apps/v1.d.ts';
import { invalid, notSupported, required } from '../../field-errors.ts';
import type { FieldError } from '../../field-errors.ts';
import { notNegative } from '../../field-rules.ts';
import { isZeroShare, validateShare } from '../share-validation.ts';
import { validateCounts } from '../status-counts.ts';
import { validateWorkload } from '../workload-validation.ts';

type Errors = readonly FieldError[];

export const validateDaemonSet = ({ spec }: Readonly<DaemonSet>): Errors => [
  ...validateWorkload(spec, 'DaemonSet'),
  ...notNegative('spec.revisionHistoryLimit', spec?.revisionHistoryLimit),
  ...validateUpdateStrategy(spec?.updateStrategy),
];

function validateUpdateStrategy(strategy: DaemonSetSpec['updateStrategy']): Errors {
  const path = 'spec.updateStrategy';
  if (strategy?.type === 'OnDelete') return [];
  if (strategy?.type !== 'RollingUpdate') {
    return [notSupported(path, strategy, ['OnDelete', 'RollingUpdate'])];
  }
  const at = `${path}.rollingUpdate`;
  if (strategy.rollingUpdate === undefined) return [required(at)];
  const { maxUnavailable, maxSurge } = strategy.rollingUpdate;
  const errors = [
    ...validateShare(`${at}.maxUnavailable`, maxUnavailable, 100),
    ...validateShare(`${at}.maxSurge`, maxSurge, 100),
  ];
  const [down, up] = [!isZeroShare(maxUnavailable), !isZeroShare(maxSurge)];
  if (down && up) {
    const detail = 'may not be set when maxUnavailable is non-zero';
    errors.push(invalid(`${at}.maxSurge`, maxSurge, detail));
  }
  if (!down && !up) errors.push(required(`${at}.maxUnavailable`, 'cannot be 0 when maxSurge is 0'));
  return errors;
}

export const validateDaemonSetStatus = (
  { status }: Readonly<DaemonSet>,
  old: Readonly<DaemonSet>,
): Errors =>
  validateCounts(
    status,
    [
      'currentNumberScheduled',
      'numberMisscheduled',
      'desiredNumberScheduled',
      'numberReady',
      'observedGeneration',
      'updatedNumberScheduled',
      'numberAvailable',
      'numberUnavailable',
      'collisionCount',
    ],
    old.status?.collisionCount,
  );
