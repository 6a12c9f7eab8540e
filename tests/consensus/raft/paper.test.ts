// The Raft paper and thesis, section by section.

import { strict as assert } from 'node:assert';
import type { Random } from '../../../runtime/index.ts';
import { defaultRaftConfig } from '../../../consensus/raft/config.ts';
import type { RaftConfig } from '../../../consensus/raft/config.ts';
import type { InitialState } from '../../../consensus/raft/initial-state.ts';
import type { Message } from '../../../consensus/raft/messages.ts';
import { createRaft } from '../../../consensus/raft/raft.ts';
import type { Raft } from '../../../consensus/raft/raft.ts';
import { raftRules } from '../../../consensus/raft/rules.ts';
import type { Entry } from '../../../consensus/raft/types.ts';
import {
  addReplica,
  completeWrite,
  crash,
  createCluster,
  foundingState,
  leaderOf,
  stabilize,
  turn,
} from './cluster.ts';
import type { Cluster, Replica } from './cluster.ts';
import { seededRandom } from './seeded-random.ts';

/** Always draws the shortest election timeout. */
const noJitter: Random = { ...seededRandom(1), integer: () => 0 };
const command = (text: string): Uint8Array[] => [Buffer.from(text)];
const entry = (index: number, term: number): Entry => ({
  index,
  term,
  type: 'normal',
  data: Buffer.from(`${index}@${term}`),
});

/** Founding members whose log goes on with entries of these terms, from index 2 on. */
function withLog(voters: readonly number[], terms: readonly number[], term: number): InitialState {
  const entries = terms.map((entryTerm, i) => entry(i + 2, entryTerm));
  return { ...foundingState(voters), hardState: { term, vote: 0, commit: 1 }, entries };
}

function createReplica(initial: InitialState, config: Partial<RaftConfig> = {}): Raft {
  return createRaft({ ...defaultRaftConfig, ...config, id: 1 }, noJitter, initial);
}

