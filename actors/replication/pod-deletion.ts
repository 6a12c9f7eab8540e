// How a controller deletes a pod: at once when nothing of it runs, else by asking its node to end it.

import type { Pod } from 'kubernetes-types/core/v1.d.ts';
import { timestamp } from '../objects/meta.ts';
import type { ObjectWrite } from '../objects/objects.ts';

const DEFAULT_GRACE_SECONDS = 30;

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
  const deletionTimestamp = timestamp(nowMs + graceSeconds * 1_000);
  const metadata = {
    ...pod.metadata,
    deletionTimestamp,
    deletionGracePeriodSeconds: graceSeconds,
  };
  return { type: 'update', kind: 'Pod', object: { ...pod, metadata } };
}
