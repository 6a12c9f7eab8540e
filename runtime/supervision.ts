// What becomes of an actor that failed: a pure decision from its supervision and its past failures.

import type { Supervision } from './actor.ts';
import { SkeinError } from './errors.ts';

/** The backoff stops doubling at this many times the first one. */
const maxBackoffFactor = 32;

/** Restarts a supervision may ask for; their times are kept while they are inside the window. */
const maxRestartLimit = 1_000;

/** What is remembered of an actor's failures. */
export interface FailureHistory {
  /** When it restarted, oldest first, within the last `withinMs`; never more than `maxRestarts`. */
  readonly restartsMs: readonly number[];
  /** Restarts in a row, each within `withinMs` of the one before; sets the backoff. */
  readonly streak: number;
}

export const noFailures: FailureHistory = { restartsMs: [], streak: 0 };

export type Decision =
  | { readonly type: 'stop' }
  | { readonly type: 'escalate' }
  | { readonly type: 'restart'; readonly delayMs: number; readonly history: FailureHistory };

/** Decides about a failure at `nowMs` (monotonic). */
export function decide(supervision: Supervision, history: FailureHistory, nowMs: number): Decision {
  if (supervision.directive !== 'restart') return { type: supervision.directive };
  const { maxRestarts, withinMs, backoffMs } = supervision;
  const recent = history.restartsMs.filter((atMs) => nowMs - atMs < withinMs);
  if (recent.length >= maxRestarts) return { type: 'escalate' };
  const streak = recent.length === 0 ? 1 : history.streak + 1;
  const factor = Math.min(2 ** (streak - 1), maxBackoffFactor);
  return {
    type: 'restart',
    delayMs: backoffMs * factor,
    history: { restartsMs: [...recent, nowMs], streak },
  };
}

/** Throws `invalid` when a supervision makes no sense; asked at spawn, so that no failure meets it first. */
export function checkSupervision(supervision: Supervision): void {
  if (supervision.directive !== 'restart') return;
  const { maxRestarts, withinMs, backoffMs } = supervision;
  const isSane =
    Number.isInteger(maxRestarts) &&
    maxRestarts >= 0 &&
    maxRestarts <= maxRestartLimit &&
    withinMs > 0 &&
    backoffMs >= 0 &&
    Number.isFinite(backoffMs);
  if (isSane) return;
  throw new SkeinError(
    'invalid',
    `restart at most ${maxRestarts} times in ${withinMs} ms after ${backoffMs} ms is no supervision: ` +
      `use 0 to ${maxRestartLimit} restarts, a window above 0 ms and a backoff of 0 ms or more`,
    { maxRestarts, withinMs, backoffMs },
  );
}
