// What replicas say to each other: plain data, each with who says it, to whom and in which term.
//
// A term in a message is the sender's own, except in pre-vote and its granted reply: there it is
// the term the candidate would campaign in.

import { SkeinError } from '../../runtime/index.ts';
import type { Entry, ReplicaId, SnapshotMeta } from './types.ts';

/** Reads asked for in one message; a replica lets no more wait (`maxPendingReads`). */
const maxContexts = 65_536;

/** Replicas in each part of a configuration: far above what a zone has. */
const maxReplicas = 65_536;

interface Envelope {
  readonly from: ReplicaId;
  readonly to: ReplicaId;
  readonly term: number;
}

/**
 * What the sender knows to be committed. Everybody in an election tells: whoever has that entry
 * learns that it is committed, and with it perhaps a configuration in which it needs no vote of
 * those who left. Without this a removed replica with a longer log, which may not campaign and will
 * not vote, could block all others for ever.
 */
interface KnownCommit {
  readonly commit: number;
  readonly commitTerm: number;
}

/** Asks whether a campaign would be won, without disturbing anybody's term (thesis section 9.6). */
export interface PreVote extends Envelope, KnownCommit {
  readonly type: 'pre-vote';
  readonly lastIndex: number;
  readonly lastTerm: number;
}

export interface PreVoteReply extends Envelope, KnownCommit {
  readonly type: 'pre-vote-reply';
  readonly granted: boolean;
}

export interface Vote extends Envelope, KnownCommit {
  readonly type: 'vote';
  readonly lastIndex: number;
  readonly lastTerm: number;
  /** Leadership is being handed over: do not hold back because a leader was heard just now. */
  readonly isTransfer: boolean;
}

export interface VoteReply extends Envelope, KnownCommit {
  readonly type: 'vote-reply';
  readonly granted: boolean;
}

export interface Append extends Envelope {
  readonly type: 'append';
  readonly prevIndex: number;
  readonly prevTerm: number;
  readonly entries: readonly Entry[];
  readonly commit: number;
}

/**
 * Entries up to `commit` are committed. Says nothing to a log that does not have `prevTerm` at
 * `prevIndex`, and is never answered: what is lost of it comes with the next append or heartbeat.
 */
export interface CommitNotice extends Envelope {
  readonly type: 'commit';
  readonly prevIndex: number;
  readonly prevTerm: number;
  readonly commit: number;
}

/** Everything up to `index` is on the sender's disk and equal to the leader's. */
export interface AppendAccepted extends Envelope {
  readonly type: 'append-accepted';
  readonly index: number;
}

/**
 * The logs differ at `prevIndex`; they may agree at `hintIndex`, where the sender has `hintTerm`.
 */
export interface AppendRejected extends Envelope {
  readonly type: 'append-rejected';
  readonly prevIndex: number;
  readonly hintIndex: number;
  readonly hintTerm: number;
}

export interface Heartbeat extends Envelope {
  readonly type: 'heartbeat';
  readonly commit: number;
  /** The newest round of reads; echoed, it confirms all reads up to it. */
  readonly readRound: number;
}

export interface HeartbeatReply extends Envelope {
  readonly type: 'heartbeat-reply';
  readonly readRound: number;
}

/** Stepped at the follower once the shell has received the snapshot's data. */
export interface InstallSnapshot extends Envelope {
  readonly type: 'install-snapshot';
  readonly meta: SnapshotMeta;
}

/** Campaign at once: the leader hands over to you. */
export interface TimeoutNow extends Envelope {
  readonly type: 'timeout-now';
}

/** A follower or learner asks the leader up to where it must have applied to read linearizably. */
export interface ReadIndexRequest extends Envelope {
  readonly type: 'read-index';
  readonly contexts: readonly number[];
}

export interface ReadIndexReply extends Envelope {
  readonly type: 'read-index-reply';
  readonly contexts: readonly number[];
  readonly index: number;
}

/** Ask again later: who was asked does not lead, or cannot know yet. */
export interface ReadIndexRefused extends Envelope {
  readonly type: 'read-index-refused';
  readonly contexts: readonly number[];
}

/** Answers a leader of a past term, which steps down on reading it. */
export interface NewerTerm extends Envelope {
  readonly type: 'newer-term';
}

