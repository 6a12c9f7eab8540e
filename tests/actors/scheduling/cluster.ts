// Nodes, pods and views for tests of the scheduler's pure parts.

import type { Node, Pod, PodSpec } from 'kubernetes-types/core/v1.d.ts';
import type { NodeAllocation } from '../../../actors/objects/allocation.ts';
import type { ClusterView, NodeLoad, NodeView } from '../../../actors/scheduling/cluster-view.ts';
import { nodeTraits, nodeUse } from '../../../actors/scheduling/cluster-view.ts';
import type { PendingPod } from '../../../actors/scheduling/demand.ts';
import { pendingPod } from '../../../actors/scheduling/demand.ts';

export interface NodeShape {
  readonly labels?: Record<string, string>;
  readonly annotations?: Record<string, string>;
  readonly spec?: NonNullable<Node['spec']>;
  readonly ready?: boolean;
  readonly cpu?: string;
  readonly memory?: string;
  readonly pods?: string;
  readonly load?: NodeLoad;
  readonly held?: NodeAllocation;
}

export function nodeView(name: string, shape: NodeShape = {}): NodeView {
  const { cpu = '4', memory = '8Gi', pods = '110' } = shape;
  const node: Node = {
    metadata: {
      name,
      labels: { 'kubernetes.io/hostname': name, ...shape.labels },
      annotations: { ...shape.annotations },
    },
    spec: { ...shape.spec },
    status: {
      allocatable: { cpu, memory, pods },
      conditions: [{ type: 'Ready', status: shape.ready === false ? 'False' : 'True' }],
    },
  };
  const record =
    shape.held === undefined
      ? undefined
      : {
          key: `/skein/allocations/${name}`,
          value: JSON.stringify(shape.held),
          createRevision: 1,
          modRevision: 1,
          version: 1,
          lease: 0,
        };
  return { node, traits: nodeTraits(node), use: nodeUse(record), load: shape.load };
}

export function clusterView(
  nodes: readonly NodeView[],
  counts: ReadonlyMap<string, number> = new Map(),
): ClusterView {
  return { nodes, countsOf: () => counts };
}

/** A pod without requests, owned by `owner`. */
export function waitingPod(
  name: string,
  spec: Partial<PodSpec> = {},
  requests: Record<string, string> = {},
  owner = 'set-1',
): PendingPod {
  const pod: Pod = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name,
      namespace: 'default',
      uid: `uid-${name}`,
      ownerReferences: [
        { apiVersion: 'apps/v1', kind: 'ReplicaSet', name: owner, uid: owner, controller: true },
      ],
    },
    spec: { containers: [{ name: 'main', image: 'x', resources: { requests } }], ...spec },
    status: { phase: 'Pending' },
  };
  return pendingPod(pod);
}
