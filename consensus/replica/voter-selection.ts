// Which replicas should vote: decides one change at a time, never one that makes the quorum harder to reach.
//
//   a new replica ---> learner --caught up, and a seat is free---> voter
//                         ^                                          |
//                         +--dead for long, or another fits better---+      left cleanly, disk lost ---> out

import { assert } from '../../runtime/index.ts';
import type { ReplicaId } from '../raft/types.ts';
import { bestSwap, penaltyOf, isLower, witnessSeats } from './voter-spread.ts';

/** A replica that belongs to the zone; one that left cleanly is simply not listed. */
export interface Candidate {
  readonly id: ReplicaId;
  /** Failure domain: voters are spread over as many of these as possible. */
  readonly domain: string;
  /** Its peer votes and keeps the log, and runs no pods. */
  readonly isWitness: boolean;
  /** A person has withdrawn its peer from work: cordoned or drained it. */
  readonly isWithdrawn: boolean;
  readonly alive: boolean;
  /** How long it has been dead; 0 while alive. */
  readonly deadForMs: number;
  /** Follows closely enough to vote without stalling commits. */
  readonly caughtUp: boolean;
  /** How long it has been alive and caught up without a break, as far as this leader saw; 0 while it is not. */
  readonly steadyForMs: number;
  /** Its peer came back under a newer replica id: this one is gone for good. */
  readonly superseded: boolean;
}

export interface VoterLimits {
  /** Odd, `votersMax` at most. */
  readonly maxVoters: number;
  /** A voter dead for longer is replaced. */
  readonly replaceAfterMs: number;
  /** A learner takes a living voter's seat, because it fits better, once it has been steady for so long. */
  readonly improveAfterMs: number;
}

/** With more, every write waits for more disks than yet another death is worth. */
export const votersMax = 7;

/**
 * Five voters survive two deaths, and no zone has more by itself: seven would survive a third, and every write
 * would wait for a fourth disk. A restart takes less than ten seconds; what comes and goes is not steady for thirty.
 */
export const voterLimits: VoterLimits = {
  maxVoters: 5,
  replaceAfterMs: 10_000,
  improveAfterMs: 30_000,
};

/** Steps of one change at most, whatever joins or leaves at once: the rest comes with the next change. */
const stepsMax = 32;

/** What to ask of joint consensus, all in one change. */
export interface VoterChange {
  readonly addLearners: readonly ReplicaId[];
  readonly promote: readonly ReplicaId[];
  readonly demote: readonly ReplicaId[];
  readonly remove: readonly ReplicaId[];
}

export interface Configuration {
  readonly voters: readonly ReplicaId[];
  readonly learners: readonly ReplicaId[];
}

/** Everybody a seat could go to. */
interface Pool {
  /** Undefined while it leaves. */
  readonly leader: Candidate | undefined;
  /** Voters that did not leave. */
  readonly staying: readonly Candidate[];
  /** Of these, the ones that keep their seat: the leader, and whoever is alive or died only just now. */
  readonly kept: readonly Candidate[];
  /** Learners that may vote. */
  readonly ready: readonly Candidate[];
}

const oddFloor = (count: number): number => Math.max(1, count % 2 === 0 ? count - 1 : count);
const isFull = ({ isWitness }: Candidate): boolean => !isWitness;
const idOf = ({ id }: Candidate): ReplicaId => id;

/**
 * The next change, or undefined when the configuration is as it should be. Sizes are 1, 3, 5: they grow when
 * enough replicas are alive and caught up, shrink only when a voter left cleanly, and never on a death. A witness
 * votes where `witnessSeats` says so and in the seat of the dead, and there is always a full peer among the voters.
 */
export function selectVoters(
  current: Configuration,
  leader: ReplicaId,
  candidates: readonly Candidate[],
  limits: VoterLimits = voterLimits,
): VoterChange | undefined {
  const { maxVoters } = limits;
  assert(oddFloor(maxVoters) === maxVoters && maxVoters <= votersMax, `${maxVoters} voters`);
  const members = new Set([...current.voters, ...current.learners]);
  const addLearners = candidates.filter(({ id, superseded }) => !members.has(id) && !superseded);
  if (addLearners.length > 0) {
    return change({ addLearners: addLearners.slice(0, stepsMax).map(idOf) });
  }
  const { voters } = current;
  const chosen = seats(current, leader, candidates, limits) ?? voters;
  const known = new Map(candidates.map((candidate) => [candidate.id, candidate]));
  const isOver = (id: ReplicaId): boolean => known.get(id)?.superseded ?? true;
  const outside = [...members].filter((id) => !chosen.includes(id));
  const remove = outside.filter(isOver).slice(0, stepsMax);
  const promote = chosen.filter((id) => !voters.includes(id));
  const demote = outside.filter((id) => voters.includes(id) && !isOver(id));
  if (promote.length + demote.length + remove.length === 0) return undefined;
  return change({ promote, demote, remove });
}

const change = (parts: Partial<VoterChange>): VoterChange => ({
  addLearners: [],
  promote: [],
  demote: [],
  remove: [],
  ...parts,
});

