// What is wrong with a selector, a number of replicas and a template of pods, whatever manages them.

import type { PodTemplateSpec } from 'kubernetes-types/core/v1.d.ts';
import type { LabelSelector } from 'kubernetes-types/meta/v1.d.ts';
import { forbidden, invalid, notSupported, required } from '../field-errors.ts';
import type { FieldError } from '../field-errors.ts';
import { notNegative, unchanged, validateLabels, validateLabelSelector } from '../field-rules.ts';
import { matchesLabels, selectorOf } from '../label-selectors.ts';
import { validatePodSpec } from './pod-spec-validation.ts';

interface WorkloadSpec {
  readonly replicas?: number;
  readonly minReadySeconds?: number;
  readonly selector: LabelSelector;
  readonly template?: PodTemplateSpec;
}

export function validateWorkload(
  spec: WorkloadSpec | undefined,
  kind: 'Deployment' | 'ReplicaSet',
): readonly FieldError[] {
  return [
    ...notNegative('spec.replicas', spec?.replicas),
    ...notNegative('spec.minReadySeconds', spec?.minReadySeconds),
    ...validateSelector(spec?.selector, kind),
    ...validateTemplate(spec?.template, spec?.selector),
  ];
}

function validateSelector(
  selector: LabelSelector | undefined,
  kind: string,
): readonly FieldError[] {
  if (selector === undefined) return [required('spec.selector')];
  const errors = validateLabelSelector('spec.selector', selector);
  if (errors.length > 0 || (selectorOf(selector) ?? []).length > 0) return errors;
  const detail = `empty selector is invalid for ${kind.toLowerCase()}`;
  return [invalid('spec.selector', selector, detail)];
}

function validateTemplate(
  template: PodTemplateSpec | undefined,
  selector: LabelSelector | undefined,
): readonly FieldError[] {
  if (template === undefined) return [required('spec.template')];
  const { metadata, spec } = template;
  const errors = [
    ...validateLabels('spec.template.metadata.labels', metadata?.labels),
    ...validatePodSpec(spec, 'spec.template.spec'),
  ];
  if (selector !== undefined && !matchesLabels(selectorOf(selector), metadata?.labels)) {
    const detail = '`selector` does not match template `labels`';
    errors.push(invalid('spec.template.metadata.labels', metadata?.labels ?? null, detail));
  }
  if (spec?.restartPolicy !== undefined && ['Never', 'OnFailure'].includes(spec.restartPolicy)) {
    const path = 'spec.template.spec.restartPolicy';
    errors.push(notSupported(path, spec.restartPolicy, ['Always']));
  }
  if (spec?.activeDeadlineSeconds !== undefined) {
    const path = 'spec.template.spec.activeDeadlineSeconds';
    errors.push(forbidden(path, 'activeDeadlineSeconds in ReplicaSet is not Supported'));
  }
  return errors;
}

interface Workload {
  readonly spec?: WorkloadSpec;
}

/** A selector stays: pods made before would be orphaned. */
export const validateSelectorUnchanged = (next: Workload, old: Workload): readonly FieldError[] =>
  unchanged('spec.selector', next.spec?.selector, old.spec?.selector);
