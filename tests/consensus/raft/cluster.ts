// A cluster in memory: replicas, their disks and state machines, and a network that a test or a
// seed plays with.

import { strict as assert } from 'node:assert';
import type { Random } from '../../../runtime/index.ts';
import { emptyConf } from '../../../consensus/raft/conf-change/changer.ts';
import { defaultRaftConfig } from '../../../consensus/raft/config.ts';
import type { RaftConfig } from '../../../consensus/raft/config.ts';
import { blankState } from '../../../consensus/raft/initial-state.ts';
import type { InitialState } from '../../../consensus/raft/initial-state.ts';
import type { Message } from '../../../consensus/raft/messages.ts';
import { createRaft } from '../../../consensus/raft/raft.ts';
import type { Raft } from '../../../consensus/raft/raft.ts';
import type { Ready } from '../../../consensus/raft/ready.ts';
import { raftRules } from '../../../consensus/raft/rules.ts';
import type { Rules } from '../../../consensus/raft/rules.ts';
import type { ConfState, Entry } from '../../../consensus/raft/types.ts';
import {
  checkDigest,
  checkEntries,
  checkRead,
  checkReplica,
  createCheckers,
  digestAfter,
} from './checkers.ts';
import type { Checkers, Witness } from './checkers.ts';
import { crashDisk, createDisk, recover, trimDisk, writeOne } from './simulated-disk.ts';
import type { SimulatedDisk, StoredSnapshot } from './simulated-disk.ts';

export interface Packet {
  readonly message: Message;
  /** Travels with install-snapshot. */
  readonly snapshot: StoredSnapshot | undefined;
}

export interface Replica {
  readonly id: number;
  readonly disk: SimulatedDisk;
  /** Undefined while it is down. */
  raft: Raft | undefined;
  witness: Witness;
  machine: { index: number; digest: number };
  conf: ConfState;
  received: StoredSnapshot | undefined;
  /** Entries handed out but not yet applied: the state machine may lag. */
  toApply: Entry[];
  /** By context: what was committed when the read was asked. */
  reads: Map<number, number>;
  readonly readResults: Map<number, number>;
}

export interface ClusterOptions {
  readonly random: Random;
  readonly config?: Partial<RaftConfig>;
  readonly rules?: Rules;
  /** Planted bugs of the shell. */
  readonly reportsTooEarly?: boolean;
  readonly forgetsHardState?: boolean;
  readonly forgetsToCut?: boolean;
  /** Called with every Ready, for transcripts. */
  readonly onReady?: (replica: Replica, ready: Ready) => void;
}

export interface Cluster {
  readonly options: ClusterOptions;
  readonly replicas: Map<number, Replica>;
  readonly disks: Map<number, SimulatedDisk>;
  readonly checkers: Checkers;
  network: Packet[];
  /** True when packets from one to the other are lost. */
  isCut: (from: number, to: number) => boolean;
}

/** The state of founding members: a snapshot at index 1 that names them. */
export function foundingState(
  voters: readonly number[],
  learners: readonly number[] = [],
): InitialState {
  const conf = { ...emptyConf, voters, learners };
  return {
    hardState: { term: 1, vote: 0, commit: 1 },
    snapshot: { index: 1, term: 1, conf },
    entries: [],
  };
}

export function createCluster(
  options: ClusterOptions,
  voters: readonly number[],
  learners: readonly number[] = [],
): Cluster {
  const cluster: Cluster = {
    options,
    replicas: new Map(),
    disks: new Map(),
    checkers: createCheckers(),
    network: [],
    isCut: () => false,
  };
  const state = foundingState(voters, learners);
  for (const id of [...voters, ...learners]) addReplica(cluster, id, state);
  return cluster;
}

/** A further replica, blank unless told otherwise. */
export function addReplica(cluster: Cluster, id: number, initial = blankState): Replica {
  const disk = createDisk(initial);
  disk.forgetsToCut = cluster.options.forgetsToCut ?? false;
  const replica: Replica = {
    id,
    disk,
    raft: undefined,
    witness: { term: 0, commit: 0, leads: false },
    machine: { index: 0, digest: 0 },
    conf: emptyConf,
    received: undefined,
    toApply: [],
    reads: new Map(),
    readResults: new Map(),
  };
  cluster.replicas.set(id, replica);
  cluster.disks.set(id, disk);
  start(cluster, replica);
  return replica;
}

