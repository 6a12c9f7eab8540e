// Which statuses of pods are written next. Pure.

import { isDeepStrictEqual } from 'node:util';
import type { PodStatus } from 'kubernetes-types/core/v1.d.ts';
import type { ObjectView, ObjectWrite, Stored } from '../objects/objects.ts';

/** Statuses in one transaction at most. */
export const BATCH_MOST = 100;

export interface StatusBatch {
  readonly writes: readonly ObjectWrite[];
  /** A pod that is over for good and still holds room: its status is written alone, with the release of it. */
  readonly over: { readonly pod: Stored<'Pod'>; readonly status: PodStatus } | undefined;
  /** Pods that these writes bring up to date. */
  readonly uids: readonly string[];
  /** Pods whose status in the store is what it should be, or that are not there any more. */
  readonly settled: readonly string[];
}

/** What a batch has to know of pods. */
export interface BatchSource {
  /** What the status should be; undefined: leave it alone. */
  readonly status: (pod: Stored<'Pod'>) => PodStatus | undefined;
  /** Whether the node's allocation record has it. */
  readonly isHolding: (uid: string) => boolean;
}

/** Only the status changes; the write is conditional on the revision of the pod that is seen now. */
export function nextBatch(
  view: Pick<ObjectView, 'getByUid'>,
  dirty: Iterable<string>,
  limit: number,
  source: BatchSource,
): StatusBatch {
  const writes: ObjectWrite[] = [];
  const uids: string[] = [];
  const settled: string[] = [];
  let over: StatusBatch['over'];
  for (const uid of dirty) {
    if (writes.length >= limit) break;
    const pod = view.getByUid('Pod', uid);
    const status = pod === undefined ? undefined : source.status(pod);
    if (pod === undefined || status === undefined) {
      settled.push(uid);
      continue;
    }
    const isOver = status.phase === 'Succeeded' || status.phase === 'Failed';
    // One that is deleted is released with its removal, a moment later.
    const isReleased = isOver && pod.metadata?.deletionTimestamp === undefined;
    if (isReleased && source.isHolding(uid)) {
      over ??= { pod, status };
    } else if (isSame(pod.status, status)) {
      settled.push(uid);
    } else {
      writes.push({ type: 'update', kind: 'Pod', object: { ...pod, status } });
      uids.push(uid);
    }
  }
  // The others first: those left over have their turn when nothing else waits.
  if (writes.length > 0 || over === undefined) return { writes, over: undefined, uids, settled };
  return { writes, over, uids: [over.pod.metadata?.uid ?? ''], settled };
}

/** A field that is undefined and one that is absent are the same once stored. */
function isSame(before: PodStatus | undefined, after: PodStatus): boolean {
  return isDeepStrictEqual(before, JSON.parse(JSON.stringify(after)));
}
