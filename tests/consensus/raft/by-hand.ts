// Single replicas driven by hand, without a cluster around them.

import { strict as assert } from 'node:assert';
import type { Random } from '../../../runtime/index.ts';
import { defaultRaftConfig } from '../../../consensus/raft/config.ts';
import type { RaftConfig } from '../../../consensus/raft/config.ts';
import type { InitialState } from '../../../consensus/raft/initial-state.ts';
import type { Message } from '../../../consensus/raft/messages.ts';
import { createRaft } from '../../../consensus/raft/raft.ts';
import type { Raft } from '../../../consensus/raft/raft.ts';
import type { Entry } from '../../../consensus/raft/types.ts';
import { foundingState } from './cluster.ts';
import { seededRandom } from './seeded-random.ts';

/** Always draws the shortest election timeout. */
export const noJitter: Random = { ...seededRandom(1), integer: () => 0 };
export const command = (text: string): Uint8Array[] => [Buffer.from(text)];
export const entry = (index: number, term: number): Entry => ({
  index,
  term,
  type: 'normal',
  data: Buffer.from(`${index}@${term}`),
});

/** Founding members whose log goes on with entries of these terms, from index 2 on. */
export function withLog(
  voters: readonly number[],
  terms: readonly number[],
  term: number,
): InitialState {
  const entries = terms.map((entryTerm, i) => entry(i + 2, entryTerm));
  return { ...foundingState(voters), hardState: { term, vote: 0, commit: 1 }, entries };
}

export function createReplica(initial: InitialState, config: Partial<RaftConfig> = {}): Raft {
  return createRaft({ ...defaultRaftConfig, ...config, id: 1 }, noJitter, initial);
}

/** Does everything a Ready asks, at once; returns all that was to be sent. */
export function pump(raft: Raft): Message[] {
  const sent: Message[] = [];
  while (raft.hasReady()) {
    const ready = raft.ready();
    sent.push(...ready.messages);
    if (ready.persist !== undefined) raft.persisted(ready.persist.token);
    for (const committed of ready.committed) {
      if (committed.type === 'config') raft.applyConfChange(committed);
    }
    if (ready.committed.length > 0) raft.applied(ready.committed.at(-1)!.index);
  }
  return sent;
}

export function tickTimes(raft: Raft, count: number): void {
  for (let i = 0; i < count; i++) raft.tick();
}

/** Replica 1 of three, made leader of term 2 by hand. */
export function createLeader(config: Partial<RaftConfig> = {}): Raft {
  const raft = createReplica(foundingState([1, 2, 3]), config);
  raft.campaign();
  const known = { commit: 1, commitTerm: 1, granted: true, from: 2, to: 1, term: 2 };
  pump(raft);
  raft.step({ ...known, type: 'pre-vote-reply' });
  pump(raft);
  raft.step({ ...known, type: 'vote-reply' });
  assert.equal(raft.status().role, 'leader');
  return raft;
}

export const find = <T extends Message['type']>(
  messages: readonly Message[],
  type: T,
): Extract<Message, { type: T }>[] =>
  messages.filter((m): m is Extract<Message, { type: T }> => m.type === type);

export const heartbeat = (term: number, from = 2): Message => ({
  type: 'heartbeat',
  from,
  to: 1,
  term,
  commit: 0,
  readRound: 0,
});
