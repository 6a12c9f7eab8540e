// Which voter should lead: any may when it must, but a full peer that takes pods before one that is cordoned, a witness
// or one whose disk is full.

import type { ReplicaId } from '../raft/types.ts';

export interface LeaderCandidate {
  readonly id: ReplicaId;
  readonly isWitness: boolean;
  /** A person has withdrawn its peer from work: cordoned or drained it. */
  readonly isWithdrawn: boolean;
  /** Its disk is full: it could not put down what it proposes. */
  readonly lacksRoom: boolean;
  readonly alive: boolean;
  /** Follows closely enough to take over without a pause. */
  readonly caughtUp: boolean;
  /** The last entry it is known to have. */
  readonly match: number;
}

const fitness = ({ lacksRoom, isWitness, isWithdrawn }: LeaderCandidate): number =>
  lacksRoom ? 3 : isWitness ? 2 : isWithdrawn ? 1 : 0;

const byFitness = (a: LeaderCandidate, b: LeaderCandidate): number =>
  Number(b.caughtUp) - Number(a.caughtUp) ||
  fitness(a) - fitness(b) ||
  b.match - a.match ||
  a.id - b.id;

/** Who should lead after a leader that ends or leaves; undefined when nobody else is alive. */
export const heirAmong = (others: readonly LeaderCandidate[]): ReplicaId | undefined =>
  [...others].filter(({ alive }) => alive).sort(byFitness)[0]?.id;

/** Who should lead instead of a leader that could go on. Only somebody strictly fitter: leadership never goes in circles. */
export function fitterThan(
  leader: LeaderCandidate,
  others: readonly LeaderCandidate[],
): ReplicaId | undefined {
  const fitter = others.filter(
    (other) => other.alive && other.caughtUp && fitness(other) < fitness(leader),
  );
  return [...fitter].sort(byFitness)[0]?.id;
}