export type Message =
  | PreVote
  | PreVoteReply
  | Vote
  | VoteReply
  | Append
  | CommitNotice
  | AppendAccepted
  | AppendRejected
  | Heartbeat
  | HeartbeatReply
  | InstallSnapshot
  | TimeoutNow
  | ReadIndexRequest
  | ReadIndexReply
  | ReadIndexRefused
  | NewerTerm;

/** Throws `invalid`, with nothing changed, when a message from outside is not as this file says. */
export function checkMessage(message: Message): void {
  checkCount(message, 'from', message.from, 1);
  checkCount(message, 'to', message.to, 1);
  checkCount(message, 'term', message.term, 1);
  switch (message.type) {
    case 'pre-vote':
    case 'vote':
      checkCount(message, 'lastIndex', message.lastIndex, 0);
      checkCount(message, 'lastTerm', message.lastTerm, 0);
      return checkCommit(message);
    case 'append':
      return checkAppend(message);
    case 'commit':
      checkCount(message, 'prevIndex', message.prevIndex, 0);
      checkCount(message, 'prevTerm', message.prevTerm, 0);
      return checkCount(message, 'commit', message.commit, 0);
    case 'append-accepted':
      return checkCount(message, 'index', message.index, 0);
    case 'append-rejected':
      checkCount(message, 'prevIndex', message.prevIndex, 0);
      checkCount(message, 'hintIndex', message.hintIndex, 0);
      return checkCount(message, 'hintTerm', message.hintTerm, 0);
    case 'heartbeat':
      checkCount(message, 'commit', message.commit, 0);
      return checkCount(message, 'readRound', message.readRound, 0);
    case 'heartbeat-reply':
      return checkCount(message, 'readRound', message.readRound, 0);
    case 'install-snapshot':
      if (typeof message.meta !== 'object' || message.meta === null) {
        throw malformed(message, 'meta');
      }
      checkConf(message);
      checkCount(message, 'meta.index', message.meta.index, 1);
      checkCount(message, 'meta.term', message.meta.term, 1);
      if (message.meta.term > message.term) throw malformed(message, 'meta.term');
      return;
    case 'read-index-reply':
      checkContexts(message);
      return checkCount(message, 'index', message.index, 0);
    case 'read-index':
    case 'read-index-refused':
      return checkContexts(message);
    case 'pre-vote-reply':
    case 'vote-reply':
      return checkCommit(message);
    case 'timeout-now':
    case 'newer-term':
      return;
    default:
      // From another version, perhaps: no reason to stop.
      throw malformed(message satisfies never, 'type');
  }
}

function checkContexts(message: Message & { readonly contexts: readonly number[] }): void {
  const { contexts } = message;
  const isShort = Array.isArray(contexts) && contexts.length <= maxContexts;
  if (!isShort || !contexts.every(Number.isSafeInteger)) throw malformed(message, 'contexts');
}

function checkConf(message: InstallSnapshot): void {
  const { voters, votersOutgoing, learners, learnersNext } = message.meta.conf ?? {};
  for (const ids of [voters, votersOutgoing, learners, learnersNext]) {
    const isShort = Array.isArray(ids) && ids.length <= maxReplicas;
    if (!isShort || !ids.every((id) => Number.isSafeInteger(id) && id > 0)) {
      throw malformed(message, 'meta.conf');
    }
  }
}

function checkCommit(message: Message & KnownCommit): void {
  checkCount(message, 'commit', message.commit, 0);
  checkCount(message, 'commitTerm', message.commitTerm, 0);
}

function checkAppend(message: Append): void {
  checkCount(message, 'prevIndex', message.prevIndex, 0);
  checkCount(message, 'prevTerm', message.prevTerm, 0);
  checkCount(message, 'commit', message.commit, 0);
  let index = message.prevIndex;
  let term = message.prevTerm;
  for (const entry of message.entries) {
    // Terms never fall along a log and never exceed the leader's.
    if (entry.index !== index + 1) throw malformed(message, 'entries');
    if (!(entry.term >= term) || entry.term < 1) throw malformed(message, 'entries');
    index++;
    term = entry.term;
  }
  if (term > message.term) throw malformed(message, 'entries');
}

function checkCount(message: Message, field: string, value: number, least: number): void {
  if (!Number.isSafeInteger(value) || value < least) throw malformed(message, field);
}

function malformed(message: Message, field: string): SkeinError {
  return new SkeinError(
    'invalid',
    `a ${message.type} message has a bad ${field}: do the replicas run the same version?`,
    { type: message.type, field, from: message.from, term: message.term },
  );
}
