// How old what this replica holds can be at most: it had all that was committed when the last confirmed round began.

import type { Replica, ReplicaContext } from './replica.ts';

/** How often a replica that nobody asks for a round makes one, so that it can say how old it is, in ticks. */
export const refreshEveryTicks = 100;
const refreshDeadlineMs = 2_000;

/** Only rounds that this replica began itself count: what a leader sends may have been long on its way. */
export interface Freshness {
  /** A quorum confirmed a round that began then, on the monotonic clock, and what it confirmed is applied. */
  readonly confirmed: (beganMs: number) => void;
  /** Infinite before the first. */
  readonly ageMs: (nowMs: number) => number;
}

export function createFreshness(): Freshness {
  let freshAsOfMs = Number.NEGATIVE_INFINITY;
  return {
    confirmed: (beganMs) => void (freshAsOfMs = Math.max(freshAsOfMs, beganMs)),
    ageMs: (nowMs) => nowMs - freshAsOfMs,
  };
}

/** A round for no other purpose; it writes nothing. */
export function refresh({ rounds, freshness }: Replica, ctx: ReplicaContext): void {
  const beganMs = ctx.clock.monotonicMs();
  rounds.add(beganMs + refreshDeadlineMs, (confirmed) => {
    if (confirmed.ok) freshness.confirmed(beganMs);
  });
}
