// What a leader remembers from one look at the voters to the next; a new term begins anew.

import type { ReplicaId } from '../raft/types.ts';

export interface VoterWatch {
  /** Notes who is alive and caught up now; all others are not steady any more. */
  readonly look: (term: number, steady: readonly ReplicaId[], nowMs: number) => void;
  /** How long it was seen steady without a break; 0 when it is not. */
  readonly steadyForMs: (id: ReplicaId, nowMs: number) => number;
  /** True when leadership may be offered to a fitter voter; not again for a while. */
  readonly mayYield: (nowMs: number) => boolean;
}

/** A voter that did not take the leadership offered is asked again after this: meanwhile writes wait. */
const yieldAgainMs = 5_000;

export function createVoterWatch(): VoterWatch {
  const since = new Map<ReplicaId, number>();
  let lookedInTerm = 0;
  let yieldDueMs = Number.NEGATIVE_INFINITY;
  return {
    look: (term, steady, nowMs) => {
      if (term !== lookedInTerm) {
        since.clear();
        yieldDueMs = nowMs;
      }
      lookedInTerm = term;
      const now = new Set(steady);
      for (const id of since.keys()) if (!now.has(id)) since.delete(id);
      for (const id of now) if (!since.has(id)) since.set(id, nowMs);
    },
    steadyForMs: (id, nowMs) => nowMs - (since.get(id) ?? nowMs),
    mayYield: (nowMs) => {
      if (nowMs < yieldDueMs) return false;
      yieldDueMs = nowMs + yieldAgainMs;
      return true;
    },
  };
}
