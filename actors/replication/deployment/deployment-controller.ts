// Moves the ReplicaSets of a Deployment towards its template and size, one safe step at a time.

import type { Deployment, ReplicaSet } from 'kubernetes-types/apps/v1.d.ts';
import type { Pod } from 'kubernetes-types/core/v1.d.ts';
import type { Controller, Moment, Note, Plan } from '../../duties/controller.ts';
import { NO_PLAN, parseWorkKey, workKey } from '../../duties/controller.ts';
import { controllerOf } from '../../objects/meta.ts';
import { controllerReference } from '../../objects/owner-reference.ts';
import type { ObjectChange, ObjectView, ObjectWrite } from '../../objects/objects.ts';
import { matchesLabels, selectorOf } from '../../objects/label-selectors.ts';
import { sameJson } from '../canonical-json.ts';
import { claim } from '../ownership.ts';
import { isPodTerminal } from '../../objects/pod-status.ts';
import type { Budget } from './budget.ts';
import { rolloutBudget } from './budget.ts';
import { deadlineInMs, deploymentStatus } from './deployment-status.ts';
import { proportionalScale } from './proportional-scale.ts';
import {
  byAge,
  currentAnnotations,
  currentSet,
  newReplicaSet,
  REVISION,
  sizeAnnotations,
  sizedFor,
} from './revisions.ts';
import type { NextSizes, SetSize } from './rolling-update.ts';
import { rollingStep } from './rolling-update.ts';
import { templateHash } from './template-hash.ts';

const DEFAULT_HISTORY_LIMIT = 10;

/** What one look at a Deployment found. */
interface Rollout {
  readonly deployment: Deployment;
  readonly budget: Budget;
  readonly current: ReplicaSet | undefined;
  /** Oldest first. */
  readonly old: readonly ReplicaSet[];
  readonly view: ObjectView;
  readonly moment: Moment;
}

const sizeOf = (set: ReplicaSet): SetSize => ({
  name: set.metadata?.name ?? '',
  wanted: set.spec?.replicas ?? 1,
  existing: set.status?.replicas ?? 0,
  available: set.status?.availableReplicas ?? 0,
});

/** A pod of an old set still runs or may run: Recreate has to wait. */
function hasOldPods({ view, old }: Rollout): boolean {
  return old.some((set) =>
    view.listOwnedBy('Pod', set.metadata?.uid ?? '').some((pod) => !isPodTerminal(pod)),
  );
}

/** Sizes that a change of the desired count alone asks for; undefined when it did not change. */
function rescaled({ budget, current, old }: Rollout): NextSizes | undefined {
  const sets = current === undefined ? old : [...old, current];
  const isChanged = sets.some((set) => {
    const last = sizedFor(set);
    return (set.spec?.replicas ?? 1) > 0 && last !== undefined && last !== budget.desired;
  });
  return isChanged ? proportionalScale(budget, sets.map(sizeOf)) : undefined;
}

function recreated(rollout: Rollout): NextSizes {
  const { budget, current, old } = rollout;
  const next = new Map<string, number>();
  for (const set of old.map(sizeOf)) if (set.wanted > 0) next.set(set.name, 0);
  if (next.size > 0 || current === undefined || hasOldPods(rollout)) return next;
  const { name, wanted } = sizeOf(current);
  return wanted === budget.desired ? next : next.set(name, budget.desired);
}

function nextSizes(rollout: Rollout): NextSizes {
  const { deployment, budget, current, old } = rollout;
  const scaled = rescaled(rollout);
  if (scaled !== undefined) return scaled;
  if (deployment.spec?.paused === true) return new Map();
  if (deployment.spec?.strategy?.type === 'Recreate') return recreated(rollout);
  return current === undefined ? new Map() : rollingStep(budget, sizeOf(current), old.map(sizeOf));
}

