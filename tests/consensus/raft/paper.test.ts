// The Raft paper, section by section.

import { strict as assert } from 'node:assert';
import { defaultRaftConfig } from '../../../consensus/raft/config.ts';
import type { Message } from '../../../consensus/raft/messages.ts';
import { createRaft } from '../../../consensus/raft/raft.ts';
import { raftRules } from '../../../consensus/raft/rules.ts';
import {
  createLeader,
  createReplica,
  entry,
  find,
  heartbeat,
  pump,
  tickTimes,
  withLog,
} from './by-hand.ts';
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
import type { Cluster } from './cluster.ts';
import { seededRandom } from './seeded-random.ts';

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

  const withoutTerm = (message: Extract<Message, { type: 'append' }>, term: number): Message => ({
    ...message,
    entries: message.entries.filter((e) => e.term < term),
  });

  /**
   * Figure 8: an entry of term 2 gets onto a majority in term 4, and 5 with an entry of term 3 wins
   * term 5.
   */
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
    // 1 wins. Its no-op gets nowhere, so the others' disks take the old entry only.
    for (let i = 0; i < 20 && one.raft!.status().commit < 2; i++) {
      for (let left = cluster.network.length; left > 0; left--) {
        const { message } = cluster.network.shift()!;
        if (cluster.isCut(message.from, message.to)) continue;
        const told = message.type === 'append' ? withoutTerm(message, 4) : message;
        turn(cluster, cluster.replicas.get(message.to)!, (raft) => raft.step(told));
      }
      for (const replica of cluster.replicas.values()) completeWrite(cluster, replica);
      turn(cluster, one, (raft) => raft.tick());
    }
    assert.deepEqual(
      [1, 2, 3].map((id) => cluster.replicas.get(id)!.disk.entries.map((e) => e.term)),
      [[2, 4], [2], [2]],
    );
    crash(cluster, one);
    only(2, 3, 4, 5);
    cluster.network = [];
    for (const id of [2, 3, 4, 5]) {
      const replica = cluster.replicas.get(id)!;
      turn(cluster, replica, (raft) => tickTimes(raft, defaultRaftConfig.electionTicks));
    }
    cluster.network = [];
    // The first campaign tells 5 of term 4, the next one wins term 5.
    for (let i = 0; i < 2; i++) {
      turn(cluster, five, (raft) => raft.campaign());
      stabilize(cluster);
    }
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
