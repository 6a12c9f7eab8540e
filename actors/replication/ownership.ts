// Who controls an object: owner references, adoption of orphans and release of strays.

import type { LabelSelector, ObjectMeta, OwnerReference } from 'kubernetes-types/meta/v1.d.ts';
import type { KubernetesObject } from '../objects/kinds.ts';
import { matchesSelector } from '../objects/selectors.ts';

/** The reference that makes `owner` the one controller of an object. */
export function controllerReference(
  owner: KubernetesObject,
  apiVersion: string,
  kind: string,
): OwnerReference {
  return {
    apiVersion,
    kind,
    name: owner.metadata?.name ?? '',
    uid: owner.metadata?.uid ?? '',
    controller: true,
    blockOwnerDeletion: true,
  };
}

/** The owner that controls this object, if any. */
export const controllerOf = (object: KubernetesObject | undefined): OwnerReference | undefined =>
  object?.metadata?.ownerReferences?.find(({ controller }) => controller === true);

/** Objects that belong to an owner, and the metadata changes that make it so. */
export interface Claims<T> {
  /** Controlled by the owner once `changed` is written. */
  readonly owned: readonly T[];
  /** Orphans taken and strays let go, as they should be. */
  readonly changed: readonly T[];
}

interface Claimable {
  readonly metadata?: ObjectMeta;
}

/**
 * Sorts candidates into those an owner controls: owned ones that match stay, owned ones that no longer
 * match are released, matching ones without a controller are adopted. An owner being deleted adopts nothing.
 */
export function claim<T extends Claimable>(
  owner: KubernetesObject,
  reference: OwnerReference,
  selector: LabelSelector | undefined,
  candidates: Iterable<T>,
): Claims<T> {
  const owned: T[] = [];
  const changed: T[] = [];
  const isEnding = owner.metadata?.deletionTimestamp !== undefined;
  for (const candidate of candidates) {
    const controller = controllerOf(candidate);
    const references = candidate.metadata?.ownerReferences ?? [];
    const matches = matchesSelector(selector, candidate.metadata?.labels);
    const withReferences = (ownerReferences: OwnerReference[]): T => ({
      ...candidate,
      metadata: { ...candidate.metadata, ownerReferences },
    });
    if (controller?.uid === reference.uid) {
      if (matches || isEnding) owned.push(candidate);
      else changed.push(withReferences(references.filter(({ uid }) => uid !== reference.uid)));
    } else if (
      controller === undefined &&
      matches &&
      !isEnding &&
      candidate.metadata?.deletionTimestamp === undefined
    ) {
      const others = references.filter(({ uid }) => uid !== reference.uid);
      const adopted = withReferences([...others, reference]);
      owned.push(adopted);
      changed.push(adopted);
    }
  }
  return { owned, changed };
}
