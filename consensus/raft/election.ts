// How a leader comes to be (paper section 5.2, thesis section 9.6).
//
//                 no leader heard for            a quorum            a quorum
//                 an election timeout            would vote          voted
//   [ follower ] -----------------> [ pre-candidate ] --> [ candidate ] --> [ leader ]
//       ^   |                              |                   |              |
//       |   +-- timeout-now: skips pre-vote ------------------>+              |
//       +---- a leader of this term, a quorum of noes, a higher term, ... ----+
//              ... no quorum heard for an election timeout, removed from the voters
//
// Pre-vote asks first and changes no term, so that a replica that was cut off disturbs nobody when
// it returns.

import { isVoter, membersOf } from './conf-change/draft.ts';
import {
  becomeFollower,
  drawElectionTimeout,
  envelope,
  isPromotable,
  knownCommit,
  learnCommit,
  resetRole,
  send,
} from './core.ts';
import type { RaftCore } from './core.ts';
import { becomeLeader } from './leader.ts';
import { hasUnappliedConf } from './membership.ts';
import type { PreVote, PreVoteReply, Vote, VoteReply } from './messages.ts';
import { voteResult } from './quorum/joint.ts';
import { logEnd } from './raft-log.ts';
import { abandonReads } from './read-queue.ts';

/**
 * pre-vote: ask first. vote: an election at once, in the next term. transfer: the same, by order of
 * the leader.
 */
type Campaign = 'pre-vote' | 'vote' | 'transfer';

/** Counts down to a campaign. A reluctant replica gives all others the time for one, so it leads only where nobody else can. */
export function tickElection(core: RaftCore): void {
  core.electionElapsed++;
  const patience = core.isReluctant ? 2 * core.config.electionTicks : 0;
  if (core.electionElapsed < core.electionTimeout + patience || !isPromotable(core)) return;
  core.electionElapsed = 0;
  campaign(core, 'pre-vote');
}

/** Campaigns that a suspicion hurries: one may be lost to another voter's, and a slow disk must not make them endless. */
const hurriedCampaigns = 3;

/**
 * The failure detector suspects the leader, and it has missed a heartbeat: campaign soon, and help
 * others who do. One voter that is mistaken changes nothing, for a pre-vote needs a majority that has
 * not heard the leader either, or suspects it too (thesis section 9.6).
 */
export function suspectLeader(core: RaftCore): void {
  const { role, leader, leaderContact, now, config } = core;
  const isSilent = now - leaderContact > config.heartbeatTicks;
  if (role !== 'follower' || leader === 0 || core.hurriedCampaigns > 0 || !isSilent) return;
  core.hurriedCampaigns = hurriedCampaigns;
  core.suspectedLeader = leader;
  drawElectionTimeout(core);
}

/**
 * Campaigns, unless this replica leads, may not vote, or has to apply a change of the configuration
 * first.
 */
export function campaign(core: RaftCore, kind: Campaign): void {
  if (core.role === 'leader' || !isPromotable(core) || hasUnappliedConf(core)) return;
  if (kind === 'pre-vote') askForPreVotes(core);
  else askForVotes(core, kind === 'transfer');
}

function askForPreVotes(core: RaftCore): void {
  abandonReads(core);
  core.role = 'pre-candidate';
  core.leader = 0;
  core.votes = new Map([[core.config.id, true]]);
  core.hurriedCampaigns = Math.max(0, core.hurriedCampaigns - 1);
  drawElectionTimeout(core);
  const { index, term } = logEnd(core.log);
  for (const to of votersBesides(core)) {
    const header = { ...envelope(core, to), term: core.term + 1 };
    const log = { lastIndex: index, lastTerm: term, ...knownCommit(core) };
    send(core, { ...header, type: 'pre-vote', ...log });
  }
  tallyVotes(core);
}

/**
 * Takes the next term and votes for itself. Both must be on disk before anybody is asked, and
 * before the own vote counts: it comes back as a reply to itself that waits like all others.
 */
function askForVotes(core: RaftCore, isTransfer: boolean): void {
  resetRole(core, core.term + 1);
  core.role = 'candidate';
  core.vote = core.config.id;
  const { index, term } = logEnd(core.log);
  const own = { ...envelope(core, core.config.id), ...knownCommit(core) };
  send(core, { ...own, type: 'vote-reply', granted: true });
  for (const to of votersBesides(core)) {
    const log = { lastIndex: index, lastTerm: term, ...knownCommit(core) };
    send(core, { ...envelope(core, to), type: 'vote', ...log, isTransfer });
  }
}

function votersBesides(core: RaftCore): number[] {
  const { conf, config } = core;
  return membersOf(conf).filter((id) => id !== config.id && isVoter(conf, id));
}

/**
 * Answers a request for a vote or a pre-vote. Learners answer too: one may have been made a voter
 * and not know it yet, and without its vote there might be no leader to tell it.
 */
export function stepVoteRequest(core: RaftCore, message: Vote | PreVote): void {
  const { rules } = core;
  learnCommit(core, message.commit, message.commitTerm);
  const header = { ...envelope(core, message.from), ...knownCommit(core) };
  const isAhead = message.type === 'pre-vote' && message.term > core.term;
  const mayVote = isAhead || rules.mayVoteFor(core.vote, core.leader, message.from);
  const theirs = { index: message.lastIndex, term: message.lastTerm };
  const granted = mayVote && rules.isUpToDate(theirs, logEnd(core.log));
  if (message.type === 'pre-vote') {
    const term = granted ? message.term : core.term;
    send(core, { ...header, term, type: 'pre-vote-reply', granted });
    return;
  }
  if (granted) {
    core.vote = message.from;
    core.electionElapsed = 0;
  }
  send(core, { ...header, type: 'vote-reply', granted });
}

/**
 * Whether a request comes too soon after the leader was heard: then it is ignored, whatever its
 * term, so that removed or half-connected replicas cannot depose a leader that serves its quorum
 * (thesis section 4.2.3).
 */
export function isTooSoon(core: RaftCore, message: Vote | PreVote): boolean {
  if (message.type === 'vote' && message.isTransfer) return false;
  if (core.role === 'leader') return true;
  if (core.hurriedCampaigns > 0) return false;
  return core.leader !== 0 && core.now - core.leaderContact < core.config.electionTicks;
}

/** Counts an answer to the campaign that is going on; answers to earlier ones are dropped. */
export function stepVoteReply(core: RaftCore, message: VoteReply | PreVoteReply): void {
  learnCommit(core, message.commit, message.commitTerm);
  if (core.role !== 'leader' && core.role !== 'follower' && hasUnappliedConf(core)) {
    // The campaign was run in a configuration that is past.
    return becomeFollower(core, core.term, 0);
  }
  const role = message.type === 'vote-reply' ? 'candidate' : 'pre-candidate';
  if (core.role !== role) return;
  if (message.type === 'pre-vote-reply' && message.granted && message.term !== core.term + 1) {
    return;
  }
  if (!core.votes.has(message.from)) core.votes.set(message.from, message.granted);
  tallyVotes(core);
}

function tallyVotes(core: RaftCore): void {
  const result = voteResult(core.conf, (id) => core.votes.get(id));
  if (result === 'lost') becomeFollower(core, core.term, 0);
  else if (result === 'won') {
    if (core.role === 'pre-candidate') askForVotes(core, false);
    else becomeLeader(core);
  }
}
