// Which voter should lead: any may when it must, but before others one that has room, runs pods and is not cordoned.

import type { ReplicaId } from '../raft/types.ts';

export interface LeaderCandidate {
  readonly id: ReplicaId;
  readonly isWitness: boolean;
  /** A person has withdrawn its peer from work: cordoned or drained it. */
  readonly isWithdrawn: boolean;
  /** On its disk, for more of the log. */
  readonly hasRoom: boolean;
  readonly alive: boolean;
  /** Follows closely enough to take over without a pause. */
  readonly caughtUp: boolean;
  /** The last entry it is known to have. */
  readonly match: number;
}

/** Lower is better. */
const unfitness = ({ hasRoom, isWitness, isWithdrawn }: LeaderCandidate): number =>
  (hasRoom ? 0 : 3) + (isWitness ? 2 : isWithdrawn ? 1 : 0);

const byFitness = (a: LeaderCandidate, b: LeaderCandidate): number =>
  Number(b.caughtUp) - Number(a.caughtUp) ||
  unfitness(a) - unfitness(b) ||
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
    (other) => other.alive && other.caughtUp && unfitness(other) < unfitness(leader),
  );
  return [...fitter].sort(byFitness)[0]?.id;
}
