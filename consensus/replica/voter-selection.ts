// Which replicas should vote: decides one change at a time, never one that makes the quorum harder to reach.

import type { ReplicaId } from '../raft/types.ts';

/** A replica that belongs to the zone; one that left cleanly is simply not listed. */
export interface Candidate {
  readonly id: ReplicaId;
  /** Failure domain: voters are spread over as many of these as possible. */
  readonly domain: string;
  readonly alive: boolean;
  /** How long it has been dead; 0 while alive. */
  readonly deadForMs: number;
  /** Follows closely enough to vote without stalling commits. */
  readonly caughtUp: boolean;
  /** Its peer came back under a newer replica id: this one is gone for good. */
  readonly superseded: boolean;
}

export interface VoterLimits {
  /** Odd. */
  readonly maxVoters: number;
  /** A voter dead for longer is replaced. */
  readonly replaceAfterMs: number;
}

/** Default limits: five voters survive two deaths; a restart takes less than ten seconds. */
export const voterLimits: VoterLimits = { maxVoters: 5, replaceAfterMs: 10_000 };

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

const oddFloor = (count: number): number => Math.max(1, count % 2 === 0 ? count - 1 : count);

/**
 * The next change, or undefined when the configuration is as it should be. Sizes are 1, 3, 5: they grow when
 * enough replicas are alive and caught up, shrink only when a voter left cleanly, and never on a death.
 */
export function selectVoters(
  current: Configuration,
  leader: ReplicaId,
  candidates: readonly Candidate[],
  limits: VoterLimits = voterLimits,
): VoterChange | undefined {
  const known = new Map(candidates.map((candidate) => [candidate.id, candidate]));
  const members = new Set([...current.voters, ...current.learners]);
  const staying = current.voters.filter((id) => known.has(id));
  const left = [...members].filter((id) => !known.has(id) && id !== leader);
  const addLearners = candidates
    .filter(({ id, superseded }) => !members.has(id) && !superseded)
    .map(({ id }) => id);
  if (addLearners.length > 0) return change({ addLearners });

  const replaceable = (id: ReplicaId): boolean => {
    const candidate = known.get(id)!;
    return candidate.superseded || candidate.deadForMs > limits.replaceAfterMs;
  };
  const kept = staying.filter((id) => id === leader || !replaceable(id));
  const gone = staying.filter((id) => !kept.includes(id));
  const ready = candidates.filter(
    ({ id, alive, caughtUp, superseded }) =>
      current.learners.includes(id) && alive && caughtUp && !superseded,
  );
  // Only living voters let the zone grow; the dead ones that cannot be replaced keep their seat.
  const reachable = Math.min(limits.maxVoters, kept.length + ready.length);
  const size = Math.max(oddFloor(reachable), oddFloor(staying.length));
  const chosen = spread(kept, gone, ready, size, leader, known);
  const promote = chosen.filter((id) => !current.voters.includes(id));
  const dropped = staying.filter((id) => !chosen.includes(id));
  const superseded = candidates.filter((c) => c.superseded && members.has(c.id)).map((c) => c.id);
  const remove = [...left, ...superseded.filter((id) => !chosen.includes(id))];
  const demote = dropped.filter((id) => !remove.includes(id));
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

/** The leader and living voters first, then learners from the domains with the fewest voters, then the dead. */
function spread(
  kept: readonly ReplicaId[],
  gone: readonly ReplicaId[],
  ready: readonly Candidate[],
  size: number,
  leader: ReplicaId,
  known: ReadonlyMap<ReplicaId, Candidate>,
): ReplicaId[] {
  const chosen = [...kept]
    .sort((a, b) => Number(b === leader) - Number(a === leader) || a - b)
    .slice(0, size);
  const waiting = [...ready];
  while (chosen.length < size && waiting.length > 0) {
    const taken = (domain: string): number =>
      chosen.filter((id) => known.get(id)?.domain === domain).length;
    waiting.sort((a, b) => taken(a.domain) - taken(b.domain) || a.id - b.id);
    chosen.push(waiting.shift()!.id);
  }
  return [...chosen, ...[...gone].sort((a, b) => a - b).slice(0, size - chosen.length)];
}