/** The current set as this plan creates it; undefined while it must wait or its name is taken. */
function createCurrent(rollout: Rollout): ReplicaSet | 'name-taken' | undefined {
  const { deployment, budget, old, moment, view } = rollout;
  const template = deployment.spec?.template;
  const isRecreate = deployment.spec?.strategy?.type === 'Recreate';
  if (template === undefined || deployment.spec?.paused === true) return undefined;
  if (isRecreate && (hasOldPods(rollout) || old.some(({ spec }) => (spec?.replicas ?? 1) > 0))) {
    return undefined;
  }
  const hash = templateHash(template, deployment.status?.collisionCount ?? 0);
  const annotations = sizeAnnotations(currentAnnotations(deployment, undefined, old), budget);
  const empty = newReplicaSet(deployment, hash, 0, annotations, moment);
  const { namespace, name } = empty.metadata!;
  if (view.get('ReplicaSet', namespace!, name!) !== undefined) return 'name-taken';
  const step = rollingStep(budget, sizeOf(empty), old.map(sizeOf));
  const replicas = isRecreate ? budget.desired : (step.get(name!) ?? 0);
  return { ...empty, spec: { ...empty.spec!, replicas } };
}

/** A set with its next size and bookkeeping; the same object when nothing changes. */
function resized(set: ReplicaSet, size: number | undefined, rollout: Rollout): ReplicaSet {
  const { deployment, budget, current, old } = rollout;
  const isCurrent = set === current;
  const replicas = size ?? set.spec?.replicas ?? 1;
  const known = set.metadata?.annotations;
  const own = isCurrent ? currentAnnotations(deployment, set, old) : known;
  const annotations =
    isCurrent || replicas > 0 || size !== undefined ? sizeAnnotations(own, budget) : (known ?? {});
  const minReadySeconds = deployment.spec?.minReadySeconds;
  const spec = {
    ...set.spec!,
    replicas,
    ...(isCurrent && minReadySeconds !== undefined ? { minReadySeconds } : {}),
  };
  if (sameJson(spec, set.spec) && sameJson(annotations, known ?? {})) return set;
  const isNewSpec = !sameJson(spec, set.spec);
  const generation = (set.metadata?.generation ?? 0) + (isNewSpec ? 1 : 0);
  return {
    ...set,
    spec,
    metadata: { ...set.metadata, annotations: { ...annotations }, generation },
  };
}

/** Old sets beyond the history limit, oldest first: empty ones that report it. */
function expired(rollout: Rollout): readonly ReplicaSet[] {
  const { deployment, old } = rollout;
  const limit = deployment.spec?.revisionHistoryLimit ?? DEFAULT_HISTORY_LIMIT;
  const idle = old.filter(
    (set) =>
      set.spec?.replicas === 0 &&
      (set.status?.replicas ?? 0) === 0 &&
      set.metadata?.deletionTimestamp === undefined,
  );
  return idle.slice(0, Math.max(0, old.length - limit));
}

const scalingNote = (about: Deployment, message: string): Note => ({
  kind: 'Deployment',
  about,
  type: 'Normal',
  reason: 'ScalingReplicaSet',
  message,
});

function scalingNotes(
  deployment: Deployment,
  before: readonly ReplicaSet[],
  sizes: NextSizes,
): readonly Note[] {
  return before.flatMap((set) => {
    const { name, wanted } = sizeOf(set);
    const next = sizes.get(name);
    if (next === undefined || next === wanted) return [];
    const direction = next > wanted ? 'up' : 'down';
    const message = `Scaled ${direction} replica set ${name} from ${wanted} to ${next}`;
    return [scalingNote(deployment, message)];
  });
}

