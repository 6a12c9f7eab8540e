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
  const path = 'spec.template.metadata.labels';
  if (spec.selector === undefined) return [required('spec.selector')];
  const labels = spec.template?.metadata?.labels ?? {};
  const errors: FieldError[] = [];
  for (const [key, wanted] of [
    [OLD_CONTROLLER_UID, uid],
    [CONTROLLER_UID, uid],
    [OLD_JOB_NAME, name],
    [JOB_NAME, name],
  ] as const) {
    const found = labels[key];
    if (found === undefined) errors.push(required(path, `must be '${wanted}'`));
    else if (found !== wanted) errors.push(invalid(path, labels, `must be '${wanted}'`));
  }
  // Objects of old releases select by the label without a domain.
  const own = { [CONTROLLER_UID]: uid, [OLD_CONTROLLER_UID]: uid };
  const isOwn = Object.entries(spec.selector.matchLabels ?? {}).some(
    ([key, value]) => Object.hasOwn(own, key) && value === uid,
  );
  if (!isOwn || !matchesLabels(selectorOf(spec.selector), labels)) {
    errors.push(invalid('spec.selector', spec.selector, '`selector` not auto-generated'));
  }
  return errors;
}
