// Turns decisions into writes: bindings grouped by node and packed into transactions, refusals as conditions.

import type { Pod, PodCondition } from 'kubernetes-types/core/v1.d.ts';
import type { Transaction } from '../../consensus/index.ts';
import { assert } from '../../runtime/index.ts';
import type { Note } from '../duties/controller.ts';
import { bindTransaction } from '../objects/allocation.ts';
import { withCondition } from '../objects/conditions.ts';
import { timestamp } from '../objects/meta.ts';
import type { ObjectWrite } from '../objects/objects.ts';
import type { ClusterView, NodeView } from './cluster-view.ts';
import type { PendingPod } from './demand.ts';
import { explain } from './reasons.ts';
import type { Decision } from './schedule.ts';

type Placed = Extract<Decision, { type: 'placed' }>;
type Unplaced = Extract<Decision, { type: 'unplaced' }>;

/** What is written at one revision or not at all. */
export interface Parcel {
  readonly pods: readonly PendingPod[];
  readonly writes: readonly ObjectWrite[];
  readonly also: Pick<Transaction, 'compare' | 'success'>;
  readonly notes: readonly Note[];
}

function withScheduled(pod: Pod, condition: Omit<PodCondition, 'type'>, nowMs: number): Pod {
  const next = { type: 'PodScheduled', ...condition };
  const conditions = withCondition(pod.status?.conditions, next, timestamp(nowMs));
  return { ...pod, status: { ...pod.status, conditions: [...conditions] } };
}

function boundNote({ pending, node }: Placed): Note {
  const { namespace, name } = pending.pod.metadata ?? {};
  const message = `Successfully assigned ${namespace}/${name} to ${node}`;
  return { kind: 'Pod', about: pending.pod, type: 'Normal', reason: 'Scheduled', message };
}

/** The bindings of one node: its record, compared with the one that was decided from, gains their pods. */
function bindNode({ node, use }: NodeView, placed: readonly Placed[], nowMs: number): Parcel {
  const pods = placed.map(({ pending }) => pending);
  const transaction = bindTransaction({
    pods: pods.map(({ pod }) => pod),
    node,
    record: use.record,
    now: timestamp(nowMs),
  });
  assert(transaction.ok, 'a decision has no room in the very view it was made from');
  return { pods, ...transaction.value, notes: placed.map(boundNote) };
}

const join = (a: Parcel, b: Parcel): Parcel => ({
  pods: [...a.pods, ...b.pods],
  writes: [...a.writes, ...b.writes],
  also: {
    compare: [...a.also.compare, ...b.also.compare],
    success: [...a.also.success, ...b.also.success],
  },
  notes: [...a.notes, ...b.notes],
});

/**
 * Parcels of about `limit` pods. A node is in one parcel only: its record can be compared once. With a
 * limit of 1 each node goes alone, so that a lost race costs only the pods of one node.
 */
export function bindings(
  view: ClusterView,
  decisions: readonly Decision[],
  limit: number,
  nowMs: number,
): readonly Parcel[] {
  const byNode = new Map<string, Placed[]>();
  for (const decision of decisions) {
    if (decision.type !== 'placed') continue;
    const placed = byNode.get(decision.node) ?? [];
    placed.push(decision);
    byNode.set(decision.node, placed);
  }
  const parcels: Parcel[] = [];
  for (const one of view.nodes) {
    const placed = byNode.get(one.traits.name);
    if (placed === undefined) continue;
    const parcel = bindNode(one, placed, nowMs);
    const last = parcels.at(-1);
    if (last !== undefined && last.pods.length + parcel.pods.length <= limit) {
      parcels[parcels.length - 1] = join(last, parcel);
    } else parcels.push(parcel);
  }
  return parcels;
}

/** How a pod says why it waits; undefined when it says so already, so that waiting writes nothing. */
export function refusal({ pending, reasons }: Unplaced, nowMs: number): Parcel | undefined {
  const { pod } = pending;
  const message = explain(reasons);
  const known = pod.status?.conditions?.find(({ type }) => type === 'PodScheduled');
  if (known?.status === 'False' && known.message === message) return undefined;
  const object = withScheduled(pod, { status: 'False', reason: 'Unschedulable', message }, nowMs);
  return {
    pods: [pending],
    writes: [{ type: 'update', kind: 'Pod', object }],
    also: { compare: [], success: [] },
    notes: [{ kind: 'Pod', about: pod, type: 'Warning', reason: 'FailedScheduling', message }],
  };
}

/** Refusals of about `limit` pods together. */
export function refusals(
  decisions: readonly Decision[],
  limit: number,
  nowMs: number,
): readonly Parcel[] {
  const parcels: Parcel[] = [];
  for (const decision of decisions) {
    const parcel = decision.type === 'unplaced' ? refusal(decision, nowMs) : undefined;
    if (parcel === undefined) continue;
    const last = parcels.at(-1);
    if (last !== undefined && last.pods.length < limit) {
      parcels[parcels.length - 1] = join(last, parcel);
    } else parcels.push(parcel);
  }
  return parcels;
}
