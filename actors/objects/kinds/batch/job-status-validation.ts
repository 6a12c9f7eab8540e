// What is wrong with a Job's status.

import type { Job, JobStatus } from 'kubernetes-types/batch/v1.d.ts';
import { invalid, required } from '../../field-errors.ts';
import type { FieldError } from '../../field-errors.ts';
import { parseTimestamp } from '../../meta.ts';
import { validateCounts } from '../status-counts.ts';

type Errors = readonly FieldError[];

const holds = (status: JobStatus | undefined, type: string): boolean =>
  (status?.conditions ?? []).some((one) => one.type === type && one.status === 'True');

export function validateJobStatus(next: Readonly<Job>, old: Readonly<Job>): Errors {
  const { status } = next;
  const [isComplete, isFailed] = [holds(status, 'Complete'), holds(status, 'Failed')];
  const errors = [
    ...validateCounts(status, ['active', 'succeeded', 'failed', 'ready', 'terminating']),
    ...validateTimes(status, isComplete),
  ];
  if (isComplete && isFailed) {
    const detail = 'cannot set Complete=True and Failed=true conditions';
    errors.push(invalid('status.conditions', status?.conditions, detail));
  }
  for (const end of ['Complete', 'Failed']) {
    if (!holds(old.status, end) || holds(status, end)) continue;
    const detail = `cannot disable ${end}=True condition`;
    errors.push(invalid('status.conditions', status?.conditions ?? null, detail));
  }
  if ((isComplete || isFailed) && (status?.active ?? 0) > 0) {
    const detail = 'active>0 is invalid for finished job';
    errors.push(invalid('status.active', status?.active, detail));
  }
  return errors;
}

function validateTimes(status: JobStatus | undefined, isComplete: boolean): Errors {
  const path = 'status.completionTime';
  const { startTime, completionTime } = status ?? {};
  if (isComplete && completionTime === undefined) {
    return [required(path, 'completionTime is required for Complete jobs')];
  }
  if (completionTime === undefined) return [];
  if (!isComplete) {
    const detail = 'cannot set completionTime when there is no Complete=True condition';
    return [invalid(path, completionTime, detail)];
  }
  if (startTime === undefined) {
    return [required('status.startTime', 'startTime is required for finished job')];
  }
  return parseTimestamp(completionTime)! >= parseTimestamp(startTime)!
    ? []
    : [invalid(path, completionTime, 'completionTime cannot be set before startTime')];
}
