// One step of a rolling update in numbers: the next sizes of the new set and the old ones.
//
// Held after every step, whatever the sets' controllers have done so far, if no pod fails by itself:
//   pods that exist or will      sum of max(wanted, existing)    never above desired + maxSurge by this step
//   pods that stay available     sum of min(wanted, available)   never below desired - maxUnavailable by this step

import type { Budget } from './budget.ts';

/** One ReplicaSet in numbers of pods. */
export interface SetSize {
  readonly name: string;
  /** spec.replicas. */
  readonly wanted: number;
  /** status.replicas: never fewer than really exist, since a set creates and reports in one write. */
  readonly existing: number;
  readonly available: number;
}

/** The next spec.replicas by name; sets that stay as they are do not appear. */
export type NextSizes = ReadonlyMap<string, number>;

const sum = (numbers: readonly number[]): number => numbers.reduce((a, b) => a + b, 0);

/** A set deletes pods that are not available first, so it keeps this many available ones. */
const keepsAvailable = ({ wanted, available }: SetSize): number => Math.min(wanted, available);

function nextNewSize(budget: Budget, fresh: SetSize, old: readonly SetSize[]): number {
  if (fresh.wanted >= budget.desired) return budget.desired;
  const total = sum([fresh, ...old].map(({ wanted, existing }) => Math.max(wanted, existing)));
  const room = budget.desired + budget.maxSurge - total;
  return fresh.wanted + Math.max(0, Math.min(room, budget.desired - fresh.wanted));
}

/** Takes up to `limit` pods from the sets, oldest first, at most `surplus` from each. */
function take(
  sizes: readonly SetSize[],
  limit: number,
  surplus: (size: SetSize) => number,
): readonly SetSize[] {
  let left = limit;
  return sizes.map((size) => {
    const taken = Math.max(0, Math.min(left, surplus(size)));
    left -= taken;
    return { ...size, wanted: size.wanted - taken };
  });
}

function nextOldSizes(budget: Budget, fresh: SetSize, old: readonly SetSize[]): readonly SetSize[] {
  const floor = budget.desired - budget.maxUnavailable;
  const newUnavailable = fresh.wanted - keepsAvailable(fresh);
  const limit = sum(old.map(({ wanted }) => wanted)) + fresh.wanted - floor - newUnavailable;
  if (limit <= 0) return old;
  // Pods that serve nobody go first: they cost nothing and hold up the rest.
  const cleaned = take(old, limit, (size) => size.wanted - keepsAvailable(size));
  const spare = sum([fresh, ...cleaned].map(keepsAvailable)) - floor;
  return spare <= 0 ? cleaned : take(cleaned, spare, ({ wanted }) => wanted);
}

/** The next step from these sizes; `old` is ordered oldest first. */
export function rollingStep(budget: Budget, fresh: SetSize, old: readonly SetSize[]): NextSizes {
  const next = new Map<string, number>();
  const newSize = nextNewSize(budget, fresh, old);
  if (newSize !== fresh.wanted) next.set(fresh.name, newSize);
  const grown = { ...fresh, wanted: newSize };
  nextOldSizes(budget, grown, old).forEach((size, at) => {
    if (size.wanted !== old[at]!.wanted) next.set(size.name, size.wanted);
  });
  return next;
}
