// Tries several ways to one peer at once, each a little after the one before; the first that opens is taken. Pure.

import { asSkeinError, SkeinError } from '../../runtime/index.ts';
import type { Clock, Timer } from '../../runtime/index.ts';

/** A way that has not opened yet is not waited for: the next one is tried beside it after this. */
const STAGGER_MS = 250;

export interface Race<W, T> {
  readonly ways: readonly W[];
  readonly clock: Clock;
  /** Rejects when the way does not open; a signal that aborts means that another one did. */
  readonly attempt: (way: W, signal: AbortSignal) => Promise<T>;
  readonly failed: (way: W, error: unknown) => void;
  /** What opened after another one: to be closed. */
  readonly late: (opened: T) => void;
  readonly signal: AbortSignal;
}

/** The first way that opens; undefined when none does or the signal aborts. Never rejects. */
export function firstOpen<W, T>(
  race: Race<W, T>,
): Promise<{ readonly way: W; readonly opened: T } | undefined> {
  const { ways, clock, signal } = race;
  const rest = [...ways];
  // Each has its own: what opened goes on living under the signal it was opened with.
  const underWay = new Map<W, AbortController>();
  let isOver = false;
  let timer: Timer | undefined;

  return new Promise((resolve) => {
    const finish = (won: { readonly way: W; readonly opened: T } | undefined): void => {
      isOver = true;
      timer?.cancel();
      signal.removeEventListener('abort', giveUp);
      const reason = signal.aborted ? signal.reason : new Error('another way was quicker');
      for (const [way, attempt] of underWay) if (way !== won?.way) attempt.abort(reason);
      resolve(won);
    };
    const giveUp = (): void => {
      if (!isOver) finish(undefined);
    };
    const next = (): void => {
      timer?.cancel();
      timer = undefined;
      const way = rest.shift();
      if (way === undefined) {
        if (underWay.size === 0) finish(undefined);
        return;
      }
      const own = new AbortController();
      underWay.set(way, own);
      if (rest.length > 0) timer = clock.setTimer(STAGGER_MS, next);
      race.attempt(way, own.signal).then(
        (opened) => {
          underWay.delete(way);
          if (isOver) race.late(opened);
          else finish({ way, opened });
        },
        (error: unknown) => {
          underWay.delete(way);
          if (isOver) return;
          race.failed(way, error);
          next();
        },
      );
    };
    if (signal.aborted) finish(undefined);
    else {
      signal.addEventListener('abort', giveUp);
      next();
    }
  });
}

/**
 * As `attempt` does, which is aborted when it takes longer, or when `signal` aborts before. What opened lives on under the
 * signal it was given, as a socket does: that one never aborts afterwards.
 */
export async function within<T>(
  clock: Clock,
  signal: AbortSignal,
  limitMs: number,
  attempt: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const own = new AbortController();
  const passOn = (): void => own.abort(signal.reason);
  const timer = clock.setTimer(limitMs, () =>
    own.abort(new SkeinError('unavailable', `not done within ${limitMs} ms`)),
  );
  signal.addEventListener('abort', passOn);
  try {
    if (signal.aborted) passOn();
    return await attempt(own.signal);
  } catch (error) {
    // Whoever was aborted says so in words of its own; why it was is what counts.
    throw own.signal.aborted ? asSkeinError(own.signal.reason) : error;
  } finally {
    timer.cancel();
    signal.removeEventListener('abort', passOn);
  }
}
