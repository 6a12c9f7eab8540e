// What must hold after every step of every replica, whatever happens (paper figure 3, and more).

import { strict as assert } from 'node:assert';
import { isJoint } from '../../../consensus/raft/conf-change/draft.ts';
import type { Raft } from '../../../consensus/raft/raft.ts';
import type { Ready } from '../../../consensus/raft/ready.ts';
import type { ConfState, Entry } from '../../../consensus/raft/types.ts';
import { holds } from './simulated-disk.ts';
import type { SimulatedDisk } from './simulated-disk.ts';

interface Committed {
  readonly term: number;
  readonly data: string;
  /** The term in which it was first seen committed. */
  readonly inTerm: number;
}

/** What one incarnation of a replica has shown. */
export interface Witness {
  term: number;
  commit: number;
  leads: boolean;
}

export interface Checkers {
  readonly leaderOf: Map<number, number>;
  /** index:term of every entry ever seen, with what must come with it. */
  readonly seen: Map<string, string>;
  readonly committed: Map<number, Committed>;
  /** The digest of the state machine after each index. */
  readonly digests: Map<number, number>;
  highestCommit: number;
}

export function createCheckers(): Checkers {
  return {
    leaderOf: new Map(),
    seen: new Map(),
    committed: new Map(),
    digests: new Map([[1, 0]]),
    highestCommit: 1,
  };
}

function dataOf(entry: Entry): string {
  return `${entry.type} ${Buffer.from(entry.data).toString('latin1')}`;
}

/** The state machine of the tests: a running hash of what was applied. */
export function digestAfter(digest: number, entry: Entry): number {
  let hash = digest ^ Math.imul(entry.index, 0x9e3779b1) ^ Math.imul(entry.term, 0x85ebca6b);
  for (const byte of entry.data) hash = Math.imul(hash ^ byte, 0x01000193);
  return hash >>> 0;
}

/** Log matching: an index and a term stand for one entry, with one and the same predecessor. */
export function checkEntries(checkers: Checkers, raft: Raft, ready: Ready): void {
  for (const entry of ready.persist?.entries ?? []) {
    const before = raft.termAt(entry.index - 1);
    const key = `${entry.index}:${entry.term}`;
    const value = `${before}<-${dataOf(entry)}`;
    const known = checkers.seen.get(key);
    assert.ok(
      known === undefined || known === value,
      `log matching: entry ${key} is "${known}" and "${value}"`,
    );
    checkers.seen.set(key, value);
  }
}

export function checkReplica(
  checkers: Checkers,
  witness: Witness,
  raft: Raft,
  id: number,
  disks: ReadonlyMap<number, SimulatedDisk>,
  entryOf: (index: number) => Entry | undefined,
): void {
  const status = raft.status();
  assert.ok(status.term >= witness.term, `term of ${id} fell: ${witness.term}, ${status.term}`);
  assert.ok(status.commit >= witness.commit, `commit of ${id} fell`);
  assert.ok(status.commit <= status.lastIndex && status.applied <= status.commit, 'bounds');
  const isNewLeader = status.role === 'leader' && !witness.leads;
  if (isNewLeader) checkNewLeader(checkers, raft, id, status.term);
  for (let index = witness.commit + 1; index <= status.commit; index++) {
    const term = raft.termAt(index);
    // What is known already may have been committed in an earlier configuration.
    const isNews = index > checkers.highestCommit;
    if (status.role === 'leader' && isNews) checkQuorumHolds(status.conf, disks, index, term!);
    const entry = entryOf(index);
    if (entry !== undefined) checkCommitted(checkers, entry, status.term);
  }
  witness.term = status.term;
  witness.commit = status.commit;
  witness.leads = status.role === 'leader';
  checkers.highestCommit = Math.max(checkers.highestCommit, status.commit);
}

/** Election safety and leader completeness. */
function checkNewLeader(checkers: Checkers, raft: Raft, id: number, term: number): void {
  const other = checkers.leaderOf.get(term);
  assert.ok(other === undefined, `election safety: term ${term} was led by ${other}, now by ${id}`);
  checkers.leaderOf.set(term, id);
  const { firstIndex } = raft.status();
  for (const [index, committed] of checkers.committed) {
    if (index < firstIndex || committed.inTerm >= term) continue;
    assert.equal(
      raft.termAt(index),
      committed.term,
      `leader completeness: ${id} leads term ${term} without committed entry ${index}`,
    );
  }
}

/** A leader commits only what the disks of a quorum hold. */
function checkQuorumHolds(
  conf: ConfState,
  disks: ReadonlyMap<number, SimulatedDisk>,
  index: number,
  term: number,
): void {
  for (const half of isJoint(conf) ? [conf.voters, conf.votersOutgoing] : [conf.voters]) {
    const holding = half.filter((id) => holds(disks.get(id)!, index, term)).length;
    assert.ok(
      holding > half.length / 2,
      `durability: committed ${index}@${term} is on ${holding} of ${half.length} disks`,
    );
  }
}

/** Committed entries never change. */
function checkCommitted(checkers: Checkers, entry: Entry, inTerm: number): void {
  const known = checkers.committed.get(entry.index);
  if (known === undefined) {
    checkers.committed.set(entry.index, { term: entry.term, data: dataOf(entry), inTerm });
    return;
  }
  assert.ok(
    known.term === entry.term && known.data === dataOf(entry),
    `committed entry ${entry.index} changed from term ${known.term} to ${entry.term}`,
  );
}

/** State machine safety: after the same index, the same state. */
export function checkDigest(checkers: Checkers, index: number, digest: number): void {
  const known = checkers.digests.get(index);
  assert.ok(known === undefined || known === digest, `state machines differ at ${index}`);
  checkers.digests.set(index, digest);
}

/** A read sees everything that was committed before it was asked. */
export function checkRead(askedAt: number, index: number): void {
  assert.ok(index >= askedAt, `stale read: ${index}, although ${askedAt} was committed before`);
}
