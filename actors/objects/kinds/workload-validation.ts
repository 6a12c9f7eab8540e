// What is wrong with a selector, a number of replicas and a template of pods, whatever manages them.

import type { PodSpec, PodTemplateSpec } from 'kubernetes-types/core/v1.d.ts';
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

type WorkloadKind = 'DaemonSet' | 'Deployment' | 'ReplicaSet' | 'StatefulSet';

/** `claims` names volumes that each pod has beside those of its template. */
export function validateWorkload(
  spec: WorkloadSpec | undefined,
  kind: WorkloadKind,
  claims: readonly string[] = [],
): readonly FieldError[] {
  return [
    ...notNegative('spec.replicas', spec?.replicas),
    ...notNegative('spec.minReadySeconds', spec?.minReadySeconds),
    ...validateSelector(spec?.selector, kind),
    ...validateTemplate(spec?.template, spec?.selector, kind, claims),
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
  kind: WorkloadKind,
  claims: readonly string[],
): readonly FieldError[] {
  const errors = [...validatePodTemplate(template, selector, 'spec.template', claims)];
  const spec = template?.spec;
  if (spec?.restartPolicy !== undefined && ['Never', 'OnFailure'].includes(spec.restartPolicy)) {
    const path = 'spec.template.spec.restartPolicy';
    errors.push(notSupported(path, spec.restartPolicy, ['Always']));
  }
  if (spec?.activeDeadlineSeconds !== undefined) {
    const path = 'spec.template.spec.activeDeadlineSeconds';
    // A Deployment's pods are those of its ReplicaSets.
    const owner = kind === 'Deployment' ? 'ReplicaSet' : kind;
    errors.push(forbidden(path, `activeDeadlineSeconds in ${owner} is not Supported`));
  }
  return errors;
}

/** A template whose pods the selector, if there is one, must find. */
export function validatePodTemplate(
  template: PodTemplateSpec | undefined,
  selector: LabelSelector | undefined,
  path: string,
  claims: readonly string[] = [],
): readonly FieldError[] {
  if (template === undefined) return [required(path)];
  const { metadata, spec } = template;
  const errors = [
    ...validateLabels(`${path}.metadata.labels`, metadata?.labels),
    ...validatePodSpec(withClaims(spec, claims), `${path}.spec`),
  ];
  if (selector !== undefined && !matchesLabels(selectorOf(selector), metadata?.labels)) {
    const detail = '`selector` does not match template `labels`';
    errors.push(invalid(`${path}.metadata.labels`, metadata?.labels ?? null, detail));
  }
  return errors;
}

/** A claim takes the place of a volume of its name. */
function withClaims(spec: PodSpec | undefined, claims: readonly string[]): PodSpec | undefined {
  if (spec === undefined || claims.length === 0) return spec;
  const others = (spec.volumes ?? []).filter(({ name }) => !claims.includes(name));
  return { ...spec, volumes: [...others, ...claims.map((name) => ({ name, emptyDir: {} }))] };
}

interface Workload {
  readonly spec?: WorkloadSpec;
}

/** A selector stays: pods made before would be orphaned. */
export const validateSelectorUnchanged = (next: Workload, old: Workload): readonly FieldError[] =>
  unchanged('spec.selector', next.spec?.selector, old.spec?.selector);
