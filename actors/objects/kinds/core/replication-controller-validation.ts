// What is wrong with a ReplicationController.

import type { PodTemplateSpec, ReplicationController } from 'kubernetes-types/core/v1.d.ts';
import { forbidden, invalid, notSupported, required } from '../../field-errors.ts';
import type { FieldError } from '../../field-errors.ts';
import { notNegative, validateLabels } from '../../field-rules.ts';
import { matchesLabels, selectorOfLabels } from '../../label-selectors.ts';
import type { Selector } from '../../label-selectors.ts';
import { validatePodSpec } from '../pod-spec-validation.ts';

type Errors = readonly FieldError[];

export function validateReplicationController({ spec }: Readonly<ReplicationController>): Errors {
  const selector = selectorOfLabels(spec?.selector);
  return [
    ...notNegative('spec.replicas', spec?.replicas),
    ...notNegative('spec.minReadySeconds', spec?.minReadySeconds),
    ...(selector === undefined ? [required('spec.selector')] : []),
    ...(spec?.template === undefined
      ? [required('spec.template')]
      : validateTemplate(spec.template, selector)),
  ];
}

function validateTemplate(
  { metadata, spec }: PodTemplateSpec,
  selector: Selector | undefined,
): Errors {
  const path = 'spec.template';
  const errors = [
    ...validateLabels(`${path}.metadata.labels`, metadata?.labels),
    ...validatePodSpec(spec, `${path}.spec`),
  ];
  if (selector !== undefined && !matchesLabels(selector, metadata?.labels)) {
    const detail = '`selector` does not match template `labels`';
    errors.push(invalid(`${path}.metadata.labels`, metadata?.labels ?? null, detail));
  }
  if (spec?.restartPolicy !== undefined && ['Never', 'OnFailure'].includes(spec.restartPolicy)) {
    errors.push(notSupported(`${path}.spec.restartPolicy`, spec.restartPolicy, ['Always']));
  }
  if (spec?.activeDeadlineSeconds !== undefined) {
    const detail = 'activeDeadlineSeconds in ReplicationController is not Supported';
    errors.push(forbidden(`${path}.spec.activeDeadlineSeconds`, detail));
  }
  return errors;
}
