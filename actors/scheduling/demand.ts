// What a pod asks of a node, read once from its spec.

import type { Affinity, NodeSelector, Pod, Toleration } from 'kubernetes-types/core/v1.d.ts';
import type { PodAllocation } from '../objects/allocation.ts';
import { controllerOf } from '../objects/meta.ts';
import type { Stored } from '../objects/objects.ts';
import { quantityMillis, quantityUnits } from '../objects/quantity.ts';

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

interface Amount {
  readonly cpuMillis: number;
  readonly memoryBytes: number;
}

const plus = (a: Amount, b: Amount): Amount => ({
  cpuMillis: a.cpuMillis + b.cpuMillis,
  memoryBytes: a.memoryBytes + b.memoryBytes,
});

const most = (a: Amount, b: Amount): Amount => ({
  cpuMillis: Math.max(a.cpuMillis, b.cpuMillis),
  memoryBytes: Math.max(a.memoryBytes, b.memoryBytes),
});

const NOTHING: Amount = { cpuMillis: 0, memoryBytes: 0 };

function amountOf(requests: Readonly<Record<string, string>> | undefined): Amount {
  return {
    cpuMillis: quantityMillis(requests?.['cpu']),
    memoryBytes: quantityUnits(requests?.['memory']),
  };
}

/** Init containers run one after the other and before the rest; those that stay on run beside it. */
function amountOfPod({ spec }: Pod): Amount {
  let beside = NOTHING;
  let first = NOTHING;
  for (const container of spec?.initContainers ?? []) {
    const amount = amountOf(container.resources?.requests);
    first = most(first, plus(beside, amount));
    if (container.restartPolicy === 'Always') beside = plus(beside, amount);
  }
  const running = (spec?.containers ?? [])
    .map(({ resources }) => amountOf(resources?.requests))
    .reduce(plus, beside);
  return plus(most(first, running), amountOf(spec?.overhead));
}

function hostPortsOf({ spec }: Pod): readonly string[] {
  return (spec?.containers ?? []).flatMap(({ ports }) =>
    (ports ?? []).flatMap(({ hostPort, protocol }) =>
      hostPort === undefined || hostPort === 0 ? [] : [`${protocol ?? 'TCP'}/${hostPort}`],
    ),
  );
}

export function demandOf(pod: Pod): Demand {
  const affinity = pod.spec?.affinity?.nodeAffinity;
  return {
    allocation: { ...amountOfPod(pod), hostPorts: hostPortsOf(pod) },
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
