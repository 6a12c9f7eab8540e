// What all replicas of a zone have shown of their logs, over all their lives, and whether it fits together (paper, figure 3).

import { crc32c } from '../../../consensus/log/crc32c.ts';
import type { RecoveredLog } from '../../../consensus/log/log-storage.ts';
import { isJoint } from '../../../consensus/raft/conf-change/draft.ts';
import type { Message } from '../../../consensus/raft/messages.ts';
import type { Raft } from '../../../consensus/raft/raft.ts';
import type { Ready } from '../../../consensus/raft/ready.ts';
import type { RaftStatus } from '../../../consensus/raft/status.ts';
import type { ConfState, Entry, ReplicaId } from '../../../consensus/raft/types.ts';
import { covers, createDurable } from './durable-log.ts';
import type { DurableLog } from './durable-log.ts';
import type { Judge } from './judge.ts';

interface Committed {
  readonly term: number;
  readonly text: string;
  /** The term in which it was first seen committed. */
  readonly inTerm: number;
}

export interface LogFacts {
  readonly judge: Judge;
  readonly leaderOf: Map<number, ReplicaId>;
  /** replica:term -> whom it voted for. */
  readonly votes: Map<string, ReplicaId>;
  /** index:term -> what it holds, and the term before it. */
  readonly entries: Map<string, string>;
  readonly committed: Map<number, Committed>;
  readonly durable: Map<ReplicaId, DurableLog>;
  /** Read contexts, and what was committed when they were asked. */
  readonly asked: Map<number, number>;
  highestCommit: number;
}

/** What one life of a replica has shown. */
export interface LifeOfRaft {
  term: number;
  commit: number;
  handed: number | undefined;
  /** The term it was last seen to lead. */
  ledTerm: number;
}

export const createLogFacts = (judge: Judge): LogFacts => ({
  judge,
  leaderOf: new Map(),
  votes: new Map(),
  entries: new Map(),
  committed: new Map(),
  durable: new Map(),
  asked: new Map(),
  highestCommit: 1,
});

export function durableOf(facts: LogFacts, id: ReplicaId): DurableLog {
  const known = facts.durable.get(id);
  if (known !== undefined) return known;
  const durable = createDurable();
  facts.durable.set(id, durable);
  return durable;
}

const textOf = ({ type, data }: Entry): string =>
  `${type} ${data.length} ${crc32c(data, 0, data.length).toString(16)}`;

/** Judges everything that comes out of Raft before the shell acts on it. */
export function judgeReady(facts: LogFacts, life: LifeOfRaft, raft: Raft, ready: Ready): void {
  const status = raft.status();
  judgeProgress(facts, life, raft, status);
  for (const message of ready.messages) judgeMessage(facts, raft, status, message);
  for (const entry of ready.persist?.entries ?? []) {
    judgeEntry(facts, entry, raft.termAt(entry.index - 1), status.id);
  }
  for (const entry of ready.committed) judgeCommitted(facts, life, entry, status);
  for (const { context, index } of ready.reads) {
    const floor = facts.asked.get(context);
    facts.asked.delete(context);
    if (floor !== undefined && index < floor) {
      facts.judge.say(
        'read index',
        `${status.id} may read at ${index}, though ${floor} was committed when it asked`,
      );
    }
  }
}

function judgeProgress(facts: LogFacts, life: LifeOfRaft, raft: Raft, status: RaftStatus): void {
  const { id, term, commit, role } = status;
  const { judge } = facts;
  if (term < life.term) judge.say('one vote a term', `the term of ${id} fell to ${term}`);
  if (commit < life.commit) judge.say('committed for good', `the commit index of ${id} fell`);
  const isLeader = role === 'leader';
  if (isLeader && commit > life.commit && life.ledTerm === term) {
    const committedTerm = raft.termAt(commit);
    if (committedTerm !== term) {
      judge.say('commits by counting', `${id} commits ${commit}@${committedTerm} in term ${term}`);
    }
    // What is known already may have been committed in an earlier configuration.
    if (commit > facts.highestCommit) judgeQuorum(facts, status, commit, committedTerm ?? 0);
  }
  if (isLeader && life.ledTerm !== term) judgeNewLeader(facts, raft, status);
  life.term = term;
  life.commit = commit;
  if (isLeader) life.ledTerm = term;
  facts.highestCommit = Math.max(facts.highestCommit, commit);
}

/** Election safety and leader completeness. */
function judgeNewLeader(facts: LogFacts, raft: Raft, { id, term, firstIndex }: RaftStatus): void {
  judgeLeader(facts, id, term);
  for (const [index, committed] of facts.committed) {
    if (index < firstIndex || committed.inTerm >= term) continue;
    const own = raft.termAt(index);
    if (own === committed.term) continue;
    facts.judge.say(
      'leader completeness',
      `${id} leads term ${term} with ${own} at ${index}, where ${committed.term} is committed`,
    );
    return;
  }
}

