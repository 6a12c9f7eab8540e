// The selector of a Job: made from its uid, so that it finds the pods of no other.

import type { Job } from 'kubernetes-types/batch/v1.d.ts';
import { invalid, required } from '../../field-errors.ts';
import type { FieldError } from '../../field-errors.ts';
import { matchesLabels, selectorOf } from '../../label-selectors.ts';

const CONTROLLER_UID = 'batch.kubernetes.io/controller-uid';
const JOB_NAME = 'batch.kubernetes.io/job-name';
const OLD_CONTROLLER_UID = 'controller-uid';
const OLD_JOB_NAME = 'job-name';

/** The labels of the template are the Job's own if it has none. The same object, so that it is known as a copy. */
export function copyTemplateLabels({ metadata, spec }: Job): void {
  const labels = spec?.template?.metadata?.labels;
  if (metadata === undefined || labels === undefined) return;
  if (Object.keys(metadata.labels ?? {}).length === 0) metadata.labels = labels;
}

/** Labels of pods and the selector that finds them, unless their writer set them. */
export function generateSelector({ metadata, spec }: Job): void {
  if (spec?.template === undefined || metadata === undefined) return;
  const { uid = '', name = '' } = metadata;
  const template = (spec.template.metadata ??= {});
  const given = template.labels;
  const isCopied = metadata.labels === undefined || metadata.labels === given;
  template.labels = {
    [OLD_JOB_NAME]: name,
    [JOB_NAME]: name,
    [OLD_CONTROLLER_UID]: uid,
    [CONTROLLER_UID]: uid,
    ...given,
  };
  if (isCopied) metadata.labels = { ...template.labels };
  const selector = (spec.selector ??= {});
  selector.matchLabels = { [CONTROLLER_UID]: uid, ...selector.matchLabels };
}

/** A selector that is generated must be the one that would be. */
export function validateGeneratedSelector({
  metadata,
  spec,
}: Readonly<Job>): readonly FieldError[] {
  if (spec === undefined || spec.manualSelector === true) return [];
  const { uid = '', name = '' } = metadata ?? {};
  if (spec.selector === undefined) return [required('spec.selector')];
  const labels = spec.template?.metadata?.labels ?? {};
  const wanted = {
    [OLD_CONTROLLER_UID]: uid,
    [CONTROLLER_UID]: uid,
    [OLD_JOB_NAME]: name,
    [JOB_NAME]: name,
  };
  const errors = Object.entries(wanted).flatMap(([key, value]) => {
    const path = `spec.template.metadata.labels[${key}]`;
    if (labels[key] === value) return [];
    const detail = `must be '${value}'`;
    return [labels[key] === undefined ? required(path, detail) : invalid(path, labels, detail)];
  });
  return matchesLabels(selectorOf(spec.selector), wanted)
    ? errors
    : [...errors, invalid('spec.selector', spec.selector, '`selector` not auto-generated')];
}