function plan(rollout: Rollout): Plan {
  const { deployment, budget, current, old, moment } = rollout;
  const created = current === undefined ? createCurrent(rollout) : undefined;
  if (created === 'name-taken') {
    // Another template has this hash: count the collision, which changes the name of the next try.
    const collisionCount = (deployment.status?.collisionCount ?? 0) + 1;
    const status = { ...deployment.status, collisionCount };
    return {
      writes: [{ type: 'update', kind: 'Deployment', object: { ...deployment, status } }],
    };
  }
  const sizes = nextSizes(rollout);
  const known = current === undefined ? old : [...old, current];
  const gone = new Set(deployment.spec?.paused === true ? [] : expired(rollout));
  const writes: ObjectWrite[] = [];
  const sets: ReplicaSet[] = [];
  for (const set of known) {
    if (gone.has(set)) {
      writes.push({ type: 'delete', kind: 'ReplicaSet', object: set });
      continue;
    }
    const next = resized(set, sizes.get(set.metadata?.name ?? ''), rollout);
    if (next !== set) writes.push({ type: 'update', kind: 'ReplicaSet', object: next });
    sets.push(next);
  }
  if (created !== undefined) {
    writes.push({ type: 'create', kind: 'ReplicaSet', object: created });
    sets.push(created);
  }
  const now =
    current === undefined
      ? created
      : sets.find(({ metadata }) => metadata?.name === current.metadata?.name);
  const isCreating = created !== undefined;
  const status = deploymentStatus({
    deployment,
    budget,
    current: now,
    sets,
    isCreating,
    nowMs: moment.nowMs,
  });
  const revision = now?.metadata?.annotations?.[REVISION];
  const annotations = {
    ...deployment.metadata?.annotations,
    ...(revision === undefined ? {} : { [REVISION]: revision }),
  };
  if (
    !sameJson(status, deployment.status) ||
    !sameJson(annotations, deployment.metadata?.annotations ?? {})
  ) {
    const metadata = { ...deployment.metadata, annotations };
    writes.push({
      type: 'update',
      kind: 'Deployment',
      object: { ...deployment, metadata, status },
    });
  }
  const notes = [...scalingNotes(deployment, known, sizes)];
  if (created !== undefined) {
    const message = `Scaled up replica set ${created.metadata?.name} from 0 to ${created.spec?.replicas}`;
    notes.push(scalingNote(deployment, message));
  }
  return { writes, notes, requeueAfterMs: deadlineInMs(deployment, status, moment.nowMs) };
}

/** The decision for one Deployment. */
export function reconcileDeployment(view: ObjectView, key: string, moment: Moment): Plan {
  const { namespace, name } = parseWorkKey(key);
  const deployment = view.get('Deployment', namespace, name);
  if (deployment === undefined || deployment.metadata?.deletionTimestamp !== undefined) {
    return NO_PLAN;
  }
  const { owned, changed } = claim(
    deployment,
    controllerReference('Deployment', deployment),
    deployment.spec?.selector,
    view.list('ReplicaSet', namespace),
  );
  if (changed.length > 0) {
    return { writes: changed.map((object) => ({ type: 'update', kind: 'ReplicaSet', object })) };
  }
  const current = currentSet(deployment, owned);
  const old = byAge(owned.filter((set) => set !== current));
  return plan({ deployment, budget: rolloutBudget(deployment), current, old, view, moment });
}

function keysOf(change: ObjectChange, view: ObjectView): readonly string[] {
  const { namespace } = change.key;
  if (change.kind === 'Deployment') return [workKey(namespace, change.key.name)];
  if (change.kind === 'Pod') {
    // Only Recreate waits for pods, and only for their end.
    if (change.object !== undefined && !isPodTerminal(change.object as Pod)) return [];
    const owner = change.previous === undefined ? undefined : controllerOf(change.previous);
    const set = owner === undefined ? undefined : view.get('ReplicaSet', namespace, owner.name);
    const deployment = set === undefined ? undefined : controllerOf(set);
    return deployment === undefined ? [] : [workKey(namespace, deployment.name)];
  }
  const set = change.object ?? change.previous;
  const owner = set === undefined ? undefined : controllerOf(set);
  if (owner !== undefined) return [workKey(namespace, owner.name)];
  return view
    .list('Deployment', namespace)
    .filter(({ spec }) => matchesLabels(selectorOf(spec?.selector), set?.metadata?.labels))
    .map(({ metadata }) => workKey(namespace, metadata?.name));
}

export const deploymentController: Controller = {
  name: 'deployment',
  kinds: ['Deployment', 'ReplicaSet', 'Pod'],
  keysOf,
  allKeys: (view) =>
    view.list('Deployment').map(({ metadata }) => workKey(metadata?.namespace, metadata?.name)),
  reconcile: reconcileDeployment,
};
