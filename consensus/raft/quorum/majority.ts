// What a majority of a set of voters has agreed on.

import type { ReplicaId } from '../types.ts';

export type VoteResult = 'won' | 'pending' | 'lost';

/** What a voter has acknowledged; undefined when it was never heard. */
export type AckedIndex = (id: ReplicaId) => number | undefined;

/** A voter's answer; undefined while it is out. */
export type Ballot = (id: ReplicaId) => boolean | undefined;

/** The highest index a majority has acknowledged. No voters put up no bound: Infinity. */
export function majorityCommitted(voters: readonly ReplicaId[], acked: AckedIndex): number {
  if (voters.length === 0) return Infinity;
  if (voters.length === 1) return acked(voters[0]!) ?? 0;
  const indexes = voters.map((id) => acked(id) ?? 0).sort((a, b) => a - b);
  // With n voters, everything at or right of this place is held by n/2+1 of them.
  return indexes[voters.length - (Math.floor(voters.length / 2) + 1)]!;
}

/** Whether a majority said yes, can still say yes, or no longer can. No voters: won. */
export function majorityVote(voters: readonly ReplicaId[], ballot: Ballot): VoteResult {
  if (voters.length === 0) return 'won';
  const needed = Math.floor(voters.length / 2) + 1;
  let yes = 0;
  let missing = 0;
  for (const id of voters) {
    const vote = ballot(id);
    if (vote === undefined) missing++;
    else if (vote) yes++;
  }
  if (yes >= needed) return 'won';
  return yes + missing >= needed ? 'pending' : 'lost';
}