/** Who should vote after the next change; undefined when nobody else can for now. */
function seats(
  current: Configuration,
  leader: ReplicaId,
  candidates: readonly Candidate[],
  limits: VoterLimits,
): readonly ReplicaId[] | undefined {
  // All leave at once: whoever leads is the zone then, and stays.
  if (candidates.length === 0) return [leader];
  const pool = poolOf(current, leader, candidates, limits);
  if (pool.leader === undefined) return withoutLeader(current, leader, pool);
  const relief = reliefOf(current, pool);
  if (relief !== undefined) return [relief.id];
  const chosen = filled(pool, pool.leader, limits);
  if (chosen === undefined) return undefined;
  const isSame = chosen.every(({ id }) => current.voters.includes(id));
  if (!isSame || chosen.length !== current.voters.length) return chosen.map(idOf);
  // Moving a vote among the living is no hurry: only in calm, and one at a time.
  const isCalm = chosen.every(({ alive, superseded }) => alive && !superseded);
  if (!isCalm || pool.leader.isWitness) return undefined;
  const steady = pool.ready.filter(({ steadyForMs }) => steadyForMs >= limits.improveAfterMs);
  return bestSwap(chosen, pool.leader, steady)?.map(idOf);
}

function poolOf(
  { voters, learners }: Configuration,
  leader: ReplicaId,
  candidates: readonly Candidate[],
  { replaceAfterMs }: VoterLimits,
): Pool {
  const staying = candidates.filter(({ id }) => voters.includes(id));
  return {
    leader: staying.find(({ id }) => id === leader),
    staying,
    kept: staying.filter(
      ({ id, superseded, deadForMs }) =>
        !superseded && (id === leader || deadForMs <= replaceAfterMs),
    ),
    ready: candidates.filter(
      ({ id, alive, caughtUp, superseded }) =>
        learners.includes(id) && alive && caughtUp && !superseded,
    ),
  };
}

/**
 * A leader that leaves hands over first, and its successor goes on. Where no other full voter lives to lead,
 * a learner takes its seat.
 */
function withoutLeader(
  { voters }: Configuration,
  leader: ReplicaId,
  { kept, ready }: Pool,
): readonly ReplicaId[] | undefined {
  if (kept.some((candidate) => candidate.alive && isFull(candidate))) return undefined;
  const heir = best(kept, ready.filter(isFull), 0);
  return heir && [...voters.filter((id) => id !== leader), heir.id];
}

/**
 * Who takes over from a lone voter while both are here: from one that was cordoned and may be switched off next, a
 * learner that was not; from a witness, which is alone only after everybody else was lost for good, any full learner.
 */
function reliefOf({ voters }: Configuration, { leader, ready }: Pool): Candidate | undefined {
  if (voters.length > 1 || leader === undefined) return undefined;
  const { isWitness, isWithdrawn } = leader;
  if (!isWitness && !isWithdrawn) return undefined;
  return ready.find((candidate) => isFull(candidate) && (isWitness || !candidate.isWithdrawn));
}

/** The leader, living voters, voters that just died, learners, and the long dead where nobody else is there. */
function filled(
  { staying, kept, ready }: Pool,
  leader: Candidate,
  { maxVoters }: VoterLimits,
): readonly Candidate[] | undefined {
  const witnessed = witnessSeats([...kept, ...ready]);
  const full = [...kept, ...ready].filter(isFull).length;
  const wanted = full === 2 ? 2 + witnessed : full;
  // Only who is alive lets the zone grow; the dead that cannot be replaced keep their seat; no witness ends up alone.
  const least = leader.isWitness ? 3 : 1;
  const size = Math.max(oddFloor(Math.min(maxVoters, wanted)), oddFloor(staying.length), least);
  const others = kept.filter(({ id }) => id !== leader.id);
  const gone = staying.filter((candidate) => !kept.includes(candidate));
  const chosen = [leader];
  for (const tier of [
    others.filter(({ alive }) => alive),
    others.filter(({ alive }) => !alive),
    ready,
    gone.filter(({ superseded }) => !superseded),
    gone,
  ]) {
    const waiting = new Set(tier);
    while (chosen.length < size) {
      const isLast = chosen.length === size - 1 && !chosen.some(isFull);
      const next = best(chosen, isLast ? [...waiting].filter(isFull) : [...waiting], witnessed);
      if (next === undefined) break;
      waiting.delete(next);
      if (!chosen.includes(next)) chosen.push(next);
    }
  }
  return chosen.length === size && chosen.some(isFull) ? chosen : undefined;
}

/** Whose company spreads `chosen` best. */
function best(
  chosen: readonly Candidate[],
  waiting: readonly Candidate[],
  witnessed: number,
): Candidate | undefined {
  const penalty = (candidate: Candidate) => penaltyOf([...chosen, candidate], witnessed);
  return [...waiting]
    .sort((a, b) => a.id - b.id)
    .reduce<Candidate | undefined>(
      (found, each) =>
        found === undefined || isLower(penalty(each), penalty(found)) ? each : found,
      undefined,
    );
}
