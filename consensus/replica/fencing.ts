// Who of those that speak is no longer, or not yet, part of this zone: decided from what a message says of its sender.
//
// Two things end a replica's part for good, and then it is fenced: it stops at once, and its peer comes back as a
// new replica with a blank log.
//
// **Its epoch is over.** The zone was recovered without it. Whoever belongs to the newer epoch does not act on what it
// says and answers `fenced`; hearing anything of a newer epoch is enough to stop. So nothing of the old epoch can be
// acknowledged by, or with the help of, anybody who has met the new one.
//
// **It was rolled back**: its directory is an old copy, and what it voted and acknowledged since is forgotten. Detected:
//   - A copy from before the replica's last start. Each start has a life that no copy can repeat, and the newest one that
//     was heard is in the replica's record in the log, so any replica of the zone recognises an older or a forked life
//     before it acts on a word of it, under whatever leader and after any restart. It costs one entry a start.
//   - A copy from within its last life, as soon as the leader to which it acknowledged more speaks to it: a heartbeat
//     names a commit index up to which this very replica acknowledged.
//   - A replica that is in no configuration and no record any more, or that was superseded on its own peer, once it
//     asks who leads.
// Not detected: a copy from within its last life that votes before that leader spoke to it, when the leader is gone or
// deposed; and any copy while all who could tell are behind the entry that tells it. No log can know these: whoever
// could contradict the copy is not there. All peers starting at once is none of these: each has a life above its record.
// Nor is a zone of which all directories were put back as they were at one moment. Of copies from different moments the
// newest is never fenced, since nobody else knows more of it than it does itself.

import type { RaftStatus } from '../raft/status.ts';
import { startsOf } from '../log/life-file.ts';
import { blankEpoch } from './epoch.ts';
import type { WireMessage } from './protocol.ts';

/** What follows from the epoch of a message's sender. */
export type EpochVerdict =
  | 'act'
  /** The sender is to be told that its epoch is over. */
  | 'answer'
  /** This replica's own epoch is over. */
  | 'stop'
  /** A replica that holds nothing belongs to the newest epoch it hears of. */
  | 'adopt';

/** `holdsNothing`: no configuration has reached this replica yet. */
export function judgeEpoch(own: number, theirs: number, holdsNothing: boolean): EpochVerdict {
  if (theirs === own || theirs === blankEpoch) return 'act';
  if (theirs < own) return 'answer';
  return holdsNothing ? 'adopt' : 'stop';
}

/** Whether a replica that was recorded in life `recorded` can be in life `heard` without having lost anything. */
export function isLifeCredible(recorded: number | undefined, heard: number): boolean {
  if (recorded === undefined || heard === recorded) return true;
  return startsOf(heard) > startsOf(recorded);
}

/** Whether a leader names more than this replica has, though this replica acknowledged it in that leader's term. */
export function provesLoss(
  message: WireMessage,
  { id, term, lastIndex }: Pick<RaftStatus, 'id' | 'term' | 'lastIndex'>,
): boolean {
  // What is meant for another replica that lived on this peer says nothing of this one.
  if (message.type !== 'heartbeat' || message.to !== id) return false;
  return message.term >= term && message.commit > lastIndex;
}
