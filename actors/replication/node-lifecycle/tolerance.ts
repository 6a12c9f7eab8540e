// How long a pod may stay on a node with NoExecute taints.

import type { Pod, Taint, Toleration } from 'kubernetes-types/core/v1.d.ts';
import { tolerates } from '../../objects/tolerations.ts';

/** The time for which these tolerations bear a taint; Infinity for ever, 0 not at all. */
function bearableMs(taint: Taint, tolerations: readonly Toleration[]): number {
  const matching = tolerations.filter((toleration) => tolerates(toleration, taint));
  if (matching.length === 0) return 0;
  const limits = matching.map(({ tolerationSeconds }) =>
    tolerationSeconds === undefined ? Infinity : Math.max(0, tolerationSeconds) * 1_000,
  );
  return Math.min(...limits);
}

/** When `pod` has to go because of these taints, in milliseconds since the Unix epoch; Infinity for never. */
export function evictionDueMs(pod: Pod, taints: readonly Taint[], nowMs: number): number {
  const dues = taints
    .filter(({ effect }) => effect === 'NoExecute')
    .map((taint) => {
      const bearMs = bearableMs(taint, pod.spec?.tolerations ?? []);
      const addedMs = Date.parse(taint.timeAdded ?? '');
      // Without a time the taint counts as old as the pod's patience: only what bears it for ever stays.
      return (Number.isNaN(addedMs) ? (bearMs === Infinity ? nowMs : -Infinity) : addedMs) + bearMs;
    });
  return Math.min(Infinity, ...dues);
}
