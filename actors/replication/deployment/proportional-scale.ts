// Scaling in the middle of a rollout: each set grows or shrinks by its share, so that risk stays as it was.

import type { Budget } from './budget.ts';
import type { NextSizes, SetSize } from './rolling-update.ts';

const sum = (numbers: readonly number[]): number => numbers.reduce((a, b) => a + b, 0);

/**
 * The sizes after the desired count changed. One active set takes it all; several share it by their
 * sizes with the largest remainder, the biggest set first, up to desired + maxSurge in total.
 */
export function proportionalScale(budget: Budget, sets: readonly SetSize[]): NextSizes {
  const active = sets.filter(({ wanted }) => wanted > 0);
  const next = new Map<string, number>();
  if (active.length <= 1) {
    const only = active[0];
    if (only !== undefined && only.wanted !== budget.desired) next.set(only.name, budget.desired);
    return next;
  }
  const total = sum(active.map(({ wanted }) => wanted));
  const allowed = budget.desired === 0 ? 0 : budget.desired + budget.maxSurge;
  const shares = active.map(({ name, wanted }) => {
    const exact = (wanted * allowed) / total;
    return { name, wanted, size: Math.floor(exact), remainder: exact - Math.floor(exact) };
  });
  const order = [...shares].sort(
    (a, b) => b.remainder - a.remainder || b.wanted - a.wanted || (a.name < b.name ? -1 : 1),
  );
  const left = allowed - sum(shares.map(({ size }) => size));
  for (const share of order.slice(0, left)) share.size++;
  for (const { name, wanted, size } of shares) if (size !== wanted) next.set(name, size);
  return next;
}
