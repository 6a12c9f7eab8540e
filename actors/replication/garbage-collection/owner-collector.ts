// Deletes what has lost all its owners, and ends deletions that wait for dependents.
//
//   owner deleted          background: its dependents lose their owner and are deleted here
//   owner being deleted    foregroundDeletion: dependents first, then the finalizer, then the owner
//                          orphan: dependents lose their reference, then the finalizer, then the owner

import type { Pod } from 'kubernetes-types/core/v1.d.ts';
import type { OwnerReference } from 'kubernetes-types/meta/v1.d.ts';
import type { Controller, Moment, Plan } from '../../duties/controller.ts';
import { NO_PLAN } from '../../duties/controller.ts';
import { kindNames } from '../../objects/kind-table.ts';
import type { KindName, KubernetesObject, ObjectTypes } from '../../objects/kinds.ts';
import { timestamp } from '../../objects/meta.ts';
import { kindOfReference } from '../../objects/served-kinds.ts';
import type { ObjectChange, ObjectView, ObjectWrite } from '../../objects/objects.ts';
import { podDeletion } from '../pod-deletion.ts';

/** Objects changed in one transaction at most; the rest follows at once. */
const BURST_LIMIT = 50;
const FOREGROUND = 'foregroundDeletion';
const ORPHAN = 'orphan';

type Anything = ObjectTypes[KindName];

const isEnding = ({ metadata }: KubernetesObject): boolean =>
  metadata?.deletionTimestamp !== undefined;

/** Whether the owner still exists; kinds of others are taken as existing: better garbage than loss. */
function ownerOf(
  view: ObjectView,
  { apiVersion, kind, uid }: OwnerReference,
): KubernetesObject | 'gone' | 'unknown' {
  const known = kindOfReference(apiVersion, kind);
  return known === undefined ? 'unknown' : (view.getByUid(known, uid) ?? 'gone');
}

/** The write that deletes an object: at once, or with a timestamp while something must be ended before. */
function deletion(kind: KindName, object: KubernetesObject, nowMs: number): ObjectWrite {
  if (kind === 'Pod') return podDeletion(object as Pod, nowMs);
  if ((object.metadata?.finalizers ?? []).length === 0) {
    return { type: 'delete', kind, object: object as Anything };
  }
  const metadata = { ...object.metadata, deletionTimestamp: timestamp(nowMs) };
  return { type: 'update', kind, object: { ...object, metadata } as Anything };
}

/** An object without one of its finalizers: deleted when it was the last thing it waited for. */
function finalized(kind: KindName, object: KubernetesObject, finalizer: string): ObjectWrite {
  const finalizers = (object.metadata?.finalizers ?? []).filter((name) => name !== finalizer);
  const metadata = { ...object.metadata, finalizers };
  const isOver = finalizers.length === 0 && kind !== 'Namespace' && kind !== 'Pod';
  return isOver
    ? { type: 'delete', kind, object: object as Anything }
    : { type: 'update', kind, object: { ...object, metadata } as Anything };
}

function limited(writes: readonly ObjectWrite[]): Plan {
  return {
    writes: writes.slice(0, BURST_LIMIT),
    ...(writes.length > BURST_LIMIT ? { requeueAfterMs: 0 } : {}),
  };
}

/** An owner that waits for its dependents, all of them deleted before it. */
function foreground(view: ObjectView, kind: KindName, owner: KubernetesObject, nowMs: number) {
  const uid = owner.metadata?.uid ?? '';
  const blocking = view
    .listDependents(uid)
    .filter(({ object }) =>
      object.metadata?.ownerReferences?.some((one) => one.uid === uid && one.blockOwnerDeletion),
    );
  if (blocking.length === 0) return limited([finalized(kind, owner, FOREGROUND)]);
  const writes = blocking
    .filter(({ object }) => !isEnding(object))
    .map((dependent) => {
      // What has dependents itself waits for them in turn; pods have none.
      if (dependent.kind === 'Pod') return deletion('Pod', dependent.object, nowMs);
      const finalizers = [...(dependent.object.metadata?.finalizers ?? []), FOREGROUND];
      const metadata = { ...dependent.object.metadata, finalizers };
      return deletion(dependent.kind, { ...dependent.object, metadata }, nowMs);
    });
  return limited(writes);
}

