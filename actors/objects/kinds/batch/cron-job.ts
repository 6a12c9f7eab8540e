// CronJob: Jobs made by the clock.

import type { CronJobSpec } from 'kubernetes-types/batch/v1.d.ts';
import { invalid, required } from '../../field-errors.ts';
import type { FieldError } from '../../field-errors.ts';
import { notNegative, oneOf } from '../../field-rules.ts';
import type { KindDefinition } from '../../kind-definition.ts';
import { subdomainProblems } from '../../name-rules.ts';
import {
  ageColumn,
  containerColumns,
  ageSince,
  column,
  nameColumn,
  selectorText,
  wideColumn,
} from '../columns.ts';
import { cronScheduleProblem, timeZoneProblem } from './cron-schedule.ts';
import { setJobTemplateDefaults } from './job.ts';
import { validateJobTemplate } from './job-validation.ts';

/** Eleven characters are left for the time that ends the name of a Job. */
const NAME_LENGTH = 52;

export const cronJobKind: KindDefinition<'CronJob'> = {
  names: {
    kind: 'CronJob',
    group: 'batch',
    version: 'v1',
    plural: 'cronjobs',
    singular: 'cronjob',
    shortNames: ['cj'],
    categories: ['all'],
    namespaced: true,
  },
  schema: 'batch.v1.CronJob',
  subresources: ['status'],
  columns: [
    nameColumn(),
    column('Schedule', 'When it makes a Job.', ({ spec }) => spec?.schedule ?? ''),
    column('Timezone', 'Where the schedule is meant.', ({ spec }) => spec?.timeZone ?? '<none>'),
    column('Suspend', 'Whether it makes none for now.', ({ spec }) =>
      spec?.suspend === true ? 'True' : 'False',
    ),
    column('Active', 'Jobs that run.', ({ status }) => status?.active?.length ?? 0, 'integer'),
    column('Last Schedule', 'Time since it made one.', ({ status }, nowMs) =>
      status?.lastScheduleTime === undefined ? '<none>' : ageSince(status.lastScheduleTime, nowMs),
    ),
    ageColumn(),
    ...containerColumns<'CronJob'>(({ spec }) => spec?.jobTemplate.spec?.template.spec),
    wideColumn('Selector', 'Labels of its pods.', ({ spec }) =>
      selectorText(spec?.jobTemplate.spec?.selector),
    ),
  ],
  selectableFields: {},
  strategy: {
    nameProblems: (name) =>
      name.length > NAME_LENGTH
        ? [...subdomainProblems(name), `must be no more than ${NAME_LENGTH} characters`]
        : subdomainProblems(name),
    setDefaults: ({ spec }) => {
      if (spec === undefined) return;
      spec.concurrencyPolicy ||= 'Allow';
      spec.suspend ??= false;
      spec.successfulJobsHistoryLimit ??= 3;
      spec.failedJobsHistoryLimit ??= 1;
      if (spec.jobTemplate?.spec !== undefined) setJobTemplateDefaults(spec.jobTemplate.spec);
    },
    validate: ({ spec }) => (spec === undefined ? [required('spec')] : validateSpec(spec)),
    validateUpdate: () => [],
    hasStatus: true,
    countsGenerations: true,
    prepareCreate: (cronJob) => {
      cronJob.status = {};
    },
  },
};

function validateSpec(spec: Readonly<CronJobSpec>): readonly FieldError[] {
  const counts = [
    'startingDeadlineSeconds',
    'successfulJobsHistoryLimit',
    'failedJobsHistoryLimit',
  ] as const;
  const job = spec.jobTemplate?.spec;
  return [
    ...validateSchedule(spec),
    ...counts.flatMap((field) => notNegative(`spec.${field}`, spec[field])),
    ...oneOf('spec.concurrencyPolicy', spec.concurrencyPolicy, ['Allow', 'Forbid', 'Replace']),
    ...(job === undefined
      ? [required('spec.jobTemplate.spec')]
      : validateJobTemplate(job, 'spec.jobTemplate.spec')),
  ];
}

function validateSchedule({ schedule, timeZone }: Readonly<CronJobSpec>): readonly FieldError[] {
  const problem = schedule === '' ? undefined : cronScheduleProblem(schedule);
  const zoneProblem = timeZone === undefined ? undefined : timeZoneProblem(timeZone);
  return [
    ...(schedule === '' ? [required('spec.schedule')] : []),
    ...(problem === undefined ? [] : [invalid('spec.schedule', schedule, problem)]),
    ...(zoneProblem === undefined ? [] : [invalid('spec.timeZone', timeZone, zoneProblem)]),
  ];
}
