// What the log should say of a node, given what the mesh says of its peer.
//
//          peer dead or left                 its turn (eviction-brake.ts)          tolerations over
//   Ready ------------------> Unknown, NoSchedule ---------------> NoExecute ------------> its pods are gone
//     ^                              |                                 |
//     +------------------------------+---------------------------------+  peer alive again

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

const LOST = 'The zone has lost touch with the peer of this node.';
const HELD = `${LOST} It has lost touch with many at once, so their pods are replaced slowly.`;

const unreachableTaint = (node: Node, effect: string): Taint | undefined =>
  node.spec?.taints?.find((taint) => taint.key === UNREACHABLE && taint.effect === effect);

const addedMs = (taint: Taint | undefined): number | undefined => {
  const ms = Date.parse(taint?.timeAdded ?? '');
  return Number.isNaN(ms) ? undefined : ms;
};

/** Since when the log says that this node is lost, in milliseconds since the Unix epoch. */
export const lostSinceMs = (node: Node): number | undefined =>
  addedMs(unreachableTaint(node, 'NoSchedule'));

/** When the pods of this lost node were told to go. */
export const evictedSinceMs = (node: Node): number | undefined =>
  addedMs(unreachableTaint(node, 'NoExecute'));

/** The node after its peer was lost: Ready is unknown, nothing may come, and, if `evicts`, nothing may stay. */
export function lostNode(node: Node, nowMs: number, evicts: boolean): Node {
  const taint = { key: UNREACHABLE, effect: 'NoSchedule', timeAdded: timestamp(nowMs) };
  const taints: Taint[] = [...(node.spec?.taints ?? []), taint];
  const ready: NodeCondition = {
    type: 'Ready',
    status: 'Unknown',
    reason: REASON,
    message: evicts ? LOST : HELD,
  };
  const lost = withReady(node, ready, taints, nowMs);
  return evicts ? evictedNode(lost, nowMs) : lost;
}

/** The lost node once it is its turn: nothing may stay. */
export function evictedNode(node: Node, nowMs: number): Node {
  const taint = { key: UNREACHABLE, effect: 'NoExecute', timeAdded: timestamp(nowMs) };
  const taints: Taint[] = [...(node.spec?.taints ?? []), taint];
  const ready = { ...readyOf(node)!, message: LOST };
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
