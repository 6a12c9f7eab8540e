// How long a suspect has to refute: long for one voice, short when several observers agree (Lifeguard). Pure.

import type { MeshTiming } from '../timing.ts';
import type { PeerId } from '../transport.ts';

/** Whoever refuted lately is slow and not dead: so often, it is remembered, and one less after each such time. */
const REFUTATIONS_MAX = 3;
const REFUTATION_MEMORY_MS = 15_000;

interface Suspicion {
  readonly startedMs: number;
  /** Lifeguard: multiplies how long this peer waits before its own verdict. At least 1. */
  patience: number;
  /** How long this peer itself stood still meanwhile. */
  excusedMs: number;
  /** Whoever was first among them; the others confirm. */
  readonly observers: Set<PeerId>;
  /** Somebody says that this one is dead. */
  isToldDead: boolean;
  deadlineMs: number;
}

export interface Suspicions {
  readonly size: () => number;
  readonly firstObserver: (peer: PeerId) => PeerId | undefined;
  /** Those that `by` suspects. */
  readonly voicedBy: (by: PeerId) => readonly PeerId[];
  /** Begins one, in place of any before. */
  readonly begin: (peer: PeerId, by: PeerId, nowMs: number) => void;
  /** The suspect, or one held for dead, contradicted: the next time it is given longer. */
  readonly refuted: (peer: PeerId, nowMs: number) => void;
  /** Forgets all about a peer. */
  readonly forget: (peer: PeerId) => void;
  /** False when this voice was counted before, or enough others were. */
  readonly confirm: (peer: PeerId, by: PeerId) => boolean;
  /** Somebody says that it is dead. True once it had time to refute; else it has no more than that left. */
  readonly toldDead: (peer: PeerId, nowMs: number) => boolean;
  /** Gives the suspect at least this many times as long. */
  readonly stretch: (peer: PeerId, patience: number) => void;
  readonly end: (peer: PeerId) => void;
  readonly due: (nowMs: number) => readonly PeerId[];
  readonly nextDeadlineMs: () => number | undefined;
  readonly excuse: (stalledMs: number) => void;
  /** While cautious, no agreement shortens any suspicion: many fell silent at once, and it may be the network. */
  readonly setCautious: (isCautious: boolean) => void;
}

/** `sizeOf` the cluster: large ones take longer to refute in. */
export function createSuspicions(timing: MeshTiming, sizeOf: () => number): Suspicions {
  const suspicions = new Map<PeerId, Suspicion>();
  /** At most one for each member. */
  const refutations = new Map<PeerId, { readonly count: number; readonly lastMs: number }>();
  let isCautious = false;
  let next: number | undefined;
  let isNextKnown = true;

  /** Starts at the maximum and nears the minimum with the logarithm of confirmations. */
  const lastsMs = (observers: number): number => {
    const size = sizeOf();
    // The suspect and the first observer cannot confirm.
    const needed = Math.max(0, Math.min(timing.confirmations, size - 2));
    const maxMs = timing.suspicionMaxMs * Math.max(1, Math.log10(size));
    if (isCautious) return maxMs;
    const confirmed = Math.min(observers - 1, needed);
    const share = needed === 0 ? 1 : Math.log(confirmed + 1) / Math.log(needed + 1);
    return Math.max(timing.suspicionMinMs, maxMs - (maxMs - timing.suspicionMinMs) * share);
  };

  const time = (suspicion: Suspicion): void => {
    const { startedMs, excusedMs, patience, observers, isToldDead } = suspicion;
    const patientMs = lastsMs(observers.size) * patience;
    // Whoever says so has waited for long enough already.
    const lasts = isToldDead ? Math.min(patientMs, timing.hearsayMs) : patientMs;
    suspicion.deadlineMs = startedMs + excusedMs + lasts;
    isNextKnown = false;
  };

  const refutationsOf = (peer: PeerId, nowMs: number): number => {
    const known = refutations.get(peer);
    if (known === undefined) return 0;
    return Math.max(0, known.count - Math.floor((nowMs - known.lastMs) / REFUTATION_MEMORY_MS));
  };

  return {
    size: () => suspicions.size,
    firstObserver: (peer) => {
      const [first] = suspicions.get(peer)?.observers ?? [];
      return first;
    },
    voicedBy: (by) =>
      [...suspicions].filter(([, { observers }]) => observers.has(by)).map(([peer]) => peer),
    begin: (peer, by, nowMs) => {
      const observers = new Set([by]);
      const patience = 1 + refutationsOf(peer, nowMs);
      const suspicion: Suspicion = {
        startedMs: nowMs,
        patience,
        excusedMs: 0,
        observers,
        isToldDead: false,
        deadlineMs: 0,
      };
      suspicions.set(peer, suspicion);
      time(suspicion);
    },
    refuted: (peer, nowMs) => {
      const count = Math.min(REFUTATIONS_MAX, refutationsOf(peer, nowMs) + 1);
      refutations.set(peer, { count, lastMs: nowMs });
    },
    forget: (peer) => {
      suspicions.delete(peer);
      refutations.delete(peer);
      isNextKnown = false;
    },
    confirm: (peer, by) => {
      const suspicion = suspicions.get(peer);
      if (suspicion === undefined || suspicion.observers.has(by)) return false;
      if (suspicion.observers.size > timing.confirmations) return false;
      suspicion.observers.add(by);
      time(suspicion);
      return true;
    },
    toldDead: (peer, nowMs) => {
      const suspicion = suspicions.get(peer);
      if (suspicion === undefined) return false;
      suspicion.isToldDead = true;
      time(suspicion);
      return suspicion.deadlineMs <= nowMs;
    },
    stretch: (peer, patience) => {
      const suspicion = suspicions.get(peer);
      if (suspicion === undefined || patience <= suspicion.patience) return;
      suspicion.patience = patience;
      time(suspicion);
    },
    end: (peer) => {
      if (suspicions.delete(peer)) isNextKnown = false;
    },
    due: (nowMs) =>
      [...suspicions].filter(([, { deadlineMs }]) => deadlineMs <= nowMs).map(([peer]) => peer),
    nextDeadlineMs: () => {
      if (!isNextKnown) {
        next = undefined;
        for (const { deadlineMs } of suspicions.values()) {
          if (next === undefined || deadlineMs < next) next = deadlineMs;
        }
        isNextKnown = true;
      }
      return next;
    },
    excuse: (stalledMs) => {
      for (const suspicion of suspicions.values()) {
        suspicion.excusedMs += stalledMs;
        time(suspicion);
      }
    },
    setCautious: (cautious) => {
      if (isCautious === cautious) return;
      isCautious = cautious;
      for (const suspicion of suspicions.values()) time(suspicion);
    },
  };
}
