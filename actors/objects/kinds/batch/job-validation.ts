// What is wrong with a Job.

import type { Job, JobSpec } from 'kubernetes-types/batch/v1.d.ts';
import { invalid, notSupported, required, tooLong } from '../../field-errors.ts';
import type { FieldError } from '../../field-errors.ts';
import {
  invalidBecause,
  notNegative,
  oneOf,
  optionalName,
  validateLabelSelector,
} from '../../field-rules.ts';
import { domainPathProblems, labelProblems } from '../../name-rules.ts';
import { validatePodTemplate } from '../workload-validation.ts';
import { validateGeneratedSelector } from './job-selector.ts';
import { validatePodFailurePolicy } from './pod-failure-policy-validation.ts';
import { validateSuccessPolicy } from './success-policy-validation.ts';

type Errors = readonly FieldError[];

const INDEXED_LIMIT = 100_000;
/** Above so many completions, few indexes may fail and few pods may run. */
const HIGH_COMPLETIONS = 100_000;
const HIGH_COMPLETIONS_LIMIT = 10_000;
const MANAGER_LENGTH = 63;

export function validateJob(job: Readonly<Job>): Errors {
  const { spec, metadata } = job;
  if (spec === undefined) return [required('spec')];
  return [
    ...validateGeneratedSelector(job),
    ...validateJobSpec(spec, 'spec'),
    ...validateIndexedName(metadata?.name ?? '', spec),
  ];
}

/** The longest name of a pod's host is the Job's with the last index. */
function validateIndexedName(name: string, spec: Readonly<JobSpec>): Errors {
  const { completionMode, completions = 0 } = spec;
  if (completionMode !== 'Indexed' || completions < 1) return [];
  return labelProblems(`${name}-${completions - 1}`).map((problem) =>
    invalid('metadata.name', name, `will not able to create pod with invalid DNS name: ${problem}`),
  );
}

/** A Job's spec, or that of a CronJob's template. */
export function validateJobSpec(spec: Readonly<JobSpec>, path: string): Errors {
  const counts = [
    'parallelism',
    'completions',
    'activeDeadlineSeconds',
    'backoffLimit',
    'ttlSecondsAfterFinished',
    'backoffLimitPerIndex',
    'maxFailedIndexes',
  ] as const;
  return [
    ...counts.flatMap((field) => notNegative(`${path}.${field}`, spec[field])),
    ...(spec.selector === undefined
      ? []
      : validateLabelSelector(`${path}.selector`, spec.selector)),
    ...optionalName(`${path}.managedBy`, spec.managedBy, domainPathProblems),
    ...((spec.managedBy ?? '').length > MANAGER_LENGTH
      ? [tooLong(`${path}.managedBy`, MANAGER_LENGTH)]
      : []),
    ...oneOf(`${path}.completionMode`, spec.completionMode, ['Indexed', 'NonIndexed']),
    ...(spec.completionMode === 'Indexed'
      ? validateIndexed(spec, path)
      : validateNotIndexed(spec, path)),
    ...validatePodReplacement(spec, path),
    ...validatePodFailurePolicy(spec, path),
    ...validateSuccessPolicy(spec, path),
    ...validatePodTemplate(spec.template, spec.selector, `${path}.template`),
    ...validateRestartPolicy(spec, `${path}.template.spec.restartPolicy`),
  ];
}

function validateIndexed(spec: Readonly<JobSpec>, path: string): Errors {
  const { completions, parallelism = 0, backoffLimitPerIndex, maxFailedIndexes } = spec;
  const errors: FieldError[] = [];
  const limit = (field: string, value: number, most: number, when: string): void => {
    if (value <= most) return;
    errors.push(invalid(`${path}.${field}`, value, `must be less than or equal to ${most}${when}`));
  };
  if (completions === undefined) {
    errors.push(required(`${path}.completions`, 'when completion mode is Indexed'));
  }
  limit('parallelism', parallelism, INDEXED_LIMIT, ' when completion mode is Indexed');
  if (maxFailedIndexes !== undefined) {
    limit('maxFailedIndexes', maxFailedIndexes, INDEXED_LIMIT, '');
    if (completions !== undefined && maxFailedIndexes > completions) {
      const detail = 'must be less than or equal to completions';
      errors.push(invalid(`${path}.maxFailedIndexes`, maxFailedIndexes, detail));
    }
    if (backoffLimitPerIndex === undefined) {
      const detail = 'when maxFailedIndexes is specified';
      errors.push(required(`${path}.backoffLimitPerIndex`, detail));
    }
  }
  if (backoffLimitPerIndex === undefined || (completions ?? 0) <= HIGH_COMPLETIONS) return errors;
  const when = ` when completions are above ${HIGH_COMPLETIONS} and used with backoff limit per index`;
  if (maxFailedIndexes === undefined) {
    const detail = `must be specified when completions is above ${HIGH_COMPLETIONS}`;
    errors.push(required(`${path}.maxFailedIndexes`, detail));
  }
  limit('parallelism', parallelism, HIGH_COMPLETIONS_LIMIT, when);
  limit('maxFailedIndexes', maxFailedIndexes ?? 0, HIGH_COMPLETIONS_LIMIT, when);
  return errors;
}

const validateNotIndexed = (spec: Readonly<JobSpec>, path: string): Errors =>
  (['backoffLimitPerIndex', 'maxFailedIndexes'] as const).flatMap((field) =>
    spec[field] === undefined
      ? []
      : [invalid(`${path}.${field}`, spec[field], 'requires indexed completion mode')],
  );

function validatePodReplacement(spec: Readonly<JobSpec>, path: string): Errors {
  const supported = spec.podFailurePolicy ? ['Failed'] : ['Failed', 'TerminatingOrFailed'];
  return oneOf(`${path}.podReplacementPolicy`, spec.podReplacementPolicy, supported);
}

/** A pod that always restarts would never end. */
function validateRestartPolicy(spec: Readonly<JobSpec>, path: string): Errors {
  const policy = spec.template?.spec?.restartPolicy;
  if (policy !== 'OnFailure' && policy !== 'Never') {
    if (policy !== undefined && policy !== 'Always') return [];
    return [required(path, 'valid values: "OnFailure", "Never"')];
  }
  const needy = (['podFailurePolicy', 'backoffLimitPerIndex'] as const).find(
    (field) => spec[field] !== undefined,
  );
  if (policy === 'Never' || needy === undefined) return [];
  return invalidBecause(path, policy, [`only "Never" is supported when ${needy} is specified`]);
}

/** Of what only a Job's own spec may say. */
export function validateJobTemplate(spec: Readonly<JobSpec>, path: string): Errors {
  const errors = [...validateJobSpec(spec, path)];
  if (spec.selector !== undefined) {
    const detail = '`selector` will be auto-generated';
    errors.push(invalid(`${path}.selector`, spec.selector, detail));
  }
  if (spec.manualSelector === true) {
    errors.push(notSupported(`${path}.manualSelector`, true, ['nil', 'false']));
  }
  return errors;
}
