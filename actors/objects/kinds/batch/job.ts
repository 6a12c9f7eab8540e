// Job: pods that run until enough of them succeeded.

import type { Job, JobSpec } from 'kubernetes-types/batch/v1.d.ts';
import type { KindDefinition } from '../../kind-definition.ts';
import { parseTimestamp } from '../../meta.ts';
import { subdomainProblems } from '../../name-rules.ts';
import {
  ageColumn,
  containerColumns,
  column,
  formatAge,
  nameColumn,
  selectorText,
  wideColumn,
} from '../columns.ts';
import { setPodSpecDefaults } from '../pod-spec-defaults.ts';
import { copyTemplateLabels, generateSelector } from './job-selector.ts';
import { validateJobStatus } from './job-status-validation.ts';
import { validateJob } from './job-validation.ts';
import { validateJobUpdate } from './job-update-validation.ts';

export const jobKind: KindDefinition<'Job'> = {
  names: {
    kind: 'Job',
    group: 'batch',
    version: 'v1',
    plural: 'jobs',
    singular: 'job',
    shortNames: [],
    categories: ['all'],
    namespaced: true,
  },
  schema: 'batch.v1.Job',
  subresources: ['status'],
  columns: [
    nameColumn(),
    column('Status', 'How far it is.', stateText),
    column('Completions', 'Pods that succeeded out of those wanted.', completionsText),
    column('Duration', 'Time it took, or has taken.', durationText),
    ageColumn(),
    ...containerColumns<'Job'>(({ spec }) => spec?.template.spec),
    wideColumn('Selector', 'Labels of its pods.', ({ spec }) => selectorText(spec?.selector)),
  ],
  selectableFields: { 'status.successful': ({ status }) => String(status?.succeeded ?? 0) },
  strategy: {
    nameProblems: subdomainProblems,
    setDefaults: (job) => {
      if (job.spec === undefined) return;
      setJobDefaults(job.spec);
      copyTemplateLabels(job);
    },
    validate: validateJob,
    validateUpdate: validateJobUpdate,
    validateStatus: validateJobStatus,
    hasStatus: true,
    countsGenerations: true,
    prepareCreate: (job) => {
      job.status = {};
      if (job.spec?.manualSelector !== true) generateSelector(job);
    },
  },
};

const DEFAULT_BACKOFF_LIMIT = 6;
const UNLIMITED = 2_147_483_647;

function setJobDefaults(spec: JobSpec): void {
  if (spec.completions === undefined && spec.parallelism === undefined) spec.completions = 1;
  spec.parallelism ??= 1;
  spec.backoffLimit ??= spec.backoffLimitPerIndex === undefined ? DEFAULT_BACKOFF_LIMIT : UNLIMITED;
  spec.completionMode ??= 'NonIndexed';
  spec.suspend ??= false;
  spec.manualSelector ??= false;
  spec.podReplacementPolicy ??= spec.podFailurePolicy ? 'Failed' : 'TerminatingOrFailed';
  setJobTemplateDefaults(spec);
}

/** What is set in a Job and already in the template of a CronJob. */
export function setJobTemplateDefaults(spec: JobSpec): void {
  for (const rule of spec.podFailurePolicy?.rules ?? []) {
    for (const pattern of rule.onPodConditions ?? []) pattern.status ||= 'True';
  }
  if (spec.template?.spec !== undefined) setPodSpecDefaults(spec.template.spec);
}

function stateText({ metadata, status }: Readonly<Job>): string {
  const holds = (wanted: string): boolean =>
    (status?.conditions ?? []).some((one) => one.type === wanted && one.status === 'True');
  for (const end of ['Complete', 'Failed']) if (holds(end)) return end;
  if (metadata?.deletionTimestamp !== undefined) return 'Terminating';
  const state = ['Suspended', 'FailureTarget', 'SuccessCriteriaMet'].find(holds);
  return state ?? 'Running';
}

function completionsText({ spec, status }: Readonly<Job>): string {
  const succeeded = status?.succeeded ?? 0;
  if (spec?.completions !== undefined) return `${succeeded}/${spec.completions}`;
  const parallelism = spec?.parallelism ?? 0;
  return parallelism > 1 ? `${succeeded}/1 of ${parallelism}` : `${succeeded}/1`;
}

function durationText({ status }: Readonly<Job>, nowMs: number): string {
  const started = parseTimestamp(status?.startTime);
  if (started === undefined) return '';
  return formatAge((parseTimestamp(status?.completionTime) ?? nowMs) - started);
}
