// What a node's status and spec amount to.

import type { Node } from 'kubernetes-types/core/v1.d.ts';
import { isConditionTrue } from './conditions.ts';
import { quantityMillis, quantityUnits } from './quantity.ts';

/** Is its Ready condition True? */
export const isNodeReady = ({ status }: Readonly<Node>): boolean =>
  isConditionTrue(status?.conditions, 'Ready');

/** May new pods go there: ready, not cordoned, not being deleted. Taints are the scheduler's to weigh. */
export const isNodeSchedulable = (node: Readonly<Node>): boolean =>
  isNodeReady(node) &&
  node.spec?.unschedulable !== true &&
  node.metadata?.deletionTimestamp === undefined;

/** What pods may be promised there: allocatable, or else capacity. */
export interface NodeAllocatable {
  readonly cpuMillis: number;
  readonly memoryBytes: number;
  readonly pods: number;
}

export function nodeAllocatable({ status }: Readonly<Node>): NodeAllocatable {
  const amounts = status?.allocatable ?? status?.capacity ?? {};
  return {
    cpuMillis: quantityMillis(amounts['cpu']),
    memoryBytes: quantityUnits(amounts['memory']),
    pods: quantityUnits(amounts['pods']),
  };
}

/** Its address of this type, as in `InternalIP`. */
export const nodeAddress = ({ status }: Readonly<Node>, type: string): string | undefined =>
  status?.addresses?.find((address) => address.type === type)?.address;

/** The roles its labels give it, as `kubectl get nodes` shows them. */
export function nodeRoles({ metadata }: Readonly<Node>): readonly string[] {
  const prefix = 'node-role.kubernetes.io/';
  const labels = Object.entries(metadata?.labels ?? {});
  const roles = labels.flatMap(([key, value]) => {
    if (key.startsWith(prefix) && key !== prefix) return [key.slice(prefix.length)];
    return key === 'kubernetes.io/role' && value !== '' ? [value] : [];
  });
  return [...new Set(roles)].sort();
}
