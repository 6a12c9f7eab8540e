// Empties a namespace that is being deleted, then lets go of it.

import type { Pod } from 'kubernetes-types/core/v1.d.ts';
import type { Controller, Moment, Plan } from '../../duties/controller.ts';
import { NO_PLAN } from '../../duties/controller.ts';
import { kindDefinition, kindNames } from '../../objects/kind-table.ts';
import type { KindName, ObjectTypes } from '../../objects/kinds.ts';
import type { ObjectView, ObjectWrite } from '../../objects/objects.ts';
import { podDeletion } from '../pod-deletion.ts';

/** Objects deleted in one transaction at most; the rest follows at once. */
const BURST_LIMIT = 50;
const FINALIZER = 'kubernetes';
/** Made by what is deleted before them, so they go after it. */
const LAST_KINDS: readonly KindName[] = ['ReplicaSet', 'EndpointSlice', 'Pod', 'Event'];
/** Owners before what they own, or their controllers would make it anew. */
const CONTENT_KINDS: readonly KindName[] = [
  ...kindNames.filter(
    (kind) => kindDefinition(kind).names.namespaced && !LAST_KINDS.includes(kind),
  ),
  ...LAST_KINDS,
];

/** The decision for one namespace, by name. */
export function reconcileNamespace(view: ObjectView, name: string, moment: Moment): Plan {
  const namespace = view.get('Namespace', '', name);
  if (namespace?.metadata?.deletionTimestamp === undefined) return NO_PLAN;
  const content = CONTENT_KINDS.flatMap((kind) =>
    view.list(kind, name).map((object: ObjectTypes[KindName]) => ({ kind, object })),
  );
  if (content.length > 0) {
    const writes: ObjectWrite[] = content
      .filter(({ kind, object }) => {
        return kind !== 'Pod' || object.metadata?.deletionTimestamp === undefined;
      })
      .slice(0, BURST_LIMIT)
      .map(({ kind, object }) =>
        kind === 'Pod'
          ? podDeletion(object as Pod, moment.nowMs)
          : { type: 'delete', kind, object },
      );
    return { writes, ...(writes.length === 0 ? {} : { requeueAfterMs: 0 }) };
  }
  const finalizers = (namespace.spec?.finalizers ?? []).filter((one) => one !== FINALIZER);
  const isHeld = finalizers.length > 0 || (namespace.metadata.finalizers ?? []).length > 0;
  if (!isHeld) return { writes: [{ type: 'delete', kind: 'Namespace', object: namespace }] };
  if (finalizers.length === (namespace.spec?.finalizers ?? []).length) return NO_PLAN;
  const object = { ...namespace, spec: { ...namespace.spec, finalizers } };
  return { writes: [{ type: 'update', kind: 'Namespace', object }] };
}

export const namespaceCollector: Controller = {
  name: 'namespace-collector',
  kinds: ['Namespace', ...CONTENT_KINDS],
  keysOf: ({ kind, key }, view) => {
    const name = kind === 'Namespace' ? key.name : key.namespace;
    const namespace = view.get('Namespace', '', name);
    return namespace?.metadata?.deletionTimestamp === undefined ? [] : [name];
  },
  allKeys: (view) => view.list('Namespace').map(({ metadata }) => metadata?.name ?? ''),
  reconcile: reconcileNamespace,
};