function judgeLeader(facts: LogFacts, id: ReplicaId, term: number): void {
  const other = facts.leaderOf.get(term) ?? id;
  facts.leaderOf.set(term, other);
  if (other !== id) facts.judge.say('election safety', `${other} and ${id} both lead term ${term}`);
}

/** A leader commits only what a quorum's disks hold, or said they hold. */
function judgeQuorum(facts: LogFacts, status: RaftStatus, index: number, term: number): void {
  for (const half of halvesOf(status.conf)) {
    const holding = half.filter((id) => covers(durableOf(facts, id), index, term)).length;
    if (holding > half.length / 2) continue;
    facts.judge.say(
      'durability',
      `${status.id} commits ${index}@${term}, which ${holding} of ${half.length} voters have on disk`,
    );
  }
}

const halvesOf = (conf: ConfState): (readonly ReplicaId[])[] =>
  isJoint(conf) ? [conf.voters, conf.votersOutgoing] : [conf.voters];

/** What may be said only once the disk has what it promises, and to one candidate a term. */
function judgeMessage(facts: LogFacts, raft: Raft, status: RaftStatus, message: Message): void {
  const { id } = status;
  const durable = durableOf(facts, id);
  switch (message.type) {
    case 'vote':
      return judgeVote(facts, durable, id, message.term, id);
    case 'vote-reply':
      if (message.granted) judgeVote(facts, durable, id, message.term, message.to);
      return;
    case 'append': {
      judgeLeader(facts, id, message.term);
      let before = message.prevTerm;
      for (const entry of message.entries) {
        judgeEntry(facts, entry, before, id);
        before = entry.term;
      }
      return;
    }
    case 'heartbeat':
      return judgeLeader(facts, id, message.term);
    case 'append-accepted': {
      const { index, term } = message;
      // Cut off since, and no longer to be checked, when the log has become shorter.
      const own = raft.termAt(index);
      if (own !== undefined && term === status.term && !covers(durable, index, own)) {
        facts.judge.say('durability', `${id} acknowledges ${index}@${own}, not on its disk yet`);
      }
      return;
    }
    default:
  }
}

function judgeVote(
  facts: LogFacts,
  durable: DurableLog,
  id: ReplicaId,
  term: number,
  candidate: ReplicaId,
): void {
  const key = `${id}:${term}`;
  const before = facts.votes.get(key) ?? candidate;
  facts.votes.set(key, before);
  if (before !== candidate) {
    const sentence = `${id} votes in term ${term} for ${candidate} and for ${before}`;
    facts.judge.say('one vote a term', sentence);
  }
  if (durable.votes.get(term) !== candidate) {
    facts.judge.say('durability', `${id} votes in term ${term} before its disk has the vote`);
  }
}

/** An index and a term stand for one entry, with one and the same predecessor. */
function judgeEntry(facts: LogFacts, entry: Entry, before: number | undefined, id: number): void {
  const key = `${entry.index}:${entry.term}`;
  const text = `${before} <- ${textOf(entry)}`;
  const known = facts.entries.get(key) ?? text;
  facts.entries.set(key, known);
  if (known !== text) {
    facts.judge.say('log matching', `${id} has ${key} as "${text}", it was "${known}"`);
  }
}

/** Committed entries never change, and are applied without a gap. */
function judgeCommitted(
  facts: LogFacts,
  life: LifeOfRaft,
  entry: Entry,
  { id, term, snapshotIndex }: RaftStatus,
): void {
  const { judge } = facts;
  const { index } = entry;
  if (life.handed !== undefined && index !== life.handed + 1 && index !== snapshotIndex + 1) {
    judge.say('committed for good', `${id} applies ${index} after ${life.handed}`);
  }
  life.handed = index;
  const text = textOf(entry);
  const known = facts.committed.get(index);
  if (known === undefined) {
    facts.committed.set(index, { term: entry.term, text, inTerm: term });
  } else if (known.term !== entry.term || known.text !== text) {
    judge.say(
      'committed for good',
      `${id} applies ${index}@${entry.term} "${text}", others ${known.term} "${known.text}"`,
    );
  }
}

/** A disk gives back what was acknowledged on it. */
export function judgeRecovery(facts: LogFacts, peer: string, recovered: RecoveredLog): void {
  const { replicaId: id, hardState, entries, snapshot } = recovered;
  const durable = durableOf(facts, id);
  const say = (sentence: string): void =>
    facts.judge.say('recovery', `the disk of ${id} at ${peer} ${sentence}`);
  if (hardState.term < durable.term) say(`fell to term ${hardState.term} from ${durable.term}`);
  const vote = durable.votes.get(hardState.term);
  if (hardState.term === durable.term && vote !== undefined && hardState.vote !== vote) {
    say(`forgot that it voted for ${vote} in term ${durable.term}`);
  }
  const terms = new Map(entries.map(({ index, term }) => [index, term]));
  for (const [index, term] of durable.terms) {
    if (index <= (snapshot?.index ?? 0) || index >= durable.uncertainFrom) continue;
    if (terms.get(index) === term) continue;
    say(`has ${terms.get(index)} at ${index}, where ${term} was acknowledged`);
    return;
  }
}
