// A seed's worth of trouble, then a time of peace in which everything must come together.

import { strict as assert } from 'node:assert';
import type { Random } from '../../../runtime/index.ts';
import { pick } from '../../../runtime/index.ts';
import type { ConfChange, ConfStep } from '../../../consensus/raft/conf-change/change.ts';
import { leaveJoint } from '../../../consensus/raft/conf-change/change.ts';
import { isJoint, isVoter, membersOf } from '../../../consensus/raft/conf-change/draft.ts';
import type { Rules } from '../../../consensus/raft/rules.ts';
import {
  addReplica,
  applyAll,
  compact,
  completeWrite,
  crash,
  createCluster,
  deliver,
  drop,
  leaderOf,
  stabilize,
  start,
  turn,
} from './cluster.ts';
import type { Cluster, ClusterOptions, Replica } from './cluster.ts';
import { seededRandom } from './seeded-random.ts';

export interface ChaosOptions {
  readonly steps: number;
  readonly rules?: Rules;
  readonly faults?: Omit<ClusterOptions, 'random' | 'rules' | 'config'>;
}

interface Chaos {
  readonly cluster: Cluster;
  readonly random: Random;
  readonly calm: number;
  /** Leaders fall as soon as they rise. */
  readonly isStorm: boolean;
  nextId: number;
  commands: number;
}

/** What a run did, to see that it was worth something. */
export interface ChaosResult {
  readonly committed: number;
  readonly terms: number;
  readonly reads: number;
  readonly confs: number;
  readonly digest: number;
}

/** Small limits, so that every one of them is met. */
const config = {
  electionTicks: 6,
  heartbeatTicks: 2,
  learnerHeartbeatTicks: 4,
  maxAppendBytes: 120,
  maxInflightMessages: 3,
  maxInflightBytes: 300,
  maxUnappliedBytes: 2000,
  maxApplyBytes: 200,
};

/** Runs one seed; throws where a checker finds something. */
export function runChaos(seed: number, options: ChaosOptions): ChaosResult {
  const random = seededRandom(seed);
  const voters = [1, 2, 3, 4, 5].slice(0, pick(random, [1, 3, 3, 3, 5, 5]));
  const rules = options.rules === undefined ? {} : { rules: options.rules };
  const limits = { ...config, maxAppendBytes: pick(random, [1, 60, 120])! };
  const cluster = createCluster({ ...options.faults, ...rules, random, config: limits }, voters);
  // Some runs are rough throughout, some let the cluster get far between troubles.
  const calm = 0.2 + 0.8 * random.float();
  const isStorm = random.float() < 0.4;
  const chaos = { cluster, random, calm, isStorm, nextId: voters.length + 1, commands: 0 };
  for (let i = 0; i < options.steps; i++) disturb(chaos);
  heal(chaos);
  let reads = 0;
  for (const replica of cluster.replicas.values()) reads += replica.readResults.size;
  const { committed, leaderOf: leaders, highestCommit, digests } = cluster.checkers;
  const confs = [...committed.values()].filter((entry) => entry.data.startsWith('config')).length;
  const digest = digests.get(highestCommit) ?? 0;
  return { committed: highestCommit, terms: leaders.size, reads, confs, digest };
}

function disturb(chaos: Chaos): void {
  const { cluster, random, calm } = chaos;
  if (chaos.isStorm && random.float() < 0.03) strikeLeader(chaos);
  const dice = random.float();
  const replica = pick(random, [...cluster.replicas.values()])!;
  if (dice < 0.45) shuffleNetwork(chaos);
  else if (dice < 0.62) completeWrite(cluster, replica);
  else if (dice < 0.74) applyAll(cluster, replica);
  else if (dice < 0.86) tick(chaos, replica);
  else if (dice < 0.9) proposeSomething(chaos);
  else if (dice < 0.93) readSomething(chaos, replica);
  else if (random.float() > calm * 0.7) makeTrouble(chaos, replica);
  else if (random.float() < 0.2) compact(cluster, replica, random.integer(6));
}

/** Failure detectors are often mistaken here. */
function tick({ cluster, random }: Chaos, replica: Replica): void {
  turn(cluster, replica, (raft) => {
    raft.tick();
    if (random.float() < 0.1) raft.suspectLeader();
  });
}

function shuffleNetwork(chaos: Chaos): void {
  const { cluster, random, calm } = chaos;
  const { length } = cluster.network;
  if (length === 0) return;
  // Mostly the oldest first, sometimes any.
  const at = random.float() < 0.7 ? 0 : random.integer(length);
  const dice = random.float() * calm;
  if (dice < 0.02 || length > 200) drop(cluster, at);
  else {
    const isSnapshot = cluster.network[at]!.message.type === 'install-snapshot';
    deliver(cluster, at, dice < 0.04 && !isSnapshot);
  }
}

function proposeSomething(chaos: Chaos): void {
  const leader = leaderOf(chaos.cluster);
  if (leader === undefined) return;
  const count = 1 + chaos.random.integer(3);
  const data = Array.from({ length: count }, () => Buffer.from(`command ${chaos.commands++}`));
  turn(chaos.cluster, leader, (raft) => raft.propose(data));
}

function readSomething(chaos: Chaos, replica: Replica): void {
  const context = ++chaos.commands;
  const askedAt = chaos.cluster.checkers.highestCommit;
  turn(chaos.cluster, replica, (raft) => {
    const haste = context % 3 === 0 ? 'with-heartbeat' : 'at-once';
    if (raft.readIndex(context, haste).accepted) replica.reads.set(context, askedAt);
  });
}

