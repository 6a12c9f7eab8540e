// What a configuration has agreed on: while joint, both of its halves must (Raft thesis section
// 4.3).

import type { ConfState } from '../types.ts';
import { majorityCommitted, majorityVote } from './majority.ts';
import type { AckedIndex, Ballot, VoteResult } from './majority.ts';

/** The two sets of voters of a configuration; the outgoing one is empty unless it is joint. */
export type Voters = Pick<ConfState, 'voters' | 'votersOutgoing'>;

/** The highest index both halves have acknowledged; Infinity when there are no voters at all. */
export function committedIndex(conf: Voters, acked: AckedIndex): number {
  return Math.min(
    majorityCommitted(conf.voters, acked),
    majorityCommitted(conf.votersOutgoing, acked),
  );
}

/** Won when both halves are won, lost as soon as one is. */
export function voteResult(conf: Voters, ballot: Ballot): VoteResult {
  const incoming = majorityVote(conf.voters, ballot);
  const outgoing = majorityVote(conf.votersOutgoing, ballot);
  if (incoming === 'lost' || outgoing === 'lost') return 'lost';
  return incoming === 'won' && outgoing === 'won' ? 'won' : 'pending';
}
