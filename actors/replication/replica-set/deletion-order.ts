// Which pods go first when there are too many: those whose loss costs least.

import type { Pod } from 'kubernetes-types/core/v1.d.ts';
import { isPodReady } from '../../objects/pod-status.ts';

const COST_ANNOTATION = 'controller.kubernetes.io/pod-deletion-cost';
const PHASES = ['Pending', 'Unknown', 'Running'];

function deletionCost(pod: Pod): number {
  const cost = Number(pod.metadata?.annotations?.[COST_ANNOTATION] ?? 0);
  return Number.isInteger(cost) ? cost : 0;
}

function readySinceMs(pod: Pod): number {
  const ready = pod.status?.conditions?.find(({ type }) => type === 'Ready');
  return Date.parse(ready?.lastTransitionTime ?? '') || 0;
}

const createdMs = (pod: Pod): number => Date.parse(pod.metadata?.creationTimestamp ?? '') || 0;

const restarts = (pod: Pod): number =>
  Math.max(0, ...(pod.status?.containerStatuses ?? []).map(({ restartCount }) => restartCount));

/** Each criterion decides only when those before it are equal; the smaller number goes first. */
function criteria(pod: Pod, onSameNode: number): readonly number[] {
  return [
    pod.spec?.nodeName === undefined ? 0 : 1,
    PHASES.indexOf(pod.status?.phase ?? 'Pending'),
    isPodReady(pod) ? 1 : 0,
    deletionCost(pod),
    -onSameNode,
    -readySinceMs(pod),
    -restarts(pod),
    -createdMs(pod),
  ];
}

/**
 * Pods in the order in which they should go: unscheduled, not running, not ready, cheap, crowded,
 * lately ready, often restarted, young. `neighbours` are the live pods that count as crowding a node.
 */
export function deletionOrder<P extends Pod>(
  pods: readonly P[],
  neighbours: readonly Pod[],
): readonly P[] {
  const perNode = new Map<string, number>();
  for (const { spec } of neighbours) {
    if (spec?.nodeName === undefined) continue;
    perNode.set(spec.nodeName, (perNode.get(spec.nodeName) ?? 0) + 1);
  }
  return pods
    .map((pod) => ({ pod, by: criteria(pod, perNode.get(pod.spec?.nodeName ?? '') ?? 0) }))
    .sort((a, b) => {
      const differs = a.by.findIndex((value, at) => value !== b.by[at]);
      if (differs >= 0) return a.by[differs]! - b.by[differs]!;
      return (a.pod.metadata?.name ?? '') < (b.pod.metadata?.name ?? '') ? -1 : 1;
    })
    .map(({ pod }) => pod);
}
