// Pods waiting for a node: those to try now, by priority then age, and those that found none and rest.
//
//            add                 take            placed
//   (none) ------> eager --------------> (out) ----------> (none)
//                    ^                      | unplaced
//                    |  something changed   v
//                    +------------------ resting     (not before its backoff is over)

import type { Pod } from 'kubernetes-types/core/v1.d.ts';

const FIRST_REST_MS = 50;
const LAST_REST_MS = 10_000;
/** Without any change a resting pod is tried again after this: what was missed heals. */
export const LONGEST_REST_MS = 300_000;

interface Waiting {
  readonly key: string;
  readonly priority: number;
  readonly createdMs: number;
}

interface Resting extends Waiting {
  /** Not tried before, whatever changes. */
  readonly notBeforeMs: number;
  /** Tried then even if nothing changes. */
  readonly dueMs: number;
}

export interface PodQueue {
  /** A pod that is new or changed: it is tried next, its earlier failures forgotten. */
  readonly add: (key: string, pod: Pod) => void;
  readonly remove: (key: string) => void;
  /** The first `limit` pods, highest priority first, then oldest. */
  readonly take: (limit: number) => readonly string[];
  /** It found no node, or its binding failed: it rests, longer each time. */
  readonly rest: (key: string, pod: Pod, nowMs: number) => void;
  /** Something changed that may help: resting pods are tried as soon as their backoff allows. */
  readonly stir: (nowMs: number) => void;
  /** Moves pods whose rest is over; the time when the next one's is, undefined when none rests. */
  readonly wake: (nowMs: number) => number | undefined;
  readonly eager: () => number;
  readonly resting: () => number;
}

function waiting(key: string, { spec, metadata }: Pod): Waiting {
  const createdMs = Date.parse(metadata?.creationTimestamp ?? '') || 0;
  return { key, priority: spec?.priority ?? 0, createdMs };
}

const before = (a: Waiting, b: Waiting): number =>
  b.priority - a.priority || a.createdMs - b.createdMs || (a.key < b.key ? -1 : 1);

/** Its size is bounded by the pods of the zone, which it names and does not hold. */
export function createPodQueue(): PodQueue {
  const eager = new Map<string, Waiting>();
  const resting = new Map<string, Resting>();
  const failures = new Map<string, number>();
  let sorted: Waiting[] | undefined;

  const makeEager = (pod: Waiting): void => {
    eager.set(pod.key, pod);
    sorted = undefined;
  };
  return {
    add: (key, pod) => {
      resting.delete(key);
      failures.delete(key);
      makeEager(waiting(key, pod));
    },
    remove: (key) => {
      resting.delete(key);
      failures.delete(key);
      if (eager.delete(key)) sorted = undefined;
    },
    take: (limit) => {
      sorted ??= [...eager.values()].sort(before);
      const taken = sorted.slice(0, limit).map(({ key }) => key);
      sorted = sorted.slice(limit);
      for (const key of taken) eager.delete(key);
      return taken;
    },
    rest: (key, pod, nowMs) => {
      if (eager.has(key)) return;
      const failed = failures.get(key) ?? 0;
      failures.set(key, failed + 1);
      const restMs = Math.min(FIRST_REST_MS * 2 ** failed, LAST_REST_MS);
      const notBeforeMs = nowMs + restMs;
      resting.set(key, { ...waiting(key, pod), notBeforeMs, dueMs: nowMs + LONGEST_REST_MS });
    },
    stir: (nowMs) => {
      for (const [key, pod] of resting) {
        resting.set(key, { ...pod, dueMs: Math.max(nowMs, pod.notBeforeMs) });
      }
    },
    wake: (nowMs) => {
      let nextMs: number | undefined;
      for (const [key, pod] of resting) {
        if (pod.dueMs <= nowMs) {
          resting.delete(key);
          makeEager(pod);
        } else nextMs = Math.min(nextMs ?? Infinity, pod.dueMs);
      }
      return nextMs;
    },
    eager: () => eager.size,
    resting: () => resting.size,
  };
}
