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
// Only the subject raises its incarnation, for only it can sign that. Pure: time comes in with each call, and
// what changed goes out as data.

import { createBucketHashes } from '../bucket-hash.ts';
import type { BucketHashes } from '../bucket-hash.ts';
import { isSignedClaim, signClaim } from './member-claim.ts';
import type { MemberUpdate } from './member-claim.ts';
import type { MemberStatus } from '../mesh.ts';
import { createPeerSet } from '../peer-set.ts';
import type { PeerSet } from '../peer-set.ts';
import type { PeerSigner } from '../belonging/peer-signer.ts';
import { createSuspicions } from './suspicion.ts';
import type { MeshTiming } from '../timing.ts';
import type { PeerId } from '../transport.ts';

/** Members known at most, the dead among them; claims about more are ignored. */
export const MEMBER_LIMIT = 16_384;

/** What is believed of a peer. */
export interface MemberRecord {
  readonly peer: PeerId;
  readonly status: MemberStatus;
  readonly incarnation: number;
  readonly addresses: readonly string[];
  readonly signature: Uint8Array;
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
  /** Claims not believed unseen: to be shown to their subject, and looked into. */
  readonly questioned: readonly MemberUpdate[];
  /** This peer had to contradict this claim of its death: a sign that it, or whoever says so, is slow. */
  readonly refuted: MemberUpdate | undefined;
}

export interface MembershipOptions {
  readonly peer: PeerId;
  readonly incarnation: number;
  readonly addresses: readonly string[];
  readonly signer: PeerSigner;
  /** Whether the word of `by` on `peer` confirms a suspicion: it watches it, as far as this peer can tell. */
  readonly areNear: (peer: PeerId, by: PeerId) => boolean;
}

export interface Membership {
  readonly get: (peer: PeerId) => MemberRecord | undefined;
  /** Everyone known, this peer included. */
  readonly records: () => Iterable<MemberRecord>;
  /** Alive or suspect peers other than this one. */
  readonly living: PeerSet;
  /** Alive or suspect peers, this one included. */
  readonly size: () => number;
  /** How many of those are suspected. */
  readonly suspected: () => number;
  /** Of the claims that others should hold too; a suspect counts as alive. */
  readonly hashes: BucketHashes;
  readonly apply: (update: MemberUpdate, nowMs: number) => MembershipOutcome;
  /** Applies what another holds, which may be old: that somebody alive is dead is a question, not news. */
  readonly compare: (update: MemberUpdate, nowMs: number) => MembershipOutcome;
  /** This peer found no way to reach `peer`. One that is itself unwell gives `patience` times as long to refute. */
  readonly suspect: (peer: PeerId, nowMs: number, patience: number) => MembershipOutcome;
  /** Ends suspicions that are due. */
  readonly expire: (nowMs: number) => MembershipOutcome;
  /** When `expire` has something to do next; undefined when nothing is due. */
  readonly nextDeadlineMs: () => number | undefined;
  /** Forgets the long dead; looks at all members. Returns who was forgotten. */
  readonly forget: (nowMs: number) => readonly PeerId[];
  /** Puts off every suspicion by the time this peer itself stood still. */
  readonly excuse: (stalledMs: number) => void;
  /** While cautious, every suspicion lasts its longest. */
  readonly setCautious: (isCautious: boolean) => void;
  /** This peer moved or leaves: a new claim about itself. */
  readonly announce: (change: {
    readonly addresses?: readonly string[];
    readonly status?: 'alive' | 'left';
  }) => MembershipOutcome;
  /** Ends the membership of a peer by order, not by observation. */
  readonly remove: (peer: PeerId, nowMs: number) => MembershipOutcome;
  /** What this peer itself saw and still suspects. */
  readonly doubts: () => readonly MemberUpdate[];
  /** The current claim about one peer, as it is told to others and to that peer itself. */
  readonly claim: (peer: PeerId) => MemberUpdate | undefined;
}

const RANK: Readonly<Record<MemberStatus, number>> = { alive: 0, suspect: 1, dead: 2, left: 3 };

const NOTHING: MembershipOutcome = {
  changes: [],
  broadcast: [],
  doubted: [],
  questioned: [],
  refuted: undefined,
};

/** A contradiction goes up by little; a new life begins at a wall clock. */
const CONTRADICTION_STEP_MAX = 100;
/** Whoever is slow contradicts within this time; later, it was cut off and is back. */
const CONTRADICTION_LATE_MS = 10_000;

