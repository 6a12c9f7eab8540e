// What a pod asks of a node, read once from its spec.

import type { Affinity, NodeSelector, Pod, Toleration } from 'kubernetes-types/core/v1.d.ts';
import type { PodAllocation } from '../objects/allocation.ts';
import { controllerOf } from '../objects/meta.ts';
import type { Stored } from '../objects/objects.ts';
import { podRequests } from '../objects/pod-requests.ts';

type PreferredTerms = NonNullable<
  NonNullable<Affinity['nodeAffinity']>['preferredDuringSchedulingIgnoredDuringExecution']
>;

export interface Demand {
  /** What binding writes into the allocation record. */
  readonly allocation: PodAllocation;
  readonly nodeSelector: Readonly<Record<string, string>>;
  readonly required: NodeSelector | undefined;
  readonly preferred: PreferredTerms;
  readonly tolerations: readonly Toleration[];
  /** The driver asked for by runtimeClassName. */
  readonly driver: string | undefined;
}

/** A pod waiting for a node. */
export interface PendingPod {
  readonly pod: Stored<'Pod'>;
  readonly demand: Demand;
  /** Pods that should be far from each other: those of one controller, or with the same labels. */
  readonly group: string;
  /** Pods with the same demand and group are judged once. */
  readonly likeness: string;
}

export function demandOf(pod: Pod): Demand {
  const affinity = pod.spec?.affinity?.nodeAffinity;
  return {
    allocation: podRequests(pod),
    nodeSelector: pod.spec?.nodeSelector ?? {},
    required: affinity?.requiredDuringSchedulingIgnoredDuringExecution,
    preferred: affinity?.preferredDuringSchedulingIgnoredDuringExecution ?? [],
    tolerations: pod.spec?.tolerations ?? [],
    driver: pod.spec?.runtimeClassName,
  };
}

function groupOf({ metadata }: Stored<'Pod'>): string {
  const owner = controllerOf({ metadata: metadata ?? {} });
  if (owner !== undefined) return owner.uid;
  const labels = Object.entries(metadata?.labels ?? {}).sort(([a], [b]) => (a < b ? -1 : 1));
  return `${metadata?.namespace}/${JSON.stringify(labels)}`;
}

export function pendingPod(pod: Stored<'Pod'>): PendingPod {
  const demand = demandOf(pod);
  const group = groupOf(pod);
  return { pod, demand, group, likeness: `${group} ${JSON.stringify(demand)}` };
}
