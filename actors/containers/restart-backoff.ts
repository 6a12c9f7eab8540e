// How long a container that keeps ending waits before it is started again. Pure.

export const BACKOFF_FIRST_MS = 10_000;
export const BACKOFF_MOST_MS = 300_000;

/** One that ran for so long has shown that it can: its count begins anew. */
export const BACKOFF_RESET_MS = 600_000;

/** The wait after an end, `backoffMs` being what the start before it left: the first restart is at once. */
export function waitAfterEnd(backoffMs: number, ranMs: number): number {
  return ranMs >= BACKOFF_RESET_MS ? 0 : backoffMs;
}

/** What a restart leaves for the next one, `waitMs` being what it has waited itself. */
export function backoffAfterRestart(waitMs: number): number {
  return waitMs === 0 ? BACKOFF_FIRST_MS : Math.min(waitMs * 2, BACKOFF_MOST_MS);
}
