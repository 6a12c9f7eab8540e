// How a controller deletes a pod: at once when nothing of it runs, else by asking its node to end it.

import type { Pod } from 'kubernetes-types/core/v1.d.ts';
import type { ObjectWrite } from '../objects/objects.ts';

const DEFAULT_GRACE_SECONDS = 30;

/** Has ended for good: Succeeded or Failed. */
export const isPodFinished = (pod: Pod): boolean =>
  pod.status?.phase === 'Succeeded' || pod.status?.phase === 'Failed';

/** Neither finished nor being deleted: counts as a replica. */
export const isPodActive = (pod: Pod): boolean =>
  !isPodFinished(pod) && pod.metadata?.deletionTimestamp === undefined;

/**
 * The write that deletes `pod`: removal when it is bound nowhere, else a deletion timestamp, which its node
 * honours and then removes the pod and releases what it held.
 */
export function podDeletion(pod: Pod, nowMs: number): ObjectWrite {
  const isHeld = (pod.metadata?.finalizers ?? []).length > 0;
  if (pod.spec?.nodeName === undefined && !isHeld) {
    return { type: 'delete', kind: 'Pod', object: pod };
  }
  const graceSeconds = pod.spec?.terminationGracePeriodSeconds ?? DEFAULT_GRACE_SECONDS;
  const deletionTimestamp = `${new Date(nowMs + graceSeconds * 1_000).toISOString().slice(0, 19)}Z`;
  const metadata = {
    ...pod.metadata,
    deletionTimestamp,
    deletionGracePeriodSeconds: graceSeconds,
  };
  return { type: 'update', kind: 'Pod', object: { ...pod, metadata } };
}
