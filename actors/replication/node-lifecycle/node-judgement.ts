// What the log should say of a node, given what the mesh says of its peer.
//
//              peer dead or left                        tolerations over
//   Ready ----------------------> Unknown + taints -----------------------> its pods are gone (eviction)
//     ^                              |
//     +------------------------------+  peer alive again

import type { Node, NodeCondition, Taint } from 'kubernetes-types/core/v1.d.ts';
import type { MemberStatus } from '../../../mesh/index.ts';
import { timestamp } from '../../objects/meta.ts';
import { withCondition } from '../../objects/conditions.ts';

/** The taint of a node whose peer cannot be reached. */
export const UNREACHABLE = 'node.kubernetes.io/unreachable';
/** The reason by which a condition that this actor wrote is known again. */
const REASON = 'NodeStatusUnknown';

const readyOf = (node: Node): NodeCondition | undefined =>
  node.status?.conditions?.find(({ type }) => type === 'Ready');

/** Whether the log says that this node's peer is lost. */
export const isLost = (node: Node): boolean =>
  (node.spec?.taints ?? []).some(({ key }) => key === UNREACHABLE);

/** What there is to do about a node. Suspicion is no verdict: it changes nothing. */
export function judge(node: Node, status: MemberStatus | 'unknown'): 'lose' | 'return' | 'leave' {
  if (status === 'alive') return isLost(node) ? 'return' : 'leave';
  if (status === 'suspect') return 'leave';
  return isLost(node) ? 'leave' : 'lose';
}

function withReady(node: Node, next: NodeCondition, taints: Taint[], nowMs: number): Node {
  const conditions = withCondition(node.status?.conditions, next, timestamp(nowMs));
  return {
    ...node,
    spec: { ...node.spec, taints },
    status: { ...node.status, conditions: [...conditions] },
  };
}

/** The node after its peer was lost: Ready is unknown, and nothing may stay or come. */
export function lostNode(node: Node, nowMs: number): Node {
  const timeAdded = timestamp(nowMs);
  const taints: Taint[] = [
    ...(node.spec?.taints ?? []),
    { key: UNREACHABLE, effect: 'NoSchedule', timeAdded },
    { key: UNREACHABLE, effect: 'NoExecute', timeAdded },
  ];
  const message = 'The zone has lost touch with the peer of this node.';
  const ready: NodeCondition = { type: 'Ready', status: 'Unknown', reason: REASON, message };
  return withReady(node, ready, taints, nowMs);
}

/** The node after its peer came back. What the peer itself says against being ready stays. */
export function returnedNode(node: Node, nowMs: number): Node {
  const taints = (node.spec?.taints ?? []).filter(({ key }) => key !== UNREACHABLE);
  const known = readyOf(node);
  if (known !== undefined && known.reason !== REASON) {
    return { ...node, spec: { ...node.spec, taints } };
  }
  const message = 'The peer of this node is alive.';
  const ready: NodeCondition = { type: 'Ready', status: 'True', reason: 'PeerAlive', message };
  return withReady(node, ready, taints, nowMs);
}
