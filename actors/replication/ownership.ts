// Who controls an object: adoption of orphans and release of strays.

import type { LabelSelector, ObjectMeta, OwnerReference } from 'kubernetes-types/meta/v1.d.ts';
import type { KubernetesObject } from '../objects/kinds.ts';
import { matchesLabels, selectorOf } from '../objects/label-selectors.ts';
import { controllerOf } from '../objects/meta.ts';

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
  const wanted = selectorOf(selector);
  const isEnding = owner.metadata?.deletionTimestamp !== undefined;
  for (const candidate of candidates) {
    const controller = controllerOf(candidate);
    const references = candidate.metadata?.ownerReferences ?? [];
    const matches = matchesLabels(wanted, candidate.metadata?.labels);
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
