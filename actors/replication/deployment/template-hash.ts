// Which ReplicaSet runs which template: equality of templates, and the hash that names them.

import type { PodTemplateSpec } from 'kubernetes-types/core/v1.d.ts';
import { hash32 } from '../../objects/stable-hash.ts';
import { canonicalJson } from '../canonical-json.ts';
import { encodeSafely } from './safe-encoding.ts';

/** The label that keeps the pods of a Deployment's ReplicaSets apart. */
export const HASH_LABEL = 'pod-template-hash';

/** A hash of the template; `collisions` makes another one when two templates share theirs. */
export const templateHash = (template: PodTemplateSpec, collisions: number): string =>
  encodeSafely(hash32(`${canonicalJson(template)}${collisions === 0 ? '' : collisions}`));

function withoutHash(template: PodTemplateSpec | undefined): PodTemplateSpec {
  const labels = Object.entries(template?.metadata?.labels ?? {});
  const kept = Object.fromEntries(labels.filter(([key]) => key !== HASH_LABEL));
  return { ...template, metadata: { ...template?.metadata, labels: kept } };
}

/** Whether two templates make the same pods; the hash label does not count. */
export const sameTemplate = (
  a: PodTemplateSpec | undefined,
  b: PodTemplateSpec | undefined,
): boolean => canonicalJson(withoutHash(a)) === canonicalJson(withoutHash(b));
