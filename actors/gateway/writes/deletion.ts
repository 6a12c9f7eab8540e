// What a delete does to an object: gone at once, or marked, and by what it is kept until then.
//
//   present --delete--> marked (deletionTimestamp) --last finalizer gone, grace over--> gone
//      \__________________ no finalizer, no grace __________________________________/

import type { Namespace, Pod } from 'kubernetes-types/core/v1.d.ts';
import { timestamp } from '../../objects/meta.ts';
import type { KindName, KubernetesObject } from '../../objects/kinds.ts';

export type PropagationPolicy = 'Background' | 'Foreground' | 'Orphan';

export interface DeleteOptions {
  /** Seconds a pod gets to end; undefined for what its spec says. */
  readonly gracePeriodSeconds?: number;
  readonly propagationPolicy?: PropagationPolicy;
  readonly uid?: string;
  readonly resourceVersion?: string;
  readonly dryRun: boolean;
}

/** Kubernetes' finalizers: the garbage collector deletes dependents first, or lets them go. */
const FOREGROUND = 'foregroundDeletion';
const ORPHAN = 'orphan';

/** Seconds a pod gets that does not say. */
const USUAL_GRACE_SECONDS = 30;

const finalizersOf = (object: KubernetesObject): readonly string[] =>
  object.metadata?.finalizers ?? [];

const namespaceFinalizers = (kind: KindName, object: KubernetesObject): readonly string[] =>
  kind === 'Namespace' ? ((object as Namespace).spec?.finalizers ?? []) : [];

/** Whether nothing keeps a marked object any more. */
export const isFinished = (kind: KindName, object: KubernetesObject): boolean =>
  object.metadata?.deletionTimestamp !== undefined &&
  finalizersOf(object).length === 0 &&
  namespaceFinalizers(kind, object).length === 0 &&
  (object.metadata.deletionGracePeriodSeconds ?? 0) === 0;

/** Only pods that somebody may be running get time to end. */
function graceSeconds(kind: KindName, object: KubernetesObject, options: DeleteOptions): number {
  if (kind !== 'Pod') return 0;
  const { spec, status } = object as Pod;
  const isRunning =
    (spec?.nodeName ?? '') !== '' && !['Succeeded', 'Failed'].includes(status?.phase ?? '');
  if (!isRunning) return 0;
  return options.gracePeriodSeconds ?? spec?.terminationGracePeriodSeconds ?? USUAL_GRACE_SECONDS;
}

function finalizersAfter(
  object: KubernetesObject,
  policy: PropagationPolicy | undefined,
): string[] {
  const finalizers = finalizersOf(object);
  if (policy === undefined) return [...finalizers];
  const others = finalizers.filter((name) => name !== FOREGROUND && name !== ORPHAN);
  if (policy === 'Foreground') return [...others, FOREGROUND];
  return policy === 'Orphan' ? [...others, ORPHAN] : others;
}

/** The object once it is marked; `isFinished` says whether it can go at once. A second delete may only shorten the grace. */
export function markDeleted(
  kind: KindName,
  object: KubernetesObject,
  options: DeleteOptions,
  nowMs: number,
): KubernetesObject {
  const { metadata } = object;
  const grace = graceSeconds(kind, object, options);
  const earlier = metadata?.deletionGracePeriodSeconds;
  const isMarked = metadata?.deletionTimestamp !== undefined;
  const seconds = isMarked ? Math.min(grace, earlier ?? 0) : grace;
  const keepsTime = isMarked && seconds === (earlier ?? 0);
  const finalizers = finalizersAfter(object, options.propagationPolicy);
  const marked: KubernetesObject = {
    ...object,
    metadata: {
      ...metadata,
      deletionTimestamp: keepsTime
        ? metadata.deletionTimestamp
        : timestamp(nowMs + seconds * 1_000),
      deletionGracePeriodSeconds: seconds,
      ...(finalizers.length > 0 || metadata?.finalizers !== undefined ? { finalizers } : {}),
    },
  };
  if (kind !== 'Namespace') return marked;
  return {
    ...marked,
    status: { ...(object as Namespace).status, phase: 'Terminating' },
  } as KubernetesObject;
}
