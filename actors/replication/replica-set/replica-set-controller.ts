// Keeps as many pods as a ReplicaSet asks for: adopts, creates, deletes, and reports.

import type { ReplicaSet } from 'kubernetes-types/apps/v1.d.ts';
import type { Pod } from 'kubernetes-types/core/v1.d.ts';
import { randomUuid } from '../../../runtime/index.ts';
import type { Controller, Moment, Note, Plan } from '../../duties/controller.ts';
import { NO_PLAN, parseWorkKey, workKey } from '../../duties/controller.ts';
import { controllerOf, generatedName, randomNameSuffix, timestamp } from '../../objects/meta.ts';
import { controllerReference } from '../../objects/owner-reference.ts';
import type { ObjectChange, ObjectView, ObjectWrite, Stored } from '../../objects/objects.ts';
import { matchesLabels, selectorOf } from '../../objects/label-selectors.ts';
import { sameJson } from '../canonical-json.ts';
import { claim } from '../ownership.ts';
import { isPodActive } from '../../objects/pod-status.ts';
import { podDeletion } from '../pod-deletion.ts';
import { deletionOrder } from './deletion-order.ts';
import { podAvailability, replicaSetStatus } from './replica-set-status.ts';

/** Pods created or deleted in one transaction at most; the rest follows at the next look. */
export const BURST_LIMIT = 100;

/** A pod of this set, as its template says. */
function newPod(set: ReplicaSet, moment: Moment): Pod {
  const template = set.spec?.template;
  const base = set.metadata?.name ?? '';
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      ...template?.metadata,
      name: generatedName(`${base}-`, randomNameSuffix(moment.random)),
      generateName: `${base}-`,
      namespace: set.metadata?.namespace ?? 'default',
      uid: randomUuid(moment.random),
      creationTimestamp: timestamp(moment.nowMs),
      ownerReferences: [controllerReference('ReplicaSet', set)],
    },
    ...(template?.spec === undefined ? {} : { spec: template.spec }),
    status: { phase: 'Pending', qosClass: 'BestEffort' },
  };
}

interface Scaling {
  readonly pods: readonly Pod[];
  readonly writes: readonly ObjectWrite[];
  readonly notes: readonly Note[];
}

/** One note for all pods of a transaction: a thousand pods are not a thousand events. */
function note(about: ReplicaSet, reason: string, verb: string, pods: readonly Pod[]): Note {
  const named = pods.slice(0, 3).map(({ metadata }) => metadata?.name);
  const rest = pods.length > named.length ? ` and ${pods.length - named.length} more` : '';
  const noun = pods.length === 1 ? 'pod' : 'pods';
  return {
    kind: 'ReplicaSet',
    about,
    type: 'Normal',
    reason,
    message: `${verb} ${noun}: ${named.join(', ')}${rest}`,
  };
}

/** Creates what is missing or deletes what is too much; `pods` are those that remain or appear. */
function scale(set: ReplicaSet, active: readonly Pod[], moment: Moment): Scaling {
  const missing = (set.spec?.replicas ?? 1) - active.length;
  if (missing > 0) {
    const created = Array.from({ length: Math.min(missing, BURST_LIMIT) }, () =>
      newPod(set, moment),
    );
    return {
      pods: [...active, ...created],
      writes: created.map((object) => ({ type: 'create', kind: 'Pod', object })),
      notes: [note(set, 'SuccessfulCreate', 'Created', created)],
    };
  }
  const gone = deletionOrder(active, active).slice(0, Math.min(-missing, BURST_LIMIT));
  const going = new Set(gone);
  return {
    pods: active.filter((pod) => !going.has(pod)),
    writes: gone.map((pod) => podDeletion(pod, moment.nowMs)),
    notes: gone.length === 0 ? [] : [note(set, 'SuccessfulDelete', 'Deleted', gone)],
  };
}

/** Pods this set controls or could: its own, and the namespace's that match. */
function candidates(view: ObjectView, set: Stored<'ReplicaSet'>): readonly Pod[] {
  const own = view.listOwnedBy('Pod', set.metadata?.uid ?? '');
  const orphans = view
    .list('Pod', set.metadata?.namespace)
    .filter((pod) => controllerOf(pod) === undefined);
  return [...own, ...orphans];
}

/** The decision for one ReplicaSet. */
export function reconcileReplicaSet(view: ObjectView, key: string, moment: Moment): Plan {
  const { namespace, name } = parseWorkKey(key);
  const set = view.get('ReplicaSet', namespace, name);
  if (set === undefined) return NO_PLAN;
  // Validation refuses such a set; acting on one would make pods and let them go without end.
  const selector = selectorOf(set.spec?.selector);
  if (!matchesLabels(selector, set.spec?.template?.metadata?.labels)) return NO_PLAN;
  const { owned, changed } = claim(
    set,
    controllerReference('ReplicaSet', set),
    set.spec?.selector,
    candidates(view, set).filter(isPodActive),
  );
  // Ownership first: what is scaled must already be ours, or a lost race would delete another's pod.
  if (changed.length > 0) {
    const first = changed.slice(0, BURST_LIMIT);
    return { writes: first.map((object) => ({ type: 'update', kind: 'Pod', object })) };
  }
  const isEnding = set.metadata?.deletionTimestamp !== undefined;
  const scaling = isEnding ? { pods: owned, writes: [], notes: [] } : scale(set, owned, moment);
  const status = replicaSetStatus(set, scaling.pods, moment.nowMs);
  const writes = [...scaling.writes];
  if (!sameJson(status, set.status)) {
    writes.push({ type: 'update', kind: 'ReplicaSet', object: { ...set, status } });
  }
  const minReadySeconds = set.spec?.minReadySeconds ?? 0;
  const waits = scaling.pods
    .map((pod) => podAvailability(pod, minReadySeconds, moment.nowMs).inMs)
    .filter((inMs) => inMs !== undefined);
  const requeueAfterMs = waits.length === 0 ? undefined : Math.min(...waits);
  return { writes, requeueAfterMs, notes: scaling.notes };
}

function keysOfPod(change: ObjectChange, view: ObjectView): readonly string[] {
  const keys = new Set<string>();
  for (const pod of [change.object, change.previous] as const) {
    if (pod === undefined) continue;
    const owner = controllerOf(pod);
    if (owner?.kind === 'ReplicaSet') keys.add(workKey(change.key.namespace, owner.name));
    if (owner !== undefined) continue;
    for (const set of view.list('ReplicaSet', change.key.namespace)) {
      const isMatch = matchesLabels(selectorOf(set.spec?.selector), pod.metadata?.labels);
      if (isMatch) keys.add(workKey(change.key.namespace, set.metadata?.name));
    }
  }
  return [...keys];
}

export const replicaSetController: Controller = {
  name: 'replica-set',
  kinds: ['ReplicaSet', 'Pod'],
  keysOf: (change, view) =>
    change.kind === 'Pod'
      ? keysOfPod(change, view)
      : [workKey(change.key.namespace, change.key.name)],
  allKeys: (view) =>
    view.list('ReplicaSet').map(({ metadata }) => workKey(metadata?.namespace, metadata?.name)),
  reconcile: reconcileReplicaSet,
};
