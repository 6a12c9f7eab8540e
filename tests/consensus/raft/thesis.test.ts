// What the Raft thesis adds to the paper, chapter by chapter.

import { strict as assert } from 'node:assert';
import { defaultRaftConfig } from '../../../consensus/raft/config.ts';
import type { Message } from '../../../consensus/raft/messages.ts';
import type { Raft } from '../../../consensus/raft/raft.ts';
import {
  command,
  createLeader,
  createReplica,
  entry,
  find,
  heartbeat,
  pump,
  tickTimes,
} from './by-hand.ts';
import { createCluster, foundingState, leaderOf, stabilize, turn } from './cluster.ts';
import { seededRandom } from './seeded-random.ts';

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

describe('thesis 4.2.1, learners', () => {
  const timing = { heartbeatTicks: 2, learnerHeartbeatTicks: 4, electionTicks: 8 };
  const accepted = { type: 'append-accepted', to: 1, term: 2 } as const;
  const told = (raft: Raft, ticks: number): number[] => {
    const sent: Message[] = [];
    for (let i = 0; i < ticks; i++) {
      raft.tick();
      sent.push(...pump(raft));
      raft.step({ type: 'heartbeat-reply', from: 3, to: 1, term: 2, readRound: 0 });
    }
    return find(sent, 'heartbeat').map(({ to }) => to);
  };

  it('hear a heartbeat more seldom once they have the whole log, and voters do not', () => {
    const raft = createLeader(timing);
    pump(raft);
    raft.step({ ...accepted, from: 3, index: 2 });
    pump(raft);
    raft.proposeConfChange({ transition: 'auto', steps: [{ type: 'add-learner', id: 4 }] });
    pump(raft);
    raft.step({ ...accepted, from: 3, index: 3 });
    pump(raft);
    assert.deepEqual(told(raft, 4), [2, 3, 4, 2, 3, 4]);
    raft.step({ ...accepted, from: 4, index: 3 });
    assert.deepEqual(
      told(raft, 8).filter((to) => to !== 2),
      [3, 3, 4, 3, 3, 4],
    );
    raft.propose(command('a'));
    pump(raft);
    raft.step({ ...accepted, from: 3, index: 4 });
    assert.deepEqual(
      told(raft, 4).filter((to) => to === 4),
      [4, 4],
    );
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

  it('that are in no hurry go with the next heartbeat, and none is sent for them', () => {
    const raft = createLeader({ heartbeatTicks: 2, learnerHeartbeatTicks: 2 });
    pump(raft);
    raft.step({ type: 'append-accepted', from: 3, to: 1, term: 2, index: 2 });
    pump(raft);
    assert.ok(raft.readIndex(11, 'with-heartbeat').accepted);
    raft.tick();
    assert.ok(raft.readIndex(12, 'with-heartbeat').accepted);
    assert.deepEqual(pump(raft), []);
    // What was under way before they were asked confirms none of them.
    raft.step({ type: 'heartbeat-reply', from: 3, to: 1, term: 2, readRound: 0 });
    raft.tick();
    const { messages, reads } = raft.ready();
    assert.deepEqual(reads, []);
    assert.deepEqual(
      find(messages, 'heartbeat').map((m) => [m.to, m.readRound]),
      [
        [2, 1],
        [3, 1],
      ],
    );
    raft.step({ type: 'heartbeat-reply', from: 3, to: 1, term: 2, readRound: 1 });
    const confirmed = raft.ready().reads.map(({ context }) => context);
    assert.deepEqual(confirmed, [11, 12]);
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
