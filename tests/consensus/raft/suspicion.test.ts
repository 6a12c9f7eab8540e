// What a failure detector's suspicion of the leader does to elections: it hurries them, and decides nothing.

import { strict as assert } from 'node:assert';
import { defaultRaftConfig } from '../../../consensus/raft/config.ts';
import { createReplica, find, heartbeat, pump, tickTimes } from './by-hand.ts';
import { createCluster, foundingState, leaderOf, stabilize, turn } from './cluster.ts';
import type { Cluster } from './cluster.ts';
import { seededRandom } from './seeded-random.ts';

const { electionTicks } = defaultRaftConfig;

function ledBy1(seed: number): Cluster {
  const cluster = createCluster({ random: seededRandom(seed) }, [1, 2, 3]);
  turn(cluster, cluster.replicas.get(1)!, (raft) => raft.campaign());
  stabilize(cluster);
  return cluster;
}

/** One tick of each replica in `ids`, which say that they suspect the leader. */
function tickSuspecting(cluster: Cluster, ids: readonly number[], suspecting: readonly number[]) {
  for (const id of ids) {
    turn(cluster, cluster.replicas.get(id)!, (raft) => {
      raft.tick();
      if (suspecting.includes(id)) raft.suspectLeader();
    });
    stabilize(cluster);
  }
}

describe('a reluctant replica', () => {
  /** The first to lead after the leader was lost, when these are reluctant. */
  const heirOf = (seed: number, reluctant: readonly number[], alive: readonly number[]): number => {
    const cluster = ledBy1(seed);
    cluster.isCut = (from, to) => !alive.includes(from) || !alive.includes(to);
    for (const id of reluctant) cluster.replicas.get(id)!.raft!.setReluctant(true);
    for (let ticks = 0; ticks < 20 * electionTicks; ticks++) {
      tickSuspecting(cluster, alive, []);
      const heir = alive.find((id) => cluster.replicas.get(id)!.raft!.status().role === 'leader');
      if (heir !== undefined) return heir;
    }
    return 0;
  };

  it('lets another lead that can', () => {
    for (let seed = 1; seed <= 100; seed++) assert.equal(heirOf(seed, [2], [2, 3]), 3);
  });

  it('leads where nobody else wants to', () => {
    const heirs = new Set<number>();
    for (let seed = 1; seed <= 20; seed++) heirs.add(heirOf(seed, [2, 3], [2, 3]));
    assert.ok(heirs.has(2) && heirs.has(3) && heirs.size === 2);
  });
});

describe('a suspected leader', () => {
  it('is replaced long before an election timeout when a majority suspects it', () => {
    let slowest = 0;
    for (let seed = 1; seed <= 200; seed++) {
      const cluster = ledBy1(seed);
      cluster.isCut = (from, to) => from === 1 || to === 1;
      let ticks = 0;
      const isReplaced = () =>
        [2, 3].some((id) => cluster.replicas.get(id)!.raft!.status().role === 'leader');
      while (!isReplaced()) {
        ticks++;
        assert.ok(ticks < electionTicks, `seed ${seed}: no leader after ${ticks} ticks`);
        tickSuspecting(cluster, [2, 3], [2, 3]);
      }
      slowest = Math.max(slowest, ticks);
    }
    assert.ok(slowest > 2, 'somebody waits at times');
  });

  it('goes on leading in its term when one voter is mistaken', () => {
    const cluster = ledBy1(1);
    const one = cluster.replicas.get(1)!;
    const { term } = one.raft!.status();
    for (let i = 0; i < 100; i++) tickSuspecting(cluster, [1, 2, 3], [3]);
    assert.equal(leaderOf(cluster), one);
    assert.equal(one.raft!.status().term, term);
  });

  it('is left alone by a voter that cannot hear it, as long as the others do', () => {
    const cluster = ledBy1(1);
    const one = cluster.replicas.get(1)!;
    const { term } = one.raft!.status();
    cluster.isCut = (from, to) => from === 1 && to === 3;
    for (let i = 0; i < 100; i++) tickSuspecting(cluster, [1, 2, 3], [3]);
    assert.equal(leaderOf(cluster), one);
    assert.equal(one.raft!.status().term, term);
  });

  it('is given its whole time again as soon as it is heard', () => {
    const raft = createReplica(foundingState([1, 2, 3]));
    raft.step(heartbeat(2));
    tickTimes(raft, 2);
    raft.suspectLeader();
    raft.step(heartbeat(2));
    pump(raft);
    tickTimes(raft, electionTicks - 1);
    assert.deepEqual(find(pump(raft), 'pre-vote'), []);
    tickTimes(raft, 1);
    assert.equal(find(pump(raft), 'pre-vote').length, 2);
  });

  it('hurries few campaigns: a slow disk must not make them endless', () => {
    const raft = createReplica(foundingState([1, 2, 3]));
    raft.step(heartbeat(2));
    tickTimes(raft, 2);
    let campaigns = 0;
    for (let i = 0; i < 2 * electionTicks; i++) {
      raft.suspectLeader();
      raft.tick();
      if (find(pump(raft), 'pre-vote').length > 0) campaigns++;
    }
    assert.equal(campaigns, 3);
  });
});