function makeTrouble(chaos: Chaos, replica: Replica): void {
  const { cluster, random } = chaos;
  const dice = random.float();
  if (dice < 0.25) {
    if (replica.raft === undefined) start(cluster, replica);
    else crash(cluster, replica);
  } else if (dice < 0.4) {
    if (replica.raft === undefined) start(cluster, replica);
  } else if (dice < 0.5) partition(chaos);
  else if (dice < 0.6) cluster.isCut = () => false;
  else if (dice < 0.75) changeConf(chaos);
  else if (dice < 0.85) transfer(chaos);
  else if (dice < 0.9) turn(cluster, replica, (raft) => raft.campaign());
  else if (dice < 0.95) {
    const other = pick(random, [...cluster.replicas.keys()])!;
    turn(cluster, replica, (raft) => raft.reportUnreachable(other));
  } else compact(cluster, replica, random.integer(6));
}

/**
 * Ends a leader's time, or lets somebody challenge it; what it had not spread may come back later.
 */
function strikeLeader(chaos: Chaos): void {
  const { cluster, random } = chaos;
  const leader = leaderOf(cluster);
  const other = pick(random, [...cluster.replicas.values()])!;
  if (other.raft === undefined) start(cluster, other);
  else if (leader !== undefined && random.float() < 0.5) crash(cluster, leader);
  else {
    for (let i = 0; i < config.electionTicks; i++) {
      for (const each of cluster.replicas.values()) {
        if (each !== leader) turn(cluster, each, (raft) => raft.tick());
      }
    }
    turn(cluster, other, (raft) => raft.campaign());
  }
}

/** Splits the cluster in two, or cuts single directions. */
function partition(chaos: Chaos): void {
  const { cluster, random } = chaos;
  const side = new Map([...cluster.replicas.keys()].map((id) => [id, random.integer(2)]));
  const isOneWay = random.float() < 0.3;
  cluster.isCut = (from, to) => {
    const [a, b] = [side.get(from) ?? 0, side.get(to) ?? 0];
    return isOneWay ? a < b : a !== b;
  };
}

function transfer(chaos: Chaos): void {
  const leader = leaderOf(chaos.cluster);
  const to = pick(chaos.random, [...chaos.cluster.replicas.keys()])!;
  if (leader !== undefined) turn(chaos.cluster, leader, (raft) => raft.transferLeader(to));
}

function changeConf(chaos: Chaos): void {
  const { cluster, random } = chaos;
  const leader = leaderOf(cluster);
  if (leader === undefined) return;
  const { conf } = leader.raft!.status();
  const steps: ConfStep[] = [];
  for (let i = 1 + random.integer(3); i > 0; i--) steps.push(randomStep(chaos, leader));
  const transition = pick(random, ['auto', 'implicit', 'explicit'] as const)!;
  const mayLeave = isJoint(conf) && random.float() < 0.7;
  const change: ConfChange = mayLeave ? leaveJoint : { transition, steps };
  turn(cluster, leader, (raft) => raft.proposeConfChange(change));
}

function randomStep(chaos: Chaos, leader: Replica): ConfStep {
  const { cluster, random } = chaos;
  const members = membersOf(leader.raft!.status().conf);
  const type = pick(random, ['add-voter', 'add-voter', 'add-learner', 'remove'] as const)!;
  const isNew = type !== 'remove' && members.length < 6 && chaos.nextId < 12;
  if (!isNew || random.float() < 0.4) return { type, id: pick(random, members)! };
  const id = chaos.nextId++;
  addReplica(cluster, id);
  return { type, id };
}

/** No more trouble: a leader must be found, and everybody must come to the same state. */
function heal(chaos: Chaos): void {
  const { cluster } = chaos;
  cluster.isCut = () => false;
  for (const replica of cluster.replicas.values()) {
    if (replica.raft === undefined) start(cluster, replica);
  }
  let goal = { index: 0, term: 0 };
  for (let ticks = 0; ticks < 400; ticks++) {
    for (const replica of cluster.replicas.values()) turn(cluster, replica, (raft) => raft.tick());
    stabilize(cluster);
    const leader = leaderOf(cluster);
    if (leader === undefined) continue;
    if (isJoint(leader.conf) && !leader.conf.autoLeave) {
      turn(cluster, leader, (raft) => raft.proposeConfChange(leaveJoint));
    }
    if (leader.raft!.status().term !== goal.term) {
      // What an earlier leader took may be lost with it.
      turn(cluster, leader, (raft) => {
        const outcome = raft.propose([Buffer.from('after the storm')]);
        if (outcome.accepted) goal = { index: outcome.firstIndex, term: outcome.term };
      });
    } else if (hasConverged(cluster, leader, goal.index)) return;
  }
  assert.fail('liveness: no leader, or not everybody caught up');
}

function hasConverged(cluster: Cluster, leader: Replica, goal: number): boolean {
  if (leader.machine.index < goal || !isVoter(leader.conf, leader.id) || isJoint(leader.conf)) {
    return false;
  }
  return membersOf(leader.conf).every((id) => {
    const { machine } = cluster.replicas.get(id)!;
    return machine.index === leader.machine.index && machine.digest === leader.machine.digest;
  });
}