/** Starts a replica from what its disk holds. */
export function start(cluster: Cluster, replica: Replica): void {
  const { disk } = replica;
  const { random, config, rules } = cluster.options;
  const { digest, meta } = disk.snapshot ?? { digest: 0, meta: undefined };
  replica.machine = { index: meta?.index ?? 0, digest };
  replica.conf = meta?.conf ?? emptyConf;
  const full = { ...defaultRaftConfig, ...config, id: replica.id };
  replica.raft = createRaft(full, random, recover(disk), rules ?? raftRules);
  // A log that the core does not go on from is behind the snapshot: the shell starts it anew.
  if (replica.raft.status().lastIndex === meta?.index) disk.entries = [];
  replica.witness = { term: disk.hardState.term, commit: 0, leads: false };
  replica.toApply = [];
  settle(cluster, replica);
}

/** Stops a replica as a power cut does. */
export function crash(cluster: Cluster, replica: Replica): void {
  replica.raft = undefined;
  replica.reads = new Map();
  const { hardState } = replica.disk;
  crashDisk(replica.disk, cluster.options.random);
  if (cluster.options.forgetsHardState === true) {
    replica.disk.hardState = { ...hardState, vote: 0 };
    replica.disk.unsynced = replica.disk.hardState;
  }
}

/** Lets `act` do something to a running replica, takes what comes of it, and checks everything. */
export function turn(cluster: Cluster, replica: Replica, act: (raft: Raft) => void): void {
  if (replica.raft === undefined) return;
  act(replica.raft);
  settle(cluster, replica);
}

function settle(cluster: Cluster, replica: Replica): void {
  const raft = replica.raft!;
  for (let rounds = 0; raft.hasReady(); rounds++) {
    assert.ok(rounds < 100, `replica ${replica.id} is never done`);
    check(cluster, replica);
    takeReady(cluster, replica, raft.ready());
  }
  check(cluster, replica);
}

function check(cluster: Cluster, replica: Replica): void {
  const entries = replica.disk.queue.flatMap((write) => write.persist.entries);
  const entryOf = (index: number): Entry | undefined => {
    const term = replica.raft!.termAt(index);
    const matches = (entry: Entry): boolean => entry.index === index && entry.term === term;
    return entries.find(matches) ?? replica.disk.entries.find(matches);
  };
  checkReplica(
    cluster.checkers,
    replica.witness,
    replica.raft!,
    replica.id,
    cluster.disks,
    entryOf,
  );
}

function takeReady(cluster: Cluster, replica: Replica, ready: Ready): void {
  const { disk } = replica;
  cluster.options.onReady?.(replica, ready);
  checkEntries(cluster.checkers, replica.raft!, ready);
  for (const message of ready.messages) {
    const snapshot = message.type === 'install-snapshot' ? disk.snapshot : undefined;
    cluster.network.push({ message, snapshot });
  }
  if (ready.persist !== undefined) {
    const snapshot = ready.persist.snapshot === undefined ? undefined : replica.received;
    assert.equal(snapshot?.meta.index, ready.persist.snapshot?.index);
    disk.queue.push({ persist: ready.persist, snapshot });
    if (cluster.options.reportsTooEarly === true && snapshot === undefined) {
      replica.raft!.persisted(ready.persist.token);
    }
  }
  replica.toApply.push(...ready.committed);
  for (const { context, index } of ready.reads) {
    const askedAt = replica.reads.get(context);
    if (askedAt !== undefined) checkRead(askedAt, index);
    replica.readResults.set(context, index);
    replica.reads.delete(context);
  }
  for (const context of ready.refusedReads) replica.reads.delete(context);
}

/** Carries out the oldest write of a replica's disk and reports it. */
export function completeWrite(cluster: Cluster, replica: Replica): boolean {
  if (replica.raft === undefined) return false;
  const write = writeOne(replica.disk);
  if (write === undefined) return false;
  if (write.snapshot !== undefined) {
    const { meta, digest } = write.snapshot;
    replica.machine = { index: meta.index, digest };
    replica.conf = meta.conf;
    replica.toApply = [];
    checkDigest(cluster.checkers, meta.index, digest);
  }
  turn(cluster, replica, (raft) => raft.persisted(write.persist.token));
  return true;
}

