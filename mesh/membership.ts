// Who is here: the states of SWIM with incarnations, refutation and suspicion that others shorten.
//
//              no answer                 nobody refuted in time
//     alive -------------> suspect --------------------------------> dead
//       ^  ^                  |                                        |
//       |  |  refuted: higher |                  came back with a      |
//       |  +--- incarnation --+                  higher incarnation    |
//       +--------------------------------------------------------------+
//     alive or suspect -- says so itself --> left -- higher incarnation --> alive
//
// Pure: time comes in with each call, and what changed goes out as data.

import type { MemberStatus } from './mesh.ts';
import type { MeshTiming } from './timing.ts';
import type { PeerId } from './transport.ts';

/** Members known at most, the dead among them; claims about more are ignored. */
export const MEMBER_LIMIT = 16_384;

/** Incarnations start at a wall clock's milliseconds; a claim beyond this is not believed. */
const INCARNATION_LIMIT = 2 ** 48;

/** A claim about a peer, as it travels. */
export interface MemberUpdate {
  readonly peer: PeerId;
  readonly status: MemberStatus;
  readonly incarnation: number;
  readonly addresses: readonly string[];
  /** Who suspects or buried it: distinct observers shorten a suspicion. */
  readonly by?: PeerId | undefined;
}

/** What is believed of a peer. */
export interface MemberRecord {
  readonly peer: PeerId;
  readonly status: MemberStatus;
  readonly incarnation: number;
  readonly addresses: readonly string[];
  /** When it took this status, on the local monotonic clock. */
  readonly sinceMs: number;
}

export interface MemberChange {
  readonly record: MemberRecord;
  readonly was: MemberStatus | undefined;
}

/** What a claim did. Every list is empty when it told nothing new. */
export interface MembershipOutcome {
  readonly changes: readonly MemberChange[];
  /** News to pass on. */
  readonly broadcast: readonly MemberUpdate[];
  /** Peers newly suspected by somebody else: worth a look of one's own. */
  readonly doubted: readonly PeerId[];
  /** This peer had to contradict a claim of its death: a sign that it is slow. */
  readonly refuted: boolean;
}

interface Suspicion {
  readonly startedMs: number;
  /** Lifeguard: multiplies how long this peer waits before its own verdict. At least 1. */
  patience: number;
  readonly observers: Set<PeerId>;
  deadlineMs: number;
}

export interface Membership {
  readonly get: (peer: PeerId) => MemberRecord | undefined;
  /** Everyone known, this peer included. */
  readonly records: () => Iterable<MemberRecord>;
  /** Alive or suspect peers other than this one. */
  readonly others: () => readonly PeerId[];
  readonly apply: (update: MemberUpdate, nowMs: number) => MembershipOutcome;
  /** This peer found no way to reach `peer`. One that is itself unwell gives `patience` times as long to refute. */
  readonly suspect: (peer: PeerId, nowMs: number, patience: number) => MembershipOutcome;
  /** Ends suspicions that are due and forgets the long dead. */
  readonly expire: (nowMs: number) => MembershipOutcome;
  /** When `expire` has something to do next; undefined when nothing is due. */
  readonly nextDeadlineMs: () => number | undefined;
  /** Puts off every suspicion by the time this peer itself stood still. */
  readonly excuse: (stalledMs: number) => void;
  /** This peer moved or leaves: a new claim about itself. */
  readonly announce: (change: {
    readonly addresses?: readonly string[];
    readonly status?: 'alive' | 'left';
  }) => MembershipOutcome;
  /** Ends the membership of a peer by order, not by observation. */
  readonly remove: (peer: PeerId, nowMs: number) => MembershipOutcome;
  readonly claims: () => readonly MemberUpdate[];
  /** The current claim about one peer, to show it to that peer itself. */
  readonly claim: (peer: PeerId) => MemberUpdate | undefined;
}

const RANK: Readonly<Record<MemberStatus, number>> = { alive: 0, suspect: 1, dead: 2, left: 3 };

const NOTHING: MembershipOutcome = { changes: [], broadcast: [], doubted: [], refuted: false };