/** Does everything a Ready asks, at once; returns all that was to be sent. */
function pump(raft: Raft): Message[] {
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

function tickTimes(raft: Raft, count: number): void {
  for (let i = 0; i < count; i++) raft.tick();
}

/** Replica 1 of three, made leader of term 2 by hand. */
function createLeader(config: Partial<RaftConfig> = {}): Raft {
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

const find = <T extends Message['type']>(
  messages: readonly Message[],
  type: T,
): Extract<Message, { type: T }>[] =>
  messages.filter((m): m is Extract<Message, { type: T }> => m.type === type);

const heartbeat = (term: number, from = 2): Message => ({
  type: 'heartbeat',
  from,
  to: 1,
  term,
  commit: 0,
  readRound: 0,
});

describe('section 5.1, terms', () => {
  it('a follower goes over to a later term', () => {
    const raft = createReplica(foundingState([1, 2, 3]));
    raft.step(heartbeat(5));
    assert.equal(raft.status().term, 5);
    assert.equal(raft.status().leader, 2);
  });

  it('a leader that sees a later term follows', () => {
    const raft = createLeader();
    raft.step({ type: 'newer-term', from: 2, to: 1, term: 9 });
    const { role, term, leader } = raft.status();
    assert.deepEqual({ role, term, leader }, { role: 'follower', term: 9, leader: 0 });
  });

  it('a leader of a past term is told', () => {
    const raft = createReplica(foundingState([1, 2, 3]));
    raft.step(heartbeat(5));
    pump(raft);
    raft.step(heartbeat(4, 3));
    assert.deepEqual(pump(raft), [{ type: 'newer-term', from: 1, to: 3, term: 5 }]);
    assert.equal(raft.status().leader, 2);
  });
});

describe('section 5.2, elections', () => {
  it('a follower that hears no leader campaigns after an election timeout', () => {
    const raft = createReplica(foundingState([1, 2, 3]));
    tickTimes(raft, defaultRaftConfig.electionTicks - 1);
    assert.equal(raft.status().role, 'follower');
    raft.tick();
    assert.equal(raft.status().role, 'pre-candidate');
  });

  it('election timeouts are drawn from one to two times the base', () => {
    const seen = new Set<number>();
    for (let seed = 0; seed < 200; seed++) {
      const config = { ...defaultRaftConfig, id: 1 };
      const raft = createRaft(config, seededRandom(seed), foundingState([1, 2, 3]));
      let ticks = 0;
      for (; raft.status().role === 'follower'; ticks++) raft.tick();
      seen.add(ticks);
    }
    assert.deepEqual([Math.min(...seen), Math.max(...seen), seen.size], [10, 19, 10]);
  });

  it('a replica votes once a term, first come first served, and repeats its vote', () => {
    const raft = createReplica(foundingState([1, 2, 3]));
    const vote = { type: 'vote' as const, to: 1, term: 3, lastIndex: 1, lastTerm: 1 };
    const more = { commit: 1, commitTerm: 1, isTransfer: false };
    const ask = (from: number): boolean => {
      raft.step({ ...vote, ...more, from });
      return find(pump(raft), 'vote-reply')[0]!.granted;
    };
    assert.deepEqual([ask(2), ask(3), ask(2)], [true, false, true]);
  });

  it('a vote is not given away before it is on disk', () => {
    const raft = createReplica(foundingState([1, 2, 3]));
    const log = { lastIndex: 1, lastTerm: 1, commit: 1, commitTerm: 1 };
    raft.step({ type: 'vote', from: 2, to: 1, term: 3, ...log, isTransfer: false });
    const ready = raft.ready();
    assert.deepEqual(ready.messages, []);
    assert.deepEqual(ready.persist!.hardState, { term: 3, vote: 2, commit: 1 });
    raft.persisted(ready.persist!.token);
    assert.equal(raft.ready().messages[0]!.type, 'vote-reply');
  });

  it('nobody is asked for a vote before the own term is on disk', () => {
    const raft = createReplica(foundingState([1, 2, 3]));
    raft.campaign();
    pump(raft);
    const known = { commit: 1, commitTerm: 1, granted: true, from: 2, to: 1, term: 2 };
    raft.step({ ...known, type: 'pre-vote-reply' });
    const ready = raft.ready();
    assert.deepEqual(find(ready.messages, 'vote'), []);
    raft.persisted(ready.persist!.token);
    assert.equal(find(raft.ready().messages, 'vote').length, 2);
  });

  it('a candidate follows whoever leads its term', () => {
    const raft = createReplica(foundingState([1, 2, 3]));
    raft.step({ type: 'timeout-now', from: 2, to: 1, term: 1 });
    assert.equal(raft.status().role, 'candidate');
    raft.step(heartbeat(2, 3));
    assert.deepEqual([raft.status().role, raft.status().leader], ['follower', 3]);
  });
});

describe('section 5.3, replication', () => {
  it('a leader starts its term with an empty entry, which all get', () => {
    const appends = find(pump(createLeader()), 'append');
    assert.deepEqual(
      appends.map((m) => [m.to, m.prevIndex, m.entries.map((e) => [e.index, e.data.length])]),
      [2, 3].map((to) => [to, 1, [[2, 0]]]),
    );
  });

  it('an entry is committed once a majority has it on disk', () => {
    const raft = createLeader();
    pump(raft);
    assert.equal(raft.status().commit, 1);
    raft.step({ type: 'append-accepted', from: 3, to: 1, term: 2, index: 2 });
    assert.equal(raft.status().commit, 2);
  });

  it('the own disk counts for no more than any other', () => {
    const raft = createLeader();
    const ready = raft.ready();
    raft.step({ type: 'append-accepted', from: 3, to: 1, term: 2, index: 2 });
    assert.equal(raft.status().commit, 1);
    raft.persisted(ready.persist!.token);
    assert.equal(raft.status().commit, 2);
  });

  it('a follower acknowledges an append only when it is on disk', () => {
    const raft = createReplica(foundingState([1, 2, 3]));
    const head = { type: 'append' as const, from: 2, to: 1, term: 1, prevIndex: 1, prevTerm: 1 };
    raft.step({ ...head, commit: 1, entries: [entry(2, 1)] });
    const ready = raft.ready();
    assert.deepEqual(ready.messages, []);
    raft.persisted(ready.persist!.token);
    assert.deepEqual(raft.ready().messages, [
      { type: 'append-accepted', from: 1, to: 2, term: 1, index: 2 },
    ]);
  });

  it('a follower whose log differs says where it may agree, and is overwritten from there', () => {
    const raft = createReplica(withLog([1, 2, 3], [1, 3, 3, 3], 3));
    const head = { type: 'append' as const, from: 2, to: 1, term: 4, commit: 1 };
    raft.step({ ...head, prevIndex: 4, prevTerm: 2, entries: [] });
    const [rejection] = find(pump(raft), 'append-rejected');
    assert.deepEqual([rejection!.hintIndex, rejection!.hintTerm], [2, 1]);
    raft.step({ ...head, prevIndex: 2, prevTerm: 1, entries: [entry(3, 2)] });
    const ready = raft.ready();
    assert.deepEqual(ready.persist!.entries, [entry(3, 2)]);
    assert.equal(raft.status().lastIndex, 3);
  });

  it('an append that comes late or twice cuts nothing off', () => {
    const raft = createReplica(withLog([1, 2, 3], [1, 1, 1], 1));
    const head = { type: 'append' as const, from: 2, to: 1, term: 1, commit: 1 };
    raft.step({ ...head, prevIndex: 1, prevTerm: 1, entries: [entry(2, 1)] });
    assert.equal(raft.status().lastIndex, 4);
  });

  it('a leader passes over whole terms while it feels for the common log', () => {
    const cluster = createCluster({ random: seededRandom(3) }, []);
    const voters = [1, 2, 3];
    addReplica(cluster, 1, withLog(voters, [...Array<number>(50).fill(2), 6], 6));
    addReplica(cluster, 2, withLog(voters, Array<number>(80).fill(3), 5));
    addReplica(cluster, 3, withLog(voters, Array<number>(50).fill(2), 5));
    const rejections: Message[] = [];
    turn(cluster, cluster.replicas.get(1)!, (raft) => raft.campaign());
    while (cluster.network.length > 0) {
      rejections.push(
        ...find(
          cluster.network.map((p) => p.message),
          'append-rejected',
        ),
      );
      stabilize(cluster);
    }
    assert.ok(rejections.length <= 3);
    assert.equal(cluster.replicas.get(2)!.raft!.status().lastIndex, 53);
  });
});

describe('section 5.4, safety', () => {
  it('a replica votes for no log older than its own', () => {
    const cases: readonly (readonly [number, number, boolean])[] = [
      [4, 3, true],
      [5, 3, true],
      [2, 4, true],
      [3, 3, false],
      [9, 2, false],
    ];
    for (const [lastIndex, lastTerm, granted] of cases) {
      const raft = createReplica(withLog([1, 2, 3], [2, 2, 3], 3));
      const log = { lastIndex, lastTerm, commit: 1, commitTerm: 1 };
      raft.step({ type: 'vote', from: 2, to: 1, term: 5, ...log, isTransfer: false });
      assert.equal(find(pump(raft), 'vote-reply')[0]!.granted, granted, `${lastIndex}@${lastTerm}`);
    }
  });

  /** Figure 8: an entry of term 2 gets onto a majority in term 4, and 5 with an entry of term 3 wins term 5. */
  function playFigure8(rules = raftRules): Cluster {
    const voters = [1, 2, 3, 4, 5];
    const options = { random: seededRandom(8), rules, config: { maxAppendBytes: 1 } };
    const cluster = createCluster(options, []);
    const logs: Record<number, number[]> = { 1: [2], 2: [2], 3: [], 4: [], 5: [3] };
    for (const id of voters) addReplica(cluster, id, withLog(voters, logs[id]!, 3));
    const only = (...ids: number[]): void => {
      cluster.isCut = (from, to) => !ids.includes(from) || !ids.includes(to);
    };
    const [one, five] = [cluster.replicas.get(1)!, cluster.replicas.get(5)!];
    only(1, 2, 3);
    turn(cluster, one, (raft) => raft.campaign());
    // 1 wins; its no-op must not get there, so every disk of the others takes the old entry only.
    const isOut = (replica: Replica): boolean => replica.disk.entries.some((e) => e.index > 2);
    for (let i = 0; i < 40 && one.raft!.status().commit < 2; i++) {
      const { network } = cluster;
      cluster.network = network.filter(
        ({ message }) => message.type !== 'append' || message.entries.every((e) => e.term < 4),
      );
      for (let left = cluster.network.length; left > 0; left--) {
        const { message } = cluster.network.shift()!;
        if (cluster.isCut(message.from, message.to)) continue;
        turn(cluster, cluster.replicas.get(message.to)!, (raft) => raft.step(message));
      }
      for (const replica of cluster.replicas.values()) completeWrite(cluster, replica);
      turn(cluster, one, (raft) => raft.tick());
    }
    assert.ok(!isOut(cluster.replicas.get(2)!) && !isOut(cluster.replicas.get(3)!));
    assert.equal(cluster.replicas.get(3)!.disk.entries.at(-1)!.term, 2);
    crash(cluster, one);
    only(2, 3, 4, 5);
    cluster.network = [];
    for (const id of [2, 3, 4, 5]) {
      const replica = cluster.replicas.get(id)!;
      turn(cluster, replica, (raft) => tickTimes(raft, defaultRaftConfig.electionTicks));
    }
    cluster.network = [];
    turn(cluster, five, (raft) => raft.campaign());
    stabilize(cluster);
    return cluster;
  }

  it('an entry of an earlier term is not committed by counting (figure 8)', () => {
    const cluster = playFigure8();
    assert.equal(leaderOf(cluster)?.id, 5);
  });

  it('were it, the checkers would notice', () => {
    const broken = { ...raftRules, mayCommitByCounting: () => true };
    assert.throws(() => playFigure8(broken), /leader completeness/);
  });

  it('a leader with entries of earlier terms commits them with its own', () => {
    const cluster = createCluster({ random: seededRandom(2) }, []);
    for (const id of [1, 2, 3]) addReplica(cluster, id, withLog([1, 2, 3], [2, 2], 2));
    turn(cluster, cluster.replicas.get(1)!, (raft) => raft.campaign());
    stabilize(cluster);
    assert.equal(cluster.replicas.get(1)!.raft!.status().commit, 4);
  });
});

describe('thesis 3.10, handing over', () => {
  it('no proposal is taken meanwhile, and after an election timeout they are again', () => {
    const raft = createLeader();
    pump(raft);
    assert.deepEqual(raft.transferLeader(3), { accepted: true });
    assert.deepEqual(raft.propose(command('a')), { accepted: false, reason: 'transferring' });
    for (let i = 0; i < defaultRaftConfig.electionTicks; i++) {
      raft.tick();
      raft.step({ type: 'heartbeat-reply', from: 2, to: 1, term: 2, readRound: 0 });
    }
    assert.ok(raft.propose(command('a')).accepted);
  });

  it('the heir is told to campaign once it has caught up, not before', () => {
    const raft = createLeader();
    pump(raft);
    raft.transferLeader(3);
    assert.deepEqual(find(pump(raft), 'timeout-now'), []);
    raft.step({ type: 'append-accepted', from: 3, to: 1, term: 2, index: 2 });
    assert.equal(find(pump(raft), 'timeout-now')[0]!.to, 3);
  });
});

describe('thesis chapter 4, membership', () => {
  const add = { transition: 'auto', steps: [{ type: 'add-learner', id: 4 }] } as const;

  it('a new leader changes nothing before an entry of its term is applied', () => {
    const raft = createLeader();
    pump(raft);
    assert.deepEqual(raft.proposeConfChange(add), {
      accepted: false,
      reason: 'conf-change-pending',
    });
    raft.step({ type: 'append-accepted', from: 3, to: 1, term: 2, index: 2 });
    pump(raft);
    assert.ok(raft.proposeConfChange(add).accepted);
    assert.equal(raft.proposeConfChange(add).accepted, false);
  });

  it('a change is applied only once its commit is on disk', () => {
    const raft = createLeader();
    pump(raft);
    raft.step({ type: 'append-accepted', from: 3, to: 1, term: 2, index: 2 });
    pump(raft);
    raft.proposeConfChange(add);
    const first = raft.ready();
    raft.persisted(first.persist!.token);
    raft.step({ type: 'append-accepted', from: 3, to: 1, term: 2, index: 3 });
    const second = raft.ready();
    assert.deepEqual(second.committed, []);
    assert.ok(second.persist!.mustSync);
    raft.persisted(second.persist!.token);
    assert.equal(raft.ready().committed[0]!.type, 'config');
  });

  it('a leader that is removed spreads the commit and steps down', () => {
    const cluster = createCluster({ random: seededRandom(5) }, [1, 2, 3]);
    const one = cluster.replicas.get(1)!;
    turn(cluster, one, (raft) => raft.campaign());
    stabilize(cluster);
    turn(cluster, one, (raft) =>
      raft.proposeConfChange({ transition: 'auto', steps: [{ type: 'remove', id: 1 }] }),
    );
    stabilize(cluster);
    assert.equal(one.raft!.status().role, 'follower');
    assert.deepEqual(cluster.replicas.get(3)!.conf.voters, [2, 3]);
  });

  it('replicas that heard a leader just now ignore campaigns, unless it hands over', () => {
    const raft = createReplica(foundingState([1, 2, 3]));
    raft.step(heartbeat(2));
    pump(raft);
    const log = { lastIndex: 9, lastTerm: 2, commit: 1, commitTerm: 1 };
    raft.step({ type: 'vote', from: 3, to: 1, term: 3, ...log, isTransfer: false });
    assert.deepEqual([raft.hasReady(), raft.status().term], [false, 2]);
    raft.step({ type: 'vote', from: 3, to: 1, term: 3, ...log, isTransfer: true });
    assert.equal(find(pump(raft), 'vote-reply')[0]!.granted, true);
  });

  it('every config entry but the last in a log is committed, also when the disk forgot', () => {
    const data = Buffer.from('{"transition":"auto","steps":[{"type":"add-learner","id":9}]}');
    const entries = [2, 3, 4].map((index) => ({
      ...entry(index, 1),
      type: 'config' as const,
      data,
    }));
    const raft = createReplica({ ...foundingState([1, 2, 3]), entries });
    assert.equal(raft.status().commit, 3);
  });
});

describe('thesis 6.2, a leader that hears no quorum', () => {
  it('steps down after an election timeout', () => {
    const raft = createLeader();
    tickTimes(raft, defaultRaftConfig.electionTicks - 1);
    assert.equal(raft.status().role, 'leader');
    raft.tick();
    assert.equal(raft.status().role, 'follower');
  });
});

describe('thesis 6.4, reads', () => {
  it('are refused until an entry of the own term is committed', () => {
    const raft = createLeader();
    pump(raft);
    assert.deepEqual(raft.readIndex(1), { accepted: false, reason: 'not-ready' });
  });

  it('share one round of heartbeats, and wait for a quorum to answer it', () => {
    const raft = createLeader();
    pump(raft);
    raft.step({ type: 'append-accepted', from: 3, to: 1, term: 2, index: 2 });
    pump(raft);
    for (const context of [11, 12]) assert.ok(raft.readIndex(context).accepted);
    const first = raft.ready();
    assert.deepEqual(first.reads, []);
    assert.deepEqual(
      find(first.messages, 'heartbeat').map((m) => [m.to, m.readRound]),
      [
        [2, 1],
        [3, 1],
      ],
    );
    raft.step({ type: 'heartbeat-reply', from: 3, to: 1, term: 2, readRound: 1 });
    assert.deepEqual(raft.ready().reads, [
      { context: 11, index: 2 },
      { context: 12, index: 2 },
    ]);
  });

  it('an answer to an earlier round confirms no later read', () => {
    const raft = createLeader();
    pump(raft);
    raft.step({ type: 'append-accepted', from: 3, to: 1, term: 2, index: 2 });
    pump(raft);
    raft.readIndex(1);
    pump(raft);
    raft.readIndex(2);
    pump(raft);
    raft.step({ type: 'heartbeat-reply', from: 3, to: 1, term: 2, readRound: 1 });
    assert.deepEqual(raft.ready().reads, [{ context: 1, index: 2 }]);
  });

  it('are refused when the leader steps down', () => {
    const raft = createLeader();
    pump(raft);
    raft.step({ type: 'append-accepted', from: 3, to: 1, term: 2, index: 2 });
    raft.readIndex(5);
    raft.step({ type: 'newer-term', from: 3, to: 1, term: 7 });
    assert.deepEqual(raft.ready().refusedReads, [5]);
  });

  it('a follower asks its leader in one message', () => {
    const raft = createReplica(foundingState([1, 2, 3]));
    assert.deepEqual(raft.readIndex(1), { accepted: false, reason: 'no-leader' });
    raft.step(heartbeat(2));
    pump(raft);
    raft.readIndex(1);
    raft.readIndex(2);
    assert.deepEqual(raft.ready().messages, [
      { type: 'read-index', from: 1, to: 2, term: 2, contexts: [1, 2] },
    ]);
    raft.step({ type: 'read-index-reply', from: 2, to: 1, term: 2, contexts: [1, 2], index: 4 });
    assert.equal(raft.ready().reads.length, 2);
  });
});

describe('thesis 9.6, pre-vote', () => {
  it('a replica that was cut off disturbs nobody when it returns', () => {
    const cluster = createCluster({ random: seededRandom(4) }, [1, 2, 3]);
    const [one, three] = [cluster.replicas.get(1)!, cluster.replicas.get(3)!];
    turn(cluster, one, (raft) => raft.campaign());
    stabilize(cluster);
    const { term } = one.raft!.status();
    cluster.isCut = (from, to) => from === 3 || to === 3;
    for (let i = 0; i < 100; i++) {
      for (const replica of cluster.replicas.values())
        turn(cluster, replica, (raft) => raft.tick());
      stabilize(cluster);
    }
    assert.equal(three.raft!.status().role, 'pre-candidate');
    cluster.isCut = () => false;
    turn(cluster, one, (raft) => raft.tick());
    stabilize(cluster);
    assert.equal(leaderOf(cluster), one);
    assert.equal(three.raft!.status().term, term);
  });
});
