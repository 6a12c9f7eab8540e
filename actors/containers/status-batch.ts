// Which statuses of pods are written next. Pure.

import { isDeepStrictEqual } from 'node:util';
import type { PodStatus } from 'kubernetes-types/core/v1.d.ts';
import type { ObjectView, ObjectWrite, Stored } from '../objects/objects.ts';

/** Statuses in one transaction at most. */
export const BATCH_MOST = 100;

export interface StatusBatch {
  readonly writes: readonly ObjectWrite[];
  /** Pods that these writes bring up to date. */
  readonly uids: readonly string[];
  /** Pods whose status in the store is what it should be, or that are not there any more. */
  readonly settled: readonly string[];
}

/** Only the status changes; the write is conditional on the revision of the pod that is seen now. */
export function nextBatch(
  view: Pick<ObjectView, 'getByUid'>,
  dirty: Iterable<string>,
  limit: number,
  derive: (pod: Stored<'Pod'>) => PodStatus | undefined,
): StatusBatch {
  const writes: ObjectWrite[] = [];
  const uids: string[] = [];
  const settled: string[] = [];
  for (const uid of dirty) {
    if (writes.length >= limit) break;
    const pod = view.getByUid('Pod', uid);
    const status = pod === undefined ? undefined : derive(pod);
    if (pod === undefined || status === undefined || isSame(pod.status, status)) {
      settled.push(uid);
      continue;
    }
    writes.push({ type: 'update', kind: 'Pod', object: { ...pod, status } });
    uids.push(uid);
  }
  return { writes, uids, settled };
}

/** A field that is undefined and one that is absent are the same once stored. */
function isSame(before: PodStatus | undefined, after: PodStatus): boolean {
  return isDeepStrictEqual(before, JSON.parse(JSON.stringify(after)));
}
