// What an update of a pod may not change: nearly everything, since it may be running.

import type { Container, Pod, PodSpec, Toleration } from 'kubernetes-types/core/v1.d.ts';
import { forbidden, invalid } from '../field-errors.ts';
import type { FieldError } from '../field-errors.ts';
import { sameValue } from '../field-rules.ts';

const MUTABLE = [
  '`spec.containers[*].image`',
  '`spec.initContainers[*].image`',
  '`spec.activeDeadlineSeconds`',
  '`spec.tolerations` (only additions to existing tolerations)',
  '`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)',
].join(',');

export function validatePodUpdate(next: Readonly<Pod>, old: Readonly<Pod>): readonly FieldError[] {
  const [spec, was] = [next.spec, old.spec];
  if (spec === undefined || was === undefined) return [];
  if (
    spec.containers.length !== was.containers.length ||
    (spec.initContainers ?? []).length !== (was.initContainers ?? []).length
  ) {
    return [forbidden('spec.containers', 'pod updates may not add or remove containers')];
  }
  const errors = [...validateDeadline(spec, was), ...validateTolerations(spec, was)];
  if (sameValue(fixedPart(spec, was), fixedPart(was, was))) return errors;
  const detail = `pod updates may not change fields other than ${MUTABLE}`;
  return [...errors, forbidden('spec', detail)];
}

/** The spec with what may change set to one value for both. */
function fixedPart(spec: Readonly<PodSpec>, was: Readonly<PodSpec>): PodSpec {
  const withImages = (
    containers: readonly Container[] | undefined,
    from: readonly Container[] | undefined,
  ): Container[] =>
    (containers ?? []).map((container, i) => ({ ...container, image: from?.[i]?.image ?? '' }));

  const fixed: PodSpec = {
    ...spec,
    containers: withImages(spec.containers, was.containers),
    initContainers: withImages(spec.initContainers, was.initContainers),
  };
  delete fixed.activeDeadlineSeconds;
  delete fixed.tolerations;
  const grace = was.terminationGracePeriodSeconds ?? 0;
  if (grace < 0 && spec.terminationGracePeriodSeconds === 1) {
    fixed.terminationGracePeriodSeconds = grace;
  }
  return fixed;
}

/** A deadline may come, and come nearer; never go or move away. */
function validateDeadline(spec: Readonly<PodSpec>, was: Readonly<PodSpec>): readonly FieldError[] {
  const [next, old] = [spec.activeDeadlineSeconds, was.activeDeadlineSeconds];
  const path = 'spec.activeDeadlineSeconds';
  if (old === undefined) return [];
  if (next === undefined) {
    return [invalid(path, next, 'must not update from a positive integer to nil value')];
  }
  return next > old ? [invalid(path, next, 'must be less than or equal to previous value')] : [];
}

function validateTolerations(
  spec: Readonly<PodSpec>,
  was: Readonly<PodSpec>,
): readonly FieldError[] {
  const next = spec.tolerations ?? [];
  // tolerationSeconds may change, as eviction's patience does.
  const bare = ({ tolerationSeconds: _seconds, ...rest }: Toleration): object => rest;
  const kept = (was.tolerations ?? []).every((old) =>
    next.some((toleration) => sameValue(bare(toleration), bare(old))),
  );
  if (kept) return [];
  const detail = 'existing toleration can not be modified except its tolerationSeconds';
  return [forbidden('spec.tolerations', detail)];
}
