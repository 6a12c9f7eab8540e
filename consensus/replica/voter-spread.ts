// How well voters are spread: over failure domains, with a witness only where it makes a difference.

import type { Candidate } from './voter-selection.ts';

/** Witnesses too many or too few, then how crowded the domains are: lower is better, the first counts first. */
export type Penalty = readonly [witnesses: number, crowding: number];

const domainsOf = (candidates: readonly Candidate[]): Set<string> =>
  new Set(candidates.map(({ domain }) => domain));

/**
 * How many witnesses should vote, out of all that can: one as the third of two full peers, and one in a third
 * domain when all full peers lie in two, for then the zone survives either of these. Otherwise none.
 */
export function witnessSeats(available: readonly Candidate[]): 0 | 1 {
  const full = available.filter(({ isWitness }) => !isWitness);
  const witnesses = available.filter(({ isWitness }) => isWitness);
  if (full.length === 2) return witnesses.length > 0 ? 1 : 0;
  const domains = domainsOf(full);
  const isThird = witnesses.some(({ domain }) => !domains.has(domain));
  return full.length > 2 && domains.size === 2 && isThird ? 1 : 0;
}

export function penaltyOf(voters: readonly Candidate[], witnessed: number): Penalty {
  const witnesses = voters.filter(({ isWitness }) => isWitness).length;
  const crowding = [...domainsOf(voters)]
    .map((domain) => voters.filter((voter) => voter.domain === domain).length ** 2)
    .reduce((sum, each) => sum + each, 0);
  return [Math.abs(witnesses - witnessed), crowding];
}

export const isLower = (a: Penalty, b: Penalty): boolean =>
  a[0] < b[0] || (a[0] === b[0] && a[1] < b[1]);

/** Of a thousand learners most would do the same good. */
const oneOfEachKind = (learners: readonly Candidate[]): Iterable<Candidate> =>
  new Map(learners.map((each) => [JSON.stringify([each.domain, each.isWitness]), each])).values();

/**
 * The voters after the one swap that lowers the penalty most; undefined when none does, so that swaps come to
 * an end. The leader keeps its seat: who moves in its domain is another.
 */
export function bestSwap(
  voters: readonly Candidate[],
  leader: Candidate,
  learners: readonly Candidate[],
): readonly Candidate[] | undefined {
  const witnessed = witnessSeats([...voters, ...learners]);
  if (!isLower([0, voters.length], penaltyOf(voters, witnessed))) return undefined;
  let found: readonly Candidate[] = voters;
  for (const out of voters) {
    if (out.id === leader.id) continue;
    for (const learner of oneOfEachKind(learners)) {
      const swapped = voters.map((voter) => (voter === out ? learner : voter));
      if (isLower(penaltyOf(swapped, witnessed), penaltyOf(found, witnessed))) found = swapped;
    }
  }
  return found === voters ? undefined : found;
}
