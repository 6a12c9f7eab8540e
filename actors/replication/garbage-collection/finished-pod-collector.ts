// Keeps a bounded number of finished pods, the newest.

import type { Pod } from 'kubernetes-types/core/v1.d.ts';
import type { StoreView } from '../../../consensus/index.ts';
import type { Controller, Plan } from '../../duties/controller.ts';
import { NO_PLAN } from '../../duties/controller.ts';
import type { ObjectView } from '../../objects/objects.ts';
import { isPodTerminal } from '../../objects/pod-status.ts';
import { releasePods } from '../pod-release.ts';

/** Finished pods kept in the zone. */
export const FINISHED_LIMIT = 1_000;
/** One at a time touches one allocation record; the rest follows at once. */
const ONLY_KEY = 'finished';

const createdMs = (pod: Pod): number => Date.parse(pod.metadata?.creationTimestamp ?? '') || 0;

/** Ends the oldest finished pod beyond `limit`. */
export function reconcileFinished(view: ObjectView, records: StoreView, limit: number): Plan {
  const finished = view.list('Pod').filter(isPodTerminal);
  const excess = finished.length - limit;
  if (excess <= 0) return NO_PLAN;
  const [oldest] = finished.sort((a, b) => createdMs(a) - createdMs(b));
  const node = oldest!.spec?.nodeName;
  const uid = oldest!.metadata?.uid ?? '';
  return {
    writes: [{ type: 'delete', kind: 'Pod', object: oldest! }],
    ...(node === undefined ? {} : { also: releasePods(records, node, [uid]) }),
    ...(excess > 1 ? { requeueAfterMs: 0 } : {}),
  };
}

/** `records` is where allocation records are read. */
export const finishedPodCollector = (records: StoreView, limit = FINISHED_LIMIT): Controller => ({
  name: 'finished-pod-collector',
  kinds: ['Pod'],
  keysOf: ({ object, previous }) => {
    const isNews =
      object !== undefined &&
      isPodTerminal(object as Pod) &&
      (previous === undefined || !isPodTerminal(previous as Pod));
    return isNews ? [ONLY_KEY] : [];
  },
  allKeys: () => [ONLY_KEY],
  reconcile: (view) => reconcileFinished(view, records, limit),
});
