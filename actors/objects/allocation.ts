// The allocation record of a node: what is promised there. Only bind and release write it.

import type { PodStatus } from 'kubernetes-types/core/v1.d.ts';
import type { Compare, KeyValue, Operation } from '../../consensus/index.ts';
import { failed, ok, SkeinError } from '../../runtime/index.ts';
import type { Result } from '../../runtime/index.ts';
import { withCondition } from './conditions.ts';
import { nodeAllocatable } from './node-status.ts';
import { objectKey, storeKey } from './object-keys.ts';
import type { ObjectWrite, Stored } from './objects.ts';
import { podRequests } from './pod-requests.ts';
import { qualifiedName } from './meta.ts';

/** What one pod holds of its node. */
export interface PodAllocation {
  readonly cpuMillis: number;
  readonly memoryBytes: number;
  /** Host ports it holds, `PROTOCOL/PORT`. */
  readonly hostPorts: readonly string[];
}

/** By pod uid. The record's store revision is what bind and release compare. */
export type NodeAllocation = Readonly<Record<string, PodAllocation>>;

export const allocationKey = (node: string): string => `/skein/allocations/${node}`;

/** What `Objects.write` takes: objects, and the record beside them, at one revision or not at all. */
export interface ObjectTransaction {
  readonly writes: readonly ObjectWrite[];
  readonly also: { readonly compare: readonly Compare[]; readonly success: readonly Operation[] };
}

/** The record; empty for a node without one. Throws `corrupt` for a value that is none. */
export function readAllocation(record: KeyValue | undefined): NodeAllocation {
  if (record === undefined) return {};
  try {
    return JSON.parse(record.value) as NodeAllocation;
  } catch (error) {
    const message = `${record.key} is no allocation record: delete it while no pod is bound there`;
    throw new SkeinError('corrupt', message, { key: record.key }, error);
  }
}

/** What all pods of a record hold together. */
export const allocated = (allocation: NodeAllocation): Allocated =>
  total(Object.values(allocation));

export interface Allocated extends PodAllocation {
  readonly pods: number;
}

function total(held: readonly PodAllocation[]): Allocated {
  return {
    cpuMillis: held.reduce((sum, { cpuMillis }) => sum + cpuMillis, 0),
    memoryBytes: held.reduce((sum, { memoryBytes }) => sum + memoryBytes, 0),
    hostPorts: held.flatMap(({ hostPorts }) => hostPorts),
    pods: held.length,
  };
}

/** Why these pods do not fit beside what the node has promised; nothing when they do. */
export function lackOfRoom(
  node: Stored<'Node'>,
  allocation: NodeAllocation,
  wanted: readonly PodAllocation[],
): readonly string[] {
  const room = nodeAllocatable(node);
  const all = total([...Object.values(allocation), ...wanted]);
  const reasons: string[] = [];
  if (all.pods > room.pods) reasons.push('Too many pods');
  if (all.cpuMillis > room.cpuMillis && wanted.some(({ cpuMillis }) => cpuMillis > 0)) {
    reasons.push('Insufficient cpu');
  }
  if (all.memoryBytes > room.memoryBytes && wanted.some(({ memoryBytes }) => memoryBytes > 0)) {
    reasons.push('Insufficient memory');
  }
  if (new Set(all.hostPorts).size < all.hostPorts.length) {
    reasons.push("node(s) didn't have free ports for the requested pod ports");
  }
  return reasons;
}

export interface Bind {
  readonly pods: readonly Stored<'Pod'>[];
  readonly node: Stored<'Node'>;
  /** The node's record as it was seen; undefined when it has none. */
  readonly record: KeyValue | undefined;
  /** RFC 3339. */
  readonly now: string;
}

/**
 * Promises the node to the pods: each gets nodeName and PodScheduled, the record gets them all. It holds
 * only if pods and record are unchanged and the node is still there. Errors: conflict (a pod is bound or
 * ending), overloaded (no room, with the reasons).
 */
export function bindTransaction({ pods, node, record, now }: Bind): Result<ObjectTransaction> {
  const name = node.metadata?.name ?? '';
  const taken = pods.find(
    ({ spec, metadata }) =>
      (spec?.nodeName ?? '') !== '' || metadata?.deletionTimestamp !== undefined,
  );
  if (taken !== undefined) {
    const message = `Pod ${qualifiedName(taken)} is bound already or about to end: leave it`;
    return failed(new SkeinError('conflict', message));
  }
  const allocation = readAllocation(record);
  const wanted = pods.map((pod) => [pod.metadata?.uid ?? '', podRequests(pod)] as const);
  const reasons = lackOfRoom(
    node,
    allocation,
    wanted.map(([, held]) => held),
  );
  if (reasons.length > 0) {
    const message = `node ${name} has no room: ${reasons.join(', ')}`;
    return failed(new SkeinError('overloaded', message, { node: name }));
  }
  const nodeExists: Compare = {
    target: 'create',
    key: storeKey(objectKey('Node', node)),
    is: '>',
    to: 0,
  };
  return ok({
    writes: pods.map((pod) => ({ type: 'update', kind: 'Pod', object: bound(pod, name, now) })),
    also: {
      compare: [nodeExists, unchangedRecord(name, record)],
      success: [putRecord(name, { ...allocation, ...Object.fromEntries(wanted) })],
    },
  });
}

function bound(pod: Stored<'Pod'>, nodeName: string, now: string): Stored<'Pod'> {
  const scheduled = { type: 'PodScheduled', status: 'True' };
  const conditions = [...withCondition(pod.status?.conditions, scheduled, now)];
  return {
    ...pod,
    spec: { containers: [], ...pod.spec, nodeName },
    status: { ...pod.status, conditions },
  };
}

export interface Release {
  readonly pod: Stored<'Pod'>;
  /** The record of the pod's node as it was seen; undefined when there is none. */
  readonly record: KeyValue | undefined;
  /** The pod's last status, Succeeded or Failed, when it is to stay; absent: the pod is deleted. */
  readonly status?: PodStatus;
}

/** Ends the promise: the pod goes, or stays with its last status, and the record forgets it. */
export function releaseTransaction({ pod, record, status }: Release): ObjectTransaction {
  const write: ObjectWrite =
    status === undefined
      ? { type: 'delete', kind: 'Pod', object: pod }
      : { type: 'update', kind: 'Pod', object: { ...pod, status } };
  const node = pod.spec?.nodeName ?? '';
  const uid = pod.metadata?.uid ?? '';
  if (record === undefined || !Object.hasOwn(readAllocation(record), uid)) {
    return { writes: [write], also: { compare: [], success: [] } };
  }
  const { [uid]: _released, ...rest } = readAllocation(record);
  const isLast = Object.keys(rest).length === 0;
  const operation: Operation = isLast
    ? { type: 'delete', key: allocationKey(node) }
    : putRecord(node, rest);
  return {
    writes: [write],
    also: { compare: [unchangedRecord(node, record)], success: [operation] },
  };
}

const unchangedRecord = (node: string, record: KeyValue | undefined): Compare => ({
  target: 'mod',
  key: allocationKey(node),
  is: '=',
  to: record?.modRevision ?? 0,
});

const putRecord = (node: string, allocation: NodeAllocation): Operation => ({
  type: 'put',
  key: allocationKey(node),
  value: JSON.stringify(allocation),
});
