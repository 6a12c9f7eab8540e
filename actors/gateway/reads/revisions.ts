// How fresh an answer must be, and what is done when this peer cannot be that fresh.

import type { Store } from '../../../consensus/index.ts';
import { prefixEnd } from '../../../consensus/index.ts';
import type { Clock } from '../../../runtime/index.ts';
import type { VersionBound } from '../request/parameters.ts';
import { revisionTooLarge } from '../status.ts';

/** How long a read waits for the leader to confirm that it is the most recent. */
const BARRIER_MS = 1_000;

/** How long a read waits for a revision that another peer has applied and this one not yet. */
const CATCH_UP_MS = 3_000;

/** What freshness costs: nothing, or words for the client. */
export interface Freshness {
  /** The answer must not be older than this revision. */
  readonly atLeast: number;
  /** Set when the answer may be old: the text of a Warning header. */
  readonly warning?: string;
}

/** Resolves true once the replica has applied `revision`, false after `deadlineMs`. */
async function applied(
  store: Store,
  clock: Clock,
  revision: number,
  deadlineMs: number,
): Promise<boolean> {
  if (store.view.revision() >= revision) return true;
  return new Promise((resolve) => {
    let stop = (): void => undefined;
    const finish = (reached: boolean): void => {
      timer.cancel();
      stop();
      resolve(reached);
    };
    const timer = clock.setTimer(deadlineMs, () => finish(false));
    stop = store.watch('/', prefixEnd('/'), store.view.revision(), {
      events: (at) => {
        if (at >= revision) finish(true);
      },
      ended: () => finish(store.view.revision() >= revision),
    });
  });
}

/** In whole seconds, for people. */
function age(store: Store): string {
  const read = store.local(Number.POSITIVE_INFINITY);
  const seconds = read.ok ? Math.ceil(read.value.ageMs / 1_000) : Number.POSITIVE_INFINITY;
  return Number.isFinite(seconds) ? `may be ${Math.max(1, seconds)}s old` : 'is of unknown age';
}

/** Waits until this peer may answer. Throws 504 when it has not applied the revision asked for in time. */
export async function awaitFreshness(
  store: Store,
  clock: Clock,
  bound: VersionBound,
): Promise<Freshness> {
  if (bound.revision === 0) return { atLeast: 0 };
  if (bound.revision !== undefined) {
    if (!(await applied(store, clock, bound.revision, CATCH_UP_MS))) {
      throw revisionTooLarge(bound.revision, store.view.revision());
    }
    return { atLeast: bound.revision };
  }
  const barrier = await store.barrier(BARRIER_MS);
  if (barrier.ok) return { atLeast: barrier.value };
  const warning = `this peer has no contact with a quorum of its zone: the answer ${age(store)}`;
  return { atLeast: 0, warning };
}

/** A Warning header's value (RFC 7234 section 5.5), as kubectl prints it. */
export const warningHeader = (words: string): string =>
  `299 - "${words.replaceAll(/[\\"]/g, '\\$&').replaceAll(/[^\x20-\x7e]/g, '?')}"`;
