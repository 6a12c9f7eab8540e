// The owner graph as the view holds it: owners of an object, dependents of an owner.

import type { OwnerReference } from 'kubernetes-types/meta/v1.d.ts';
import type { KindName, KubernetesObject } from '../../objects/kinds.ts';
import type { ObjectView } from '../../objects/objects.ts';

/** Kinds that may own others; the rest is never looked up as an owner by uid alone. */
export const OWNER_KINDS: readonly KindName[] = [
  'Deployment',
  'ReplicaSet',
  'Service',
  'Node',
  'Pod',
  'Namespace',
];
/** Kinds that may be owned. */
export const DEPENDENT_KINDS: readonly KindName[] = [
  'ReplicaSet',
  'Pod',
  'EndpointSlice',
  'Deployment',
  'Service',
];

export interface Dependent {
  readonly kind: KindName;
  readonly object: KubernetesObject;
}

const isOwnerKind = (kind: string): kind is KindName =>
  (OWNER_KINDS as readonly string[]).includes(kind);

/** Whether the owner still exists; kinds unknown here are taken as existing: better garbage than loss. */
export function ownerOf(
  view: ObjectView,
  { kind, uid }: OwnerReference,
): KubernetesObject | 'gone' | 'unknown' {
  return isOwnerKind(kind) ? (view.getByUid(kind, uid) ?? 'gone') : 'unknown';
}

/**
 * Objects that name `uid` among their owners. Pods are looked up by their controller alone, through the
 * index: they are owned by one in practice, and too many to read through each time one ends.
 */
export function dependentsOf(view: ObjectView, owner: KindName, uid: string): readonly Dependent[] {
  return DEPENDENT_KINDS.flatMap((kind) => {
    const objects: readonly KubernetesObject[] =
      kind === 'Pod' || owner === 'Pod'
        ? view.listOwnedBy(kind, uid)
        : view
            .list(kind)
            .filter(({ metadata }) => metadata?.ownerReferences?.some((one) => one.uid === uid));
    return objects.map((object) => ({ kind, object }));
  });
}