export function createMembership(
  self: {
    readonly peer: PeerId;
    readonly incarnation: number;
    readonly addresses: readonly string[];
  },
  timing: MeshTiming,
): Membership {
  const members = new Map<PeerId, MemberRecord>();
  const suspicions = new Map<PeerId, Suspicion>();
  let living: readonly PeerId[] | undefined;
  let own: MemberRecord = { ...self, status: 'alive', sinceMs: 0 };
  members.set(self.peer, own);

  const toUpdate = (record: MemberRecord, by?: PeerId): MemberUpdate => ({
    peer: record.peer,
    status: record.status,
    incarnation: record.incarnation,
    addresses: record.addresses,
    ...(by === undefined ? {} : { by }),
  });

  const put = (record: MemberRecord): MemberChange => {
    const was = members.get(record.peer)?.status;
    members.set(record.peer, record);
    if (record.status !== 'suspect') suspicions.delete(record.peer);
    living = undefined;
    return { record, was };
  };

  const others = (): readonly PeerId[] => {
    living ??= [...members.values()]
      .filter((m) => m.peer !== self.peer && (m.status === 'alive' || m.status === 'suspect'))
      .map((m) => m.peer);
    return living;
  };

  /** Lifeguard: starts at the maximum and nears the minimum with the logarithm of confirmations. */
  const deadlineOf = (suspicion: Suspicion): number => {
    const size = others().length + 1;
    // The suspect and the first observer cannot confirm.
    const needed = Math.max(0, Math.min(timing.confirmations, size - 2));
    const maxMs = timing.suspicionMaxMs * Math.max(1, Math.log10(size));
    const confirmed = Math.min(suspicion.observers.size - 1, needed);
    const share = needed === 0 ? 1 : Math.log(confirmed + 1) / Math.log(needed + 1);
    const lastsMs = maxMs - (maxMs - timing.suspicionMinMs) * share;
    return suspicion.startedMs + Math.max(timing.suspicionMinMs, lastsMs) * suspicion.patience;
  };

  const addObserver = (peer: PeerId, by: PeerId, nowMs: number): boolean => {
    const suspicion = suspicions.get(peer) ?? {
      startedMs: nowMs,
      patience: 1,
      observers: new Set<PeerId>(),
      deadlineMs: 0,
    };
    if (suspicion.observers.has(by) || suspicion.observers.size > timing.confirmations)
      return false;
    suspicion.observers.add(by);
    suspicion.deadlineMs = deadlineOf(suspicion);
    suspicions.set(peer, suspicion);
    return true;
  };

  /** Hearsay is passed on under the name of who saw: only what is seen by oneself confirms. */
  const firstObserver = (peer: PeerId): PeerId | undefined => {
    const [first] = suspicions.get(peer)?.observers ?? [];
    return first;
  };

  const refute = (claimed: number): MembershipOutcome => {
    own = { ...own, incarnation: Math.max(own.incarnation, claimed) + 1 };
    const change = put(own);
    return { ...NOTHING, changes: [change], broadcast: [toUpdate(own)], refuted: true };
  };

  const applyToSelf = (update: MemberUpdate): MembershipOutcome => {
    if (own.status === 'left') return NOTHING;
    if (update.incarnation > own.incarnation) return refute(update.incarnation);
    if (update.incarnation === own.incarnation && update.status !== 'alive') {
      return refute(update.incarnation);
    }
    return NOTHING;
  };

  const apply = (update: MemberUpdate, nowMs: number): MembershipOutcome => {
    if (update.incarnation > INCARNATION_LIMIT) return NOTHING;
    if (update.peer === self.peer) return applyToSelf(update);
    const known = members.get(update.peer);
    if (known === undefined && members.size >= MEMBER_LIMIT) return NOTHING;
    const newer =
      known === undefined ||
      update.incarnation > known.incarnation ||
      (update.incarnation === known.incarnation && RANK[update.status] > RANK[known.status]);
    if (newer) {
      const change = put({
        peer: update.peer,
        status: update.status,
        incarnation: update.incarnation,
        addresses: update.addresses.length > 0 ? update.addresses : (known?.addresses ?? []),
        sinceMs: nowMs,
      });
      if (update.status === 'suspect') {
        suspicions.delete(update.peer);
        addObserver(update.peer, update.by ?? update.peer, nowMs);
      }
      const doubted = update.status === 'suspect' ? [update.peer] : [];
      return { ...NOTHING, changes: [change], broadcast: [update], doubted };
    }
    const confirms =
      update.status === 'suspect' &&
      known.status === 'suspect' &&
      update.incarnation === known.incarnation &&
      update.by !== undefined &&
      addObserver(update.peer, update.by, nowMs);
    return confirms ? { ...NOTHING, broadcast: [update] } : NOTHING;
  };

  const suspect = (peer: PeerId, nowMs: number, patience: number): MembershipOutcome => {
    const known = members.get(peer);
    if (known === undefined || peer === self.peer) return NOTHING;
    if (known.status !== 'alive' && known.status !== 'suspect') return NOTHING;
    const claim = toUpdate({ ...known, status: 'suspect' }, self.peer);
    const outcome = apply(claim, nowMs);
    const suspicion = suspicions.get(peer);
    if (suspicion !== undefined && patience > suspicion.patience) {
      suspicion.patience = patience;
      suspicion.deadlineMs = deadlineOf(suspicion);
    }
    return { ...outcome, doubted: [] };
  };

  const expire = (nowMs: number): MembershipOutcome => {
    const changes: MemberChange[] = [];
    const broadcast: MemberUpdate[] = [];
    for (const [peer, suspicion] of suspicions) {
      if (suspicion.deadlineMs > nowMs) continue;
      const change = put({ ...members.get(peer)!, status: 'dead', sinceMs: nowMs });
      changes.push(change);
      broadcast.push(toUpdate(change.record, self.peer));
    }
    for (const record of members.values()) {
      if (record.status !== 'dead' && record.status !== 'left') continue;
      if (record.peer === self.peer || nowMs - record.sinceMs < timing.forgetMs) continue;
      members.delete(record.peer);
    }
    return { ...NOTHING, changes, broadcast };
  };

  return {
    get: (peer) => members.get(peer),
    records: () => members.values(),
    others,
    apply,
    suspect,
    expire,
    nextDeadlineMs: () => {
      let next: number | undefined;
      for (const { deadlineMs } of suspicions.values()) {
        if (next === undefined || deadlineMs < next) next = deadlineMs;
      }
      return next;
    },
    excuse: (stalledMs) => {
      for (const suspicion of suspicions.values()) suspicion.deadlineMs += stalledMs;
    },
    announce: ({ addresses, status }) => {
      own = {
        ...own,
        addresses: addresses ?? own.addresses,
        status: status ?? own.status,
        incarnation: own.incarnation + 1,
      };
      return { ...NOTHING, changes: [put(own)], broadcast: [toUpdate(own)] };
    },
    remove: (peer, nowMs) => {
      const known = members.get(peer);
      if (known === undefined || known.status === 'left' || peer === self.peer) return NOTHING;
      return apply(toUpdate({ ...known, status: 'left' }), nowMs);
    },
    claims: () => [...members.values()].map((m) => toUpdate(m, firstObserver(m.peer))),
    claim: (peer) => {
      const known = members.get(peer);
      return known === undefined ? undefined : toUpdate(known, firstObserver(peer));
    },
  };
}