/** Whether this is the word of somebody who was slow to answer. */
const isContradiction = (
  known: MemberRecord | undefined,
  incarnation: number,
  nowMs: number,
): boolean =>
  (known?.status === 'suspect' || known?.status === 'dead') &&
  incarnation - known.incarnation <= CONTRADICTION_STEP_MAX &&
  nowMs - known.sinceMs <= CONTRADICTION_LATE_MS;

const isHere = (status: MemberStatus): boolean => status === 'alive' || status === 'suspect';

export function createMembership(options: MembershipOptions, timing: MeshTiming): Membership {
  const { peer: self, signer, areNear } = options;
  const members = new Map<PeerId, MemberRecord>();
  const living = createPeerSet();
  const hashes = createBucketHashes();
  const suspicions = createSuspicions(timing, () => living.size() + 1);

  const put = (record: MemberRecord): MemberChange => {
    const { peer, status, incarnation } = record;
    const was = members.get(peer)?.status;
    members.set(peer, record);
    if (status !== 'suspect') suspicions.end(peer);
    if (peer !== self && isHere(status)) living.add(peer);
    else living.remove(peer);
    hashes.set(peer, `${incarnation} ${status === 'suspect' ? 'alive' : status}`);
    return { record, was };
  };

  const signed = (
    status: 'alive' | 'left',
    incarnation: number,
    addresses: readonly string[],
  ): MemberRecord => {
    const signature = signClaim(signer, self, { status, incarnation, addresses });
    return { peer: self, status, incarnation, addresses, signature, sinceMs: 0 };
  };

  let own = signed('alive', options.incarnation, options.addresses);
  put(own);

  const toUpdate = (record: MemberRecord, by?: PeerId): MemberUpdate => ({
    peer: record.peer,
    status: record.status,
    incarnation: record.incarnation,
    addresses: record.addresses,
    signature: record.signature,
    ...(by === undefined ? {} : { by }),
  });

  const say = (next: MemberRecord): Pick<MembershipOutcome, 'changes' | 'broadcast'> => {
    own = next;
    return { changes: [put(own)], broadcast: [toUpdate(own)] };
  };

  const refute = (claim: MemberUpdate): MembershipOutcome => {
    const incarnation = Math.max(own.incarnation, claim.incarnation) + 1;
    return { ...NOTHING, ...say(signed('alive', incarnation, own.addresses)), refuted: claim };
  };

  const applyToSelf = (update: MemberUpdate): MembershipOutcome => {
    if (own.status === 'left') return NOTHING;
    const isOfNow = update.incarnation === own.incarnation && update.status !== 'alive';
    // From a life before this one, with a later clock: nobody else could have signed it.
    const isOfBefore = update.incarnation > own.incarnation && isSignedClaim(signer, update);
    return isOfNow || isOfBefore ? refute(update) : NOTHING;
  };

  /** An incarnation already believed needs no second proof, unless it is said to have left. */
  const isProven = (update: MemberUpdate, known: MemberRecord | undefined): boolean =>
    known !== undefined && update.incarnation === known.incarnation && update.status !== 'left'
      ? true
      : isSignedClaim(signer, update);

  const isNewer = (update: MemberUpdate, known: MemberRecord | undefined): boolean =>
    known === undefined ||
    update.incarnation > known.incarnation ||
    (update.incarnation === known.incarnation && RANK[update.status] > RANK[known.status]);

  const take = (
    update: MemberUpdate,
    known: MemberRecord | undefined,
    nowMs: number,
  ): MembershipOutcome => {
    const { peer, status, incarnation, by } = update;
    // What another says besides the incarnation counts only where the signature covers it.
    const isSame = incarnation === known?.incarnation && status !== 'left';
    const { addresses, signature } = isSame ? known : update;
    const record = {
      peer,
      status,
      incarnation,
      addresses,
      // A copy: the claim came as part of a larger buffer, which would stay in memory with it.
      signature: isSame ? signature : new Uint8Array(signature),
      sinceMs: nowMs,
    };
    if (status === 'alive' && isContradiction(known, incarnation, nowMs)) {
      suspicions.refuted(peer, nowMs);
    }
    const change = put(record);
    if (status === 'suspect') suspicions.begin(peer, by ?? peer, nowMs);
    const doubted = status === 'suspect' ? [peer] : [];
    return { ...NOTHING, changes: [change], broadcast: [toUpdate(record, by)], doubted };
  };

  /** Another's word that somebody here is dead: a doubt until the subject has had time to refute. */
  const hearDeath = (
    update: MemberUpdate,
    known: MemberRecord,
    nowMs: number,
  ): MembershipOutcome => {
    const doubt: MemberUpdate = { ...update, status: 'suspect' };
    const outcome = isNewer(doubt, known) ? take(doubt, known, nowMs) : NOTHING;
    const isDue = suspicions.toldDead(update.peer, nowMs);
    return isDue ? take(update, members.get(update.peer), nowMs) : outcome;
  };

  const apply = (update: MemberUpdate, nowMs: number): MembershipOutcome => {
    const { peer, status, by } = update;
    if (peer === self) return applyToSelf(update);
    const known = members.get(peer);
    if (known === undefined && members.size >= MEMBER_LIMIT) return NOTHING;
    if (isNewer(update, known)) {
      if (!isProven(update, known)) return NOTHING;
      const isHearsay = status === 'dead' && known !== undefined && isHere(known.status);
      return isHearsay ? hearDeath(update, known, nowMs) : take(update, known, nowMs);
    }
    const confirms =
      status === 'suspect' &&
      known?.status === 'suspect' &&
      update.incarnation === known.incarnation &&
      by !== undefined &&
      (by === self || areNear(peer, by)) &&
      suspicions.confirm(peer, by);
    return confirms ? { ...NOTHING, broadcast: [toUpdate(known, by)] } : NOTHING;
  };

  const compare = (update: MemberUpdate, nowMs: number): MembershipOutcome => {
    const known = members.get(update.peer);
    const isDoubt = update.status === 'suspect' || update.status === 'dead';
    const isQuestion = isDoubt && update.peer !== self && known?.status === 'alive';
    if (!isQuestion || !isNewer(update, known)) return apply(update, nowMs);
    const outcome =
      update.incarnation > known.incarnation
        ? apply({ ...update, status: 'alive', by: undefined }, nowMs)
        : NOTHING;
    const isBelieved = members.get(update.peer)?.incarnation === update.incarnation;
    return isBelieved ? { ...outcome, questioned: [update] } : outcome;
  };

  const suspect = (peer: PeerId, nowMs: number, patience: number): MembershipOutcome => {
    const known = members.get(peer);
    // Nobody answers a peer that has left, which says nothing about them.
    if (own.status === 'left') return NOTHING;
    if (known === undefined || peer === self || !isHere(known.status)) return NOTHING;
    const outcome = apply(toUpdate({ ...known, status: 'suspect' }, self), nowMs);
    suspicions.stretch(peer, patience);
    return { ...outcome, doubted: [] };
  };

  const expire = (nowMs: number): MembershipOutcome => {
    const changes = suspicions
      .due(nowMs)
      .map((peer) => put({ ...members.get(peer)!, status: 'dead', sinceMs: nowMs }));
    const broadcast = changes.map(({ record }) => toUpdate(record, self));
    return { ...NOTHING, changes, broadcast };
  };

  const forget = (nowMs: number): readonly PeerId[] => {
    const forgotten: PeerId[] = [];
    for (const { peer, status, sinceMs } of members.values()) {
      if (peer === self || isHere(status)) continue;
      // No longer told well before it is forgotten, or two peers would remind each other of it for ever.
      if (nowMs - sinceMs >= timing.forgetMs / 2) hashes.set(peer, undefined);
      if (nowMs - sinceMs < timing.forgetMs) continue;
      members.delete(peer);
      suspicions.forget(peer);
      forgotten.push(peer);
    }
    return forgotten;
  };

  return {
    get: (peer) => members.get(peer),
    records: () => members.values(),
    living,
    size: () => living.size() + 1,
    suspected: suspicions.size,
    hashes,
    apply,
    compare,
    suspect,
    expire,
    nextDeadlineMs: suspicions.nextDeadlineMs,
    forget,
    excuse: suspicions.excuse,
    setCautious: suspicions.setCautious,
    announce: ({ addresses = own.addresses, status = 'alive' }) => ({
      ...NOTHING,
      ...say(signed(status, own.incarnation + 1, addresses)),
    }),
    remove: (peer, nowMs) => {
      const known = members.get(peer);
      if (known === undefined || known.status === 'left' || peer === self) return NOTHING;
      const change = put({ ...known, status: 'left', sinceMs: nowMs });
      // Not told: each peer hears of the order by its own way, and has no signature of the one removed.
      hashes.set(peer, undefined);
      return { ...NOTHING, changes: [change] };
    },
    doubts: () => suspicions.voicedBy(self).map((peer) => toUpdate(members.get(peer)!, self)),
    claim: (peer) => {
      const known = members.get(peer);
      // Hearsay is passed on under the name of who saw: only what is seen by oneself confirms.
      return known === undefined ? undefined : toUpdate(known, suspicions.firstObserver(peer));
    },
  };
}
