// Takes tokens out of the log once nobody asks for them any more: the leader does, when the next one is due.

import type { Store } from '../../consensus/index.ts';
import type { Clock, Timer } from '../../runtime/index.ts';
import { watchAlways } from './lasting-watch.ts';
import { parseToken, tokensEnd, tokensPrefix } from './records.ts';

/** So long after its time a token is still there, so that whoever comes late with it hears that it expired. */
const keptMs = 7 * 86_400_000;
/** Looked again after this at the latest: a wall clock may be set. */
const lookAgainMs = 3_600_000;
/** What did not get into the log is tried again after this. */
const retryMs = 5_000;
/** Tokens deleted by one transaction; the rest follows at once. */
const deletedAtOnce = 64;

/** Returns how to stop. */
export function collectTokens(store: Store, clock: Clock): () => void {
  let timer: Timer | undefined;
  let isDeleting = false;
  let isStopped = false;

  const lookIn = (delayMs: number): void => {
    timer?.cancel();
    timer = clock.setTimer(delayMs, look);
  };

  const look = (): void => {
    if (isStopped || isDeleting || store.status().role !== 'leader') return;
    const nowMs = clock.wallMs();
    const all = store.view.range(tokensPrefix, tokensEnd).kvs;
    const dueMs = all.map(({ value }) => parseToken(value).expiresAtMs + keptMs);
    const due = all.filter((_, i) => dueMs[i]! <= nowMs).slice(0, deletedAtOnce);
    if (due.length === 0) {
      if (all.length > 0) lookIn(Math.min(lookAgainMs, Math.min(...dueMs) - nowMs));
      return;
    }
    isDeleting = true;
    const success = due.map(({ key }) => ({ type: 'delete', key }) as const);
    void store.transact({ compare: [], success }).then((deleted) => {
      isDeleting = false;
      if (!isStopped) lookIn(deleted.ok ? 0 : retryMs);
    });
  };

  const stops = [
    store.onStatus(look),
    watchAlways(store, tokensPrefix, tokensEnd, { events: look, skipped: look }),
  ];
  look();
  return () => {
    isStopped = true;
    timer?.cancel();
    stops.forEach((stop) => stop());
  };
}
