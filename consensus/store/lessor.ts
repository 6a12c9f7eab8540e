// When leases end, as the leader sees it: pure, with the time of a monotonic clock given as data.
//
//   lead / granted --> running --deadline--> ending --ended--> gone
//                        ^  |                  |
//                        '--' renewed          '-- renewals are refused

import type { Lease } from './store.ts';

/** Leases that `expired` names at once: what one turn proposes to end. */
export const maxExpiredAtOnce = 256;

interface Held {
  readonly lease: Lease;
  deadlineMs: number;
  /** Its end was proposed: it can no longer be renewed, whatever comes of the proposal. */
  isEnding: boolean;
}

export interface Lessor {
  /**
   * This replica leads now: every lease runs its full term again plus an election timeout, for the renewals
   * that the old leader confirmed and nobody else knows of.
   */
  readonly lead: (leases: Iterable<Lease>, nowMs: number) => void;
  /** Another replica leads: this one ends nothing. */
  readonly resign: () => void;
  readonly granted: (lease: Lease, nowMs: number) => void;
  readonly ended: (id: number) => void;
  /** After a quorum confirmed, in a round begun after the request came, that this replica still leads. Undefined when the lease has ended or is ending. */
  readonly renewed: (id: number, nowMs: number) => Lease | undefined;
  /** Leases past their deadline, oldest first; named again at every call until `ended`. */
  readonly expired: (nowMs: number) => readonly number[];
  /** Undefined when it is not known here. */
  readonly remainingMs: (id: number, nowMs: number) => number | undefined;
}

export function createLessor(electionTimeoutMs: number): Lessor {
  const held = new Map<number, Held>();
  const hold = (lease: Lease, deadlineMs: number) =>
    void held.set(lease.id, { lease, deadlineMs, isEnding: false });
  return {
    lead: (leases, nowMs) => {
      held.clear();
      for (const lease of leases) hold(lease, nowMs + lease.ttlMs + electionTimeoutMs);
    },
    resign: () => held.clear(),
    granted: (lease, nowMs) => hold(lease, nowMs + lease.ttlMs),
    ended: (id) => void held.delete(id),
    renewed: (id, nowMs) => {
      const renewing = held.get(id);
      if (renewing === undefined || renewing.isEnding) return undefined;
      renewing.deadlineMs = Math.max(renewing.deadlineMs, nowMs + renewing.lease.ttlMs);
      return renewing.lease;
    },
    expired: (nowMs) => {
      const due = [...held.values()].filter(({ deadlineMs }) => deadlineMs <= nowMs);
      due.sort((a, b) => a.deadlineMs - b.deadlineMs || a.lease.id - b.lease.id);
      const named = due.slice(0, maxExpiredAtOnce);
      for (const each of named) each.isEnding = true;
      return named.map(({ lease }) => lease.id);
    },
    remainingMs: (id, nowMs) => {
      const known = held.get(id);
      return known === undefined ? undefined : Math.max(0, known.deadlineMs - nowMs);
    },
  };
}
