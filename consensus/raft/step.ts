// Where a message enters: first its term, then what it says to the role this replica has (paper
// section 5.1).
//
//   below ours   the sender is behind: a leader is told, a request refused, an answer dropped
//   above ours   we are behind: follow that term, but for pre-votes, or near a leader
//   equal        dispatched by type

import { assert, unreachable } from '../../runtime/index.ts';
import { becomeFollower, envelope, knownCommit, send } from './core.ts';
import type { RaftCore } from './core.ts';
import { isTooSoon, stepVoteReply, stepVoteRequest } from './election.ts';
import {
  stepAppend,
  stepCommit,
  stepHeartbeat,
  stepInstallSnapshot,
  stepTimeoutNow,
} from './follower.ts';
import { stepLeader } from './leader.ts';
import type { Message } from './messages.ts';
import { refuseRead } from './read-queue.ts';

/** Takes in one well-formed message that is meant for this replica. */
export function stepMessage(core: RaftCore, message: Message): void {
  if (message.term < core.term) return stepFromPast(core, message);
  if (message.term > core.term && !enterTerm(core, message)) return;
  stepByType(core, message);
}

function stepFromPast(core: RaftCore, message: Message): void {
  const { from } = message;
  if (isFromLeader(message)) {
    // Its sender may be unable to learn of our term by votes, since they are ignored near a leader.
    send(core, { ...envelope(core, from), type: 'newer-term' });
  } else if (message.type === 'pre-vote') {
    const header = { ...envelope(core, from), ...knownCommit(core) };
    send(core, { ...header, type: 'pre-vote-reply', granted: false });
  } else if (message.type === 'read-index') {
    refuseRead(core, from, message.contexts);
  }
}

/**
 * Goes over to the message's later term where that is due. False when the message is to be ignored.
 */
function enterTerm(core: RaftCore, message: Message): boolean {
  if (message.type === 'vote' || message.type === 'pre-vote') {
    if (isTooSoon(core, message)) return false;
  }
  // A pre-vote's term, and that of its grant, is one the candidate has not entered yet.
  if (message.type === 'pre-vote') return true;
  if (message.type === 'pre-vote-reply' && message.granted) return true;
  becomeFollower(core, message.term, isFromLeader(message) ? message.from : 0);
  return true;
}

function isFromLeader(message: Message): boolean {
  return (
    message.type === 'append' ||
    message.type === 'commit' ||
    message.type === 'heartbeat' ||
    message.type === 'install-snapshot' ||
    message.type === 'timeout-now'
  );
}

function stepByType(core: RaftCore, message: Message): void {
  switch (message.type) {
    case 'vote':
    case 'pre-vote':
      return stepVoteRequest(core, message);
    case 'vote-reply':
    case 'pre-vote-reply':
      return stepVoteReply(core, message);
    case 'append':
    case 'commit':
    case 'heartbeat':
    case 'install-snapshot':
      return stepFromLeader(core, message);
    case 'timeout-now':
      return stepTimeoutNow(core);
    case 'append-accepted':
    case 'append-rejected':
    case 'heartbeat-reply':
      return core.role === 'leader' ? stepLeader(core, message) : undefined;
    case 'read-index':
      if (core.role === 'leader') return stepLeader(core, message);
      return refuseRead(core, message.from, message.contexts);
    case 'read-index-reply':
      for (const context of message.contexts) {
        core.readStates.push({ context, index: message.index });
      }
      return;
    case 'read-index-refused':
      core.refusedReads.push(...message.contexts);
      return;
    case 'newer-term':
      return;
    default:
      return unreachable(message);
  }
}

function stepFromLeader(
  core: RaftCore,
  message: Extract<Message, { type: 'append' | 'commit' | 'heartbeat' | 'install-snapshot' }>,
): void {
  assert(
    core.role !== 'leader',
    `term ${core.term} has two leaders: ${core.config.id} and ${message.from}`,
  );
  if (message.type === 'append') stepAppend(core, message);
  else if (message.type === 'commit') stepCommit(core, message);
  else if (message.type === 'heartbeat') stepHeartbeat(core, message);
  else stepInstallSnapshot(core, message);
}
