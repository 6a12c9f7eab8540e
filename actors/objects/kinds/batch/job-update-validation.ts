// What an update of a Job may not change.

import type { Job, JobSpec } from 'kubernetes-types/batch/v1.d.ts';
import type { PodSpec, PodTemplateSpec } from 'kubernetes-types/core/v1.d.ts';
import { invalid } from '../../field-errors.ts';
import type { FieldError } from '../../field-errors.ts';
import { sameValue, unchanged } from '../../field-rules.ts';

type Errors = readonly FieldError[];

const IMMUTABLE = [
  'selector',
  'completionMode',
  'podFailurePolicy',
  'backoffLimitPerIndex',
  'managedBy',
  'successPolicy',
] as const;

export function validateJobUpdate(next: Readonly<Job>, old: Readonly<Job>): Errors {
  const [spec, was] = [next.spec, old.spec];
  if (spec === undefined || was === undefined) return [];
  return [
    ...validateCompletions(spec, was),
    ...IMMUTABLE.flatMap((field) => unchanged(`spec.${field}`, spec[field], was[field])),
    ...unchanged(
      'spec.template',
      isWaiting(next, old) ? withPlacementOf(spec.template, was.template) : spec.template,
      was.template,
    ),
  ];
}

/** An Indexed Job may grow and shrink as long as all of it runs at once. */
function validateCompletions(spec: Readonly<JobSpec>, was: Readonly<JobSpec>): Errors {
  if (sameValue(spec.completions, was.completions)) return [];
  if (spec.completionMode !== 'Indexed' || was.completions === undefined) {
    return unchanged('spec.completions', spec.completions, was.completions);
  }
  if (spec.completions === spec.parallelism) return [];
  const detail = 'can only be modified in tandem with parallelism';
  return [invalid('spec.completions', spec.completions, detail)];
}

/** A Job that has not begun may still be placed elsewhere. */
const isWaiting = (next: Readonly<Job>, old: Readonly<Job>): boolean =>
  old.spec?.suspend === true && old.status?.startTime === undefined && next.spec !== undefined;

/** The template with what places its pods, and their labels and annotations, as they were. */
function withPlacementOf(next: PodTemplateSpec, old: PodTemplateSpec): PodTemplateSpec {
  const placement: PodSpec = { ...next.spec! };
  const [nodeAffinity, others] = [old.spec?.affinity?.nodeAffinity, { ...next.spec?.affinity }];
  delete others.nodeAffinity;
  placement.affinity = nodeAffinity === undefined ? others : { ...others, nodeAffinity };
  for (const field of ['nodeSelector', 'tolerations', 'schedulingGates'] as const) {
    delete placement[field];
    if (old.spec?.[field] !== undefined) Object.assign(placement, { [field]: old.spec[field] });
  }
  const metadata = { ...next.metadata };
  for (const field of ['labels', 'annotations'] as const) {
    delete metadata[field];
    if (old.metadata?.[field] !== undefined) metadata[field] = old.metadata[field];
  }
  return { metadata, spec: placement };
}
