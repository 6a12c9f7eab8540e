// Ends pods that may not stay on their node: force-deleted where the node is lost or gone, asked to end elsewhere.

import type { Pod, Taint } from 'kubernetes-types/core/v1.d.ts';
import type { StoreView } from '../../../consensus/index.ts';
import type { Controller, Moment, Note, Plan } from '../../duties/controller.ts';
import { NO_PLAN } from '../../duties/controller.ts';
import { timestamp } from '../../objects/meta.ts';
import type { ObjectChange, ObjectView, ObjectWrite } from '../../objects/objects.ts';
import { withCondition } from '../../objects/conditions.ts';
import { isPodTerminal } from '../../objects/pod-status.ts';
import { podDeletion } from '../pod-deletion.ts';
import { releasePods } from '../pod-release.ts';
import { isLost } from './node-judgement.ts';
import { evictionDueMs } from './tolerance.ts';

/** Pods evicted in one transaction at most; the rest follows at once. */
const BURST_LIMIT = 50;

/** A pod that stays on a lost node for now serves nobody: says so, for endpoints and rollouts. */
function unready(pod: Pod, nowMs: number): Pod | undefined {
  const ready = pod.status?.conditions?.find(({ type }) => type === 'Ready');
  if (ready?.status !== 'True') return undefined;
  const next = { ...ready, status: 'False', reason: 'NodeNotReady' };
  const conditions = withCondition(pod.status?.conditions, next, timestamp(nowMs));
  return { ...pod, status: { ...pod.status, conditions: [...conditions] } };
}

interface Standing {
  /** Its peer is lost or the node is no more: nobody there would end the pods. */
  readonly isUnmanned: boolean;
  readonly taints: readonly Taint[];
}

function standingOf(view: ObjectView, name: string): Standing {
  const node = view.get('Node', '', name);
  if (node !== undefined) return { isUnmanned: isLost(node), taints: node.spec?.taints ?? [] };
  // A node that is no more can be waited for by no pod.
  return { isUnmanned: true, taints: [{ key: 'node.kubernetes.io/gone', effect: 'NoExecute' }] };
}

const isDeleting = (pod: Pod): boolean => pod.metadata?.deletionTimestamp !== undefined;

function dueMs(pod: Pod, node: Standing, exists: boolean, nowMs: number): number {
  if (!exists) return -Infinity;
  // Nobody there will finish the deletion that was asked for.
  if (node.isUnmanned && isDeleting(pod)) return -Infinity;
  return isDeleting(pod) ? Infinity : evictionDueMs(pod, node.taints, nowMs);
}

function evictionNote(pod: Pod, node: string): Note {
  const message = `Marking for deletion Pod ${pod.metadata?.namespace}/${pod.metadata?.name}: it may not stay on node ${node}`;
  return { kind: 'Pod', about: pod, type: 'Normal', reason: 'TaintManagerEviction', message };
}

/** The decision for the pods of one node. */
export function reconcileEviction(
  view: ObjectView,
  records: StoreView,
  node: string,
  moment: Moment,
): Plan {
  const pods = view.podsOnNode(node);
  if (pods.length === 0) return NO_PLAN;
  const standing = standingOf(view, node);
  const exists = view.get('Node', '', node) !== undefined;
  const dues = pods
    .filter((pod) => !isPodTerminal(pod) || standing.isUnmanned)
    .map((pod) => ({ pod, dueMs: dueMs(pod, standing, exists, moment.nowMs) }));
  const evicted = dues.filter(({ dueMs }) => dueMs <= moment.nowMs).map(({ pod }) => pod);
  const burst = evicted.slice(0, BURST_LIMIT);
  const writes: ObjectWrite[] = burst.map((object) =>
    standing.isUnmanned
      ? { type: 'delete', kind: 'Pod', object }
      : podDeletion(object, moment.nowMs),
  );
  const staying = dues.filter(({ dueMs }) => dueMs > moment.nowMs);
  if (standing.isUnmanned) {
    for (const { pod } of staying.slice(0, BURST_LIMIT)) {
      const object = unready(pod, moment.nowMs);
      if (object !== undefined) writes.push({ type: 'update', kind: 'Pod', object });
    }
  }
  const nextMs = Math.min(Infinity, ...staying.map(({ dueMs }) => dueMs)) - moment.nowMs;
  const isMore = evicted.length > burst.length;
  return {
    writes,
    notes: burst.map((pod) => evictionNote(pod, node)),
    ...(standing.isUnmanned ? { also: releasePods(records, node, burst.map(uidOf)) } : {}),
    requeueAfterMs: isMore ? 0 : Number.isFinite(nextMs) ? nextMs : undefined,
  };
}

const uidOf = (pod: Pod): string => pod.metadata?.uid ?? '';

function keysOf({ kind, key, object, previous }: ObjectChange): readonly string[] {
  if (kind === 'Node') return [key.name];
  const [now, before] = [object as Pod | undefined, previous as Pod | undefined];
  const node = now?.spec?.nodeName;
  if (node === undefined || now === undefined) return [];
  const isNews = before?.spec?.nodeName !== node || isDeleting(before) !== isDeleting(now);
  return isNews ? [node] : [];
}

/** `records` is where allocation records are read. */
export const evictionController = (records: StoreView): Controller => ({
  name: 'eviction',
  kinds: ['Node', 'Pod'],
  keysOf,
  allKeys: (view) => {
    const bound = view.list('Pod').map(({ spec }) => spec?.nodeName ?? '');
    const nodes = view.list('Node').map(({ metadata }) => metadata?.name ?? '');
    return [...new Set([...nodes, ...bound])].filter((name) => name !== '');
  },
  reconcile: (view, key, moment) => reconcileEviction(view, records, key, moment),
});
