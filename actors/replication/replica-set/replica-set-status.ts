// What a ReplicaSet reports of its pods.

import type { ReplicaSet, ReplicaSetStatus } from 'kubernetes-types/apps/v1.d.ts';
import type { Pod } from 'kubernetes-types/core/v1.d.ts';
import { isPodReady } from '../../objects/pod-status.ts';

/** A ready pod is available once it has been ready for `minReadySeconds`. */
export interface Availability {
  readonly isAvailable: boolean;
  /** Until it becomes available, if it stays ready; undefined when waiting does not help or is over. */
  readonly inMs?: number;
}

/** Whether a pod counts as available now, and if not, when. */
export function podAvailability(pod: Pod, minReadySeconds: number, nowMs: number): Availability {
  if (!isPodReady(pod)) return { isAvailable: false };
  if (minReadySeconds === 0) return { isAvailable: true };
  const ready = pod.status?.conditions?.find(({ type }) => type === 'Ready');
  const sinceMs = Date.parse(ready?.lastTransitionTime ?? '');
  if (Number.isNaN(sinceMs)) return { isAvailable: false };
  const inMs = sinceMs + minReadySeconds * 1_000 - nowMs;
  return inMs <= 0 ? { isAvailable: true } : { isAvailable: false, inMs };
}

/** The status for these active pods. */
export function replicaSetStatus(
  set: ReplicaSet,
  pods: readonly Pod[],
  nowMs: number,
): ReplicaSetStatus {
  const minReadySeconds = set.spec?.minReadySeconds ?? 0;
  const labels = Object.entries(set.spec?.template?.metadata?.labels ?? {});
  const count = (holds: (pod: Pod) => boolean): number => pods.filter(holds).length;
  return {
    replicas: pods.length,
    fullyLabeledReplicas: count((pod) =>
      labels.every(([key, value]) => pod.metadata?.labels?.[key] === value),
    ),
    readyReplicas: count(isPodReady),
    availableReplicas: count((pod) => podAvailability(pod, minReadySeconds, nowMs).isAvailable),
    ...(set.metadata?.generation === undefined
      ? {}
      : { observedGeneration: set.metadata.generation }),
    ...(set.status?.conditions === undefined ? {} : { conditions: set.status.conditions }),
  };
}