/** An owner that leaves its dependents behind. */
function orphan(view: ObjectView, kind: KindName, owner: KubernetesObject): Plan {
  const uid = owner.metadata?.uid ?? '';
  const dependents = view.listDependents(uid);
  if (dependents.length === 0) return limited([finalized(kind, owner, ORPHAN)]);
  const freed = dependents.map(({ kind, object }): ObjectWrite => {
    const ownerReferences = object.metadata?.ownerReferences?.filter((one) => one.uid !== uid);
    const metadata = { ...object.metadata, ownerReferences: ownerReferences ?? [] };
    return { type: 'update', kind, object: { ...object, metadata } as Anything };
  });
  // No change of a dependent that stays brings its former owner back here.
  return { ...limited(freed), requeueAfterMs: 0 };
}

/** An object that names owners: deleted when none of them is left, else freed of those that are gone. */
function orphaned(view: ObjectView, kind: KindName, object: KubernetesObject, nowMs: number) {
  const references = object.metadata?.ownerReferences ?? [];
  const left = references.filter((reference) => ownerOf(view, reference) !== 'gone');
  if (references.length === 0 || left.length === references.length || isEnding(object)) {
    return NO_PLAN;
  }
  if (left.length === 0) return { writes: [deletion(kind, object, nowMs)] };
  const metadata = { ...object.metadata, ownerReferences: left };
  const write: ObjectWrite = { type: 'update', kind, object: { ...object, metadata } as Anything };
  return { writes: [write] };
}

/** A key is KIND/NAMESPACE/NAME. */
export function reconcileOwnership(view: ObjectView, key: string, moment: Moment): Plan {
  const [kind, namespace, name] = key.split('/') as [KindName, string, string];
  const object: KubernetesObject | undefined = view.get(kind, namespace, name);
  if (object === undefined) return NO_PLAN;
  if (isEnding(object)) {
    const finalizers = object.metadata?.finalizers ?? [];
    if (finalizers.includes(FOREGROUND)) return foreground(view, kind, object, moment.nowMs);
    if (finalizers.includes(ORPHAN)) return orphan(view, kind, object);
    // The last finalizer went and nobody ended the object; pods end on their nodes.
    const isOver = finalizers.length === 0 && kind !== 'Pod' && kind !== 'Namespace';
    return isOver ? { writes: [{ type: 'delete', kind, object: object as Anything }] } : NO_PLAN;
  }
  return orphaned(view, kind, object, moment.nowMs);
}

const keyOf = (kind: KindName, { metadata }: KubernetesObject): string =>
  `${kind}/${metadata?.namespace ?? ''}/${metadata?.name ?? ''}`;

/** Most objects have no owner and are not ending: nothing can become of them here. */
const isConcerned = (object: KubernetesObject): boolean =>
  isEnding(object) || (object.metadata?.ownerReferences ?? []).length > 0;

function keysOf(change: ObjectChange, view: ObjectView): readonly string[] {
  const { kind, key, object, previous } = change;
  const own = `${kind}/${key.namespace}/${key.name}`;
  if (object !== undefined) {
    const isNews = previous === undefined || isEnding(object) || kind !== 'Pod';
    return isNews && isConcerned(object) ? [own] : [];
  }
  const uid = previous?.metadata?.uid;
  const dependents = uid === undefined ? [] : view.listDependents(uid);
  // An owner may wait for this one to go.
  const owners = (previous?.metadata?.ownerReferences ?? []).flatMap((reference) => {
    const owner = ownerOf(view, reference);
    return typeof owner === 'string' || !isEnding(owner)
      ? []
      : [keyOf(reference.kind as KindName, owner)];
  });
  return [...dependents.map(({ kind, object }) => keyOf(kind, object)), ...owners];
}

export const ownerCollector: Controller = {
  name: 'owner-collector',
  kinds: kindNames,
  keysOf,
  allKeys: (view) =>
    kindNames.flatMap((kind) =>
      (view.list(kind) as readonly KubernetesObject[])
        .filter(isConcerned)
        .map((object) => keyOf(kind, object)),
    ),
  reconcile: reconcileOwnership,
};