/** Applies what was handed out to a replica's state machine. */
export function applyAll(cluster: Cluster, replica: Replica): boolean {
  const entries = replica.toApply;
  replica.toApply = [];
  const last = entries.at(-1);
  if (replica.raft === undefined || last === undefined) return false;
  turn(cluster, replica, (raft) => {
    for (const entry of entries) {
      if (entry.index <= replica.machine.index) continue;
      assert.equal(entry.index, replica.machine.index + 1, 'applied with a gap');
      const digest = digestAfter(replica.machine.digest, entry);
      replica.machine = { index: entry.index, digest };
      checkDigest(cluster.checkers, entry.index, digest);
      if (entry.type !== 'config') continue;
      replica.conf = raft.applyConfChange(entry);
      // Here, for what it commits is to be judged by this configuration, not by a later one.
      check(cluster, replica);
    }
    raft.applied(last.index);
  });
  return true;
}

/**
 * Takes packet `at` off the network and delivers it, unless the link is cut or the receiver is
 * down.
 */
export function deliver(cluster: Cluster, at: number, keep = false): void {
  const packet = cluster.network[at]!;
  if (!keep) cluster.network.splice(at, 1);
  const { message, snapshot } = packet;
  const receiver = cluster.replicas.get(message.to);
  const isCut = cluster.isCut(message.from, message.to);
  if (receiver?.raft !== undefined && !isCut) {
    turn(cluster, receiver, (raft) => {
      if (snapshot !== undefined) {
        const pending = receiver.disk.queue.some((write) => write.snapshot !== undefined);
        // One snapshot at a time; while one is being installed a second is not taken in.
        if (pending) return;
        receiver.received = snapshot;
      }
      raft.step(message);
    });
  }
  const isDelivered = receiver?.raft !== undefined && !isCut;
  if (message.type === 'install-snapshot') report(cluster, message, isDelivered);
}

/** Loses packet `at`. */
export function drop(cluster: Cluster, at: number): void {
  const [packet] = cluster.network.splice(at, 1);
  if (packet!.message.type === 'install-snapshot') report(cluster, packet!.message, false);
}

function report(cluster: Cluster, message: Message, isDelivered: boolean): void {
  const sender = cluster.replicas.get(message.from)!;
  turn(cluster, sender, (raft) => raft.reportSnapshot(message.to, isDelivered));
}

/** Snapshots a replica's state machine and compacts its log, keeping `trailing` entries. */
export function compact(cluster: Cluster, replica: Replica, trailing: number): void {
  const { machine, disk, conf } = replica;
  if (replica.raft === undefined || machine.index <= (disk.snapshot?.meta.index ?? 0)) return;
  // What was applied but not reported would leave the snapshot ahead of the core.
  if (replica.raft.status().applied !== machine.index) return;
  const term = replica.raft.termAt(machine.index);
  // The leader's snapshot is on its way in and will replace this state.
  if (term === undefined) return;
  const meta = { index: machine.index, term, conf };
  disk.snapshot = { meta, digest: machine.digest };
  const upTo = Math.max(0, machine.index - trailing);
  turn(cluster, replica, (raft) => {
    raft.snapshotTaken(meta);
    raft.compact(upTo);
  });
  trimDisk(disk, upTo);
}

/** The running leader with the highest term. */
export function leaderOf(cluster: Cluster): Replica | undefined {
  let best: Replica | undefined;
  let term = 0;
  for (const replica of cluster.replicas.values()) {
    const status = replica.raft?.status();
    if (status?.role !== 'leader' || status.term <= term) continue;
    [best, term] = [replica, status.term];
  }
  return best;
}

/** Delivers, writes and applies, in order of id, until nothing is left to do. */
export function stabilize(cluster: Cluster, rounds = 1000): void {
  for (let round = 0; round < rounds; round++) {
    let isBusy = false;
    for (let left = cluster.network.length; left > 0; left--) {
      deliver(cluster, 0);
      isBusy = true;
    }
    for (const replica of cluster.replicas.values()) {
      while (completeWrite(cluster, replica)) isBusy = true;
      if (applyAll(cluster, replica)) isBusy = true;
    }
    if (!isBusy) return;
  }
  assert.fail('the cluster never comes to rest');
}
