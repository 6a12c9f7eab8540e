// The rules that Raft's safety hangs on, each a sentence of the paper, in one place.
//
// Production always runs `raftRules`. They are values so that a test can break one and prove that
// the checkers notice.

import type { Message } from './messages.ts';
import type { ReplicaId } from './types.ts';

/** Where a log ends. */
export interface LogEnd {
  readonly index: number;
  readonly term: number;
}

export interface Rules {
  /**
   * One vote a term, first come first served (section 5.2). A repeat of the same vote is the same
   * vote.
   */
  readonly mayVoteFor: (vote: ReplicaId, leader: ReplicaId, candidate: ReplicaId) => boolean;
  /** Only a candidate whose log is at least as new gets a vote (section 5.4.1). */
  readonly isUpToDate: (theirs: LogEnd, ours: LogEnd) => boolean;
  /** Counting replicas commits entries of the own term only (section 5.4.2). */
  readonly mayCommitByCounting: (entryTerm: number, currentTerm: number) => boolean;
  /**
   * An entry with the same index but another term is overwritten, with all that follow it (section
   * 5.3).
   */
  readonly isConflict: (oursTerm: number, theirsTerm: number) => boolean;
  /** What must not be said before term, vote and entries are on disk (thesis section 3.8). */
  readonly waitsForDisk: (type: Message['type']) => boolean;
  /**
   * A leader answers reads only once it has committed an entry of its own term (thesis section
   * 6.4).
   */
  readonly mayServeReads: (committedTerm: number | undefined, currentTerm: number) => boolean;
  /** A new leader appends an empty entry, which commits those before it (thesis section 6.4). */
  readonly appendsNoop: boolean;
}

export const raftRules: Rules = {
  mayVoteFor: (vote, leader, candidate) => vote === candidate || (vote === 0 && leader === 0),
  isUpToDate: (theirs, ours) =>
    theirs.term > ours.term || (theirs.term === ours.term && theirs.index >= ours.index),
  mayCommitByCounting: (entryTerm, currentTerm) => entryTerm === currentTerm,
  isConflict: (oursTerm, theirsTerm) => oursTerm !== theirsTerm,
  // A request for votes waits too. Could it win before the candidate's own term is on disk, the
  // candidate could crash, forget, be voted for again in that term and fill the same index twice.
  waitsForDisk: (type) =>
    type === 'vote' ||
    type === 'vote-reply' ||
    type === 'append-accepted' ||
    type === 'append-rejected',
  mayServeReads: (committedTerm, currentTerm) => committedTerm === currentTerm,
  appendsNoop: true,
};
