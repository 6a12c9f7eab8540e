// What a pod's status amounts to.

import type { Pod } from 'kubernetes-types/core/v1.d.ts';
import { findCondition, isConditionTrue } from './conditions.ts';
import { parseTimestamp } from './meta.ts';

/** Has it ended for good (Succeeded or Failed)? */
export const isPodTerminal = ({ status }: Readonly<Pod>): boolean =>
  status?.phase === 'Succeeded' || status?.phase === 'Failed';

/** Has somebody asked for its end? */
export const isPodTerminating = ({ metadata }: Readonly<Pod>): boolean =>
  metadata?.deletionTimestamp !== undefined;

/** Does it count towards the replicas of its owner: neither ended nor ending? */
export const isPodActive = (pod: Readonly<Pod>): boolean =>
  !isPodTerminal(pod) && !isPodTerminating(pod);

/** Does it hold the resources of its node: bound, and not ended? */
export const isPodHolding = (pod: Readonly<Pod>): boolean =>
  (pod.spec?.nodeName ?? '') !== '' && !isPodTerminal(pod);

/** Is its Ready condition True? */
export const isPodReady = ({ status }: Readonly<Pod>): boolean =>
  isConditionTrue(status?.conditions, 'Ready');

/** Ready, and for `minReadySeconds` already at `nowMs`. */
export function isPodAvailable(
  pod: Readonly<Pod>,
  minReadySeconds: number,
  nowMs: number,
): boolean {
  if (!isPodReady(pod)) return false;
  if (minReadySeconds === 0) return true;
  const since = parseTimestamp(findCondition(pod.status?.conditions, 'Ready')?.lastTransitionTime);
  return since !== undefined && since + minReadySeconds * 1_000 <= nowMs;
}

/** How the node treats the pod when memory is short: by its requests and limits. */
export function qosClassOf({ spec }: Readonly<Pod>): 'Guaranteed' | 'Burstable' | 'BestEffort' {
  const containers = [...(spec?.containers ?? []), ...(spec?.initContainers ?? [])];
  const asks = containers.flatMap(({ resources }) => [
    ...Object.entries(resources?.requests ?? {}),
    ...Object.entries(resources?.limits ?? {}),
  ]);
  const counted = asks.filter(([name, amount]) => COUNTED.includes(name) && amount !== '0');
  if (counted.length === 0) return 'BestEffort';
  const guaranteed = containers.every(({ resources }) =>
    COUNTED.every((name) => {
      const limit = resources?.limits?.[name];
      return limit !== undefined && (resources?.requests?.[name] ?? limit) === limit;
    }),
  );
  return guaranteed ? 'Guaranteed' : 'Burstable';
}

const COUNTED = ['cpu', 'memory'];
