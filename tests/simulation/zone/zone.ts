// A zone of whole replicas, production code, each with its disk, its clock and its lives, over one network.
//
//   start -> opening -> open --exit, power, failure--> down --start--> ...
//                          '--leave--> left for good; a peer of that name joins anew with an empty disk

import { isFenced } from '../../../consensus/replica/fence.ts';
import { openZoneLog } from '../../../consensus/replica/open-zone-log.ts';
import type { ZoneLog } from '../../../consensus/replica/open-zone-log.ts';
import type { ReplicaParts } from '../../../consensus/replica/replica-parts.ts';
import { isDiskFull } from '../../../consensus/log/disk.ts';
import type { Disk } from '../../../consensus/log/disk.ts';
import { createActorSystem, createRingLogger, parseAddress } from '../../../runtime/index.ts';
import type { ActorSystem, LogLine, SimulatedPeer, Simulation } from '../../../runtime/index.ts';
import { createSimulatedDisk } from '../simulated-disk.ts';
import type { SimulatedDisk } from '../simulated-disk.ts';
import type { Judge } from './judge.ts';
import { createZoneNetwork } from './network.ts';
import type { ZoneNetwork } from './network.ts';
import type { Plan } from './plan.ts';
import { withRefs } from './wire.ts';

/** What others call dead is dead this much faster than in the world: storms are short. */
const deathHaste = 8;
const calmLatencyMs = 2;
/** A process that failed is started again. */
const restartMs = 300;
const openingWords = 'opens its log';
const shownLines = 400;

/** What outlives a peer's process. */
export interface Machine {
  readonly name: string;
  disk: SimulatedDisk;
  /** Its disk has lied: whatever it acknowledged may be gone when its power fails. */
  isTainted: boolean;
  /** It asked to be let go, and asks again in each life until it is. */
  isLeaving: boolean;
  isFounder: boolean;
  downSinceMs: number | undefined;
  frozenSinceMs: number | undefined;
  lives: number;
}

export interface Member {
  readonly name: string;
  readonly machine: Machine;
  readonly peer: SimulatedPeer;
  readonly system: ActorSystem;
  /** Undefined while it opens its log. */
  zone: ZoneLog | undefined;
}

export interface ZoneOptions {
  readonly simulation: Simulation;
  readonly judge: Judge;
  readonly plan: Plan;
  readonly parts: (peer: string) => ReplicaParts;
  /** What stands between a replica and its disk. */
  readonly diskOf?: ((disk: Disk) => Disk) | undefined;
}

export interface Zone {
  readonly simulation: Simulation;
  readonly network: ZoneNetwork;
  /** Those whose process runs, frozen or not. */
  readonly members: ReadonlyMap<string, Member>;
  /** Those that belong to the zone, up or down. */
  readonly machines: ReadonlyMap<string, Machine>;
  readonly start: (name: string) => void;
  /** The process ends; with `power` the disk loses what it did not sync. */
  readonly stop: (name: string, how: 'exit' | 'power') => void;
  /** Its disk has ended the process by itself. */
  readonly ended: (name: string, how: 'exit' | 'power') => void;
  /** Called with each member that has opened its log. */
  readonly onOpen: (opened: (member: Member) => void) => void;
  /** Asks to leave; once let go it is gone, and its name is free. */
  readonly leave: (name: string) => void;
  readonly leader: () => Member | undefined;
  readonly lines: () => readonly LogLine[];
}

export function createZoneOf(options: ZoneOptions): Zone {
  const { simulation, judge, plan, parts, diskOf = (disk) => disk } = options;
  const network = createZoneNetwork(simulation, simulation.random.fork('network'));
  const drifts = simulation.random.fork('drifts');
  const members = new Map<string, Member>();
  const machines = new Map<string, Machine>();
  const listeners = new Set<(member: Member) => void>();
  // Disks outlive their peers, so they live by a clock of their own.
  const world = simulation.peer('world').clock;
  const log = createRingLogger(world, shownLines);

  const newDisk = (name: string, life: number): SimulatedDisk =>
    createSimulatedDisk({
      clock: world,
      random: simulation.random.fork(`disk ${name} ${life}`),
      maxLatencyMs: calmLatencyMs,
    });

  const machineOf = (name: string): Machine => {
    const known = machines.get(name);
    if (known !== undefined) return known;
    const isFounder = machines.size === 0;
    const machine: Machine = {
      name,
      disk: newDisk(name, simulation.steps()),
      isTainted: false,
      isLeaving: false,
      isFounder,
      downSinceMs: undefined,
      frozenSinceMs: undefined,
      lives: 0,
    };
    machines.set(name, machine);
    return machine;
  };

  /** As an operator does with a machine whose disk lost what it had promised. */
  const wipe = (machine: Machine): void => {
    machine.disk = newDisk(machine.name, simulation.steps());
    machine.isTainted = false;
    log.info('its disk is replaced', { peer: machine.name });
  };

  /** The process is gone; the disk has been told already. */
  const ended = (name: string, how: 'exit' | 'power'): void => {
    const member = members.get(name);
    if (member === undefined) return;
    const { machine } = member;
    member.peer.crash();
    members.delete(name);
    machine.downSinceMs = simulation.nowMs();
    machine.frozenSinceMs = undefined;
    machine.disk.crashAfter(Infinity, () => {});
    log.info('it is gone', { peer: name, how });
    if (how === 'power' && machine.isTainted) wipe(machine);
  };

  const stop = (name: string, how: 'exit' | 'power'): void => {
    const machine = machines.get(name);
    if (machine === undefined) return;
    if (how === 'power') machine.disk.crash();
    else machine.disk.exit();
    ended(name, how);
  };

  const failed = (member: Member, where: string, error: Error): void => {
    if (members.get(member.name) !== member) return;
    log.warn('its replica stopped', { peer: member.name, where, error: error.message });
    // Without room a blank log cannot begin; one that is there goes on.
    const isFull = where === openingWords && isDiskFull(error);
    if (!isFull && !isAskedFor(error)) {
      judge.say('failures', `${member.name} ${where}: ${error.stack}`);
    }
    stop(member.name, 'exit');
    // As a service manager does.
    simulation.schedule(restartMs, () => {
      if (machines.has(member.name)) start(member.name);
    });
  };

  const health = (name: string) => ({
    isAlive: (other: string): boolean =>
      members.has(other) && machines.get(other)?.frozenSinceMs === undefined && reach(name, other),
    deadForMs: (other: string): number => {
      const machine = machines.get(other);
      if (machine === undefined) return Infinity;
      const since = machine.downSinceMs ?? machine.frozenSinceMs;
      return since === undefined ? 0 : (simulation.nowMs() - since) * deathHaste;
    },
  });
  const reach = (a: string, b: string): boolean => !network.isCut(a, b) && !network.isCut(b, a);

  const systemOf = (name: string, peer: SimulatedPeer, fail: (e: Error, at: string) => void) => {
    const system = createActorSystem({
      peer: name,
      clock: peer.clock,
      random: peer.random,
      log: log.child({ peer: name }),
      dispatcher: peer.dispatcher,
      onFailure: (path, error) => fail(error, path),
    });
    system.connect({
      send: (address, message) => {
        const to = parseAddress(address)!.peer;
        const isSent = network.send(name, to, message, (copy) => {
          const target = members.get(to);
          target?.peer.schedule(0, () =>
            target.system.deliver(name, address, withRefs(copy, target.system, name)),
          );
        });
        if (!isSent) judge.say('failures', `${name} sends ${to} more than the mesh carries`);
        return isSent;
      },
      watch: () => () => {},
    });
    return system;
  };

  const start = (name: string): void => {
    if (members.has(name)) return;
    const machine = machineOf(name);
    machine.lives += 1;
    machine.downSinceMs = undefined;
    const rate = 1 + (drifts.float() * 2 - 1) * plan.driftMax;
    const peer = simulation.peer(name, { rate });
    const system = systemOf(name, peer, (error, at) => failed(member, at, error));
    const member: Member = { name, machine, peer, system, zone: undefined };
    members.set(name, member);
    const opening = openZoneLog(
      {
        system,
        random: peer.random,
        clock: peer.clock,
        disk: diskOf(machine.disk.boot()),
        directory: '/log',
        segmentBytes: plan.segmentBytes,
        snapshotFloorBytes: plan.snapshotFloorBytes,
        retention: plan.retention,
        domain: `domain-${name}`,
        isFounder: machine.isFounder,
        health: health(name),
        joinThrough: () => [...members.keys()].filter((other) => other !== name),
      },
      parts(name),
    );
    opening.then(
      (zone) => {
        if (members.get(name) !== member) return;
        member.zone = zone;
        if (machine.isLeaving) leave(name);
        for (const opened of listeners) opened(member);
      },
      (error: Error) => failed(member, openingWords, error),
    );
  };

  const leave = (name: string): void => {
    const member = members.get(name);
    if (member?.zone === undefined) return;
    member.machine.isLeaving = true;
    void member.zone.leave().then((left) => {
      if (members.get(name) !== member) return;
      // Stopped before it had heard: it may be out already, and asks again in its next life.
      if (!left.ok && left.error.code !== 'forbidden') return;
      member.machine.isLeaving = false;
      if (!left.ok) return;
      stop(name, 'exit');
      machines.delete(name);
    });
  };

  return {
    simulation,
    network,
    members,
    machines,
    start,
    stop,
    ended,
    onOpen: (opened) => void listeners.add(opened),
    leave,
    leader: () => leaderOf(members.values()),
    lines: log.lines,
  };
}

/** The one that leads in the highest term. */
function leaderOf(members: Iterable<Member>): Member | undefined {
  let best: Member | undefined;
  let term = 0;
  for (const member of members) {
    const status = member.zone?.store.status();
    if (status?.role !== 'leader' || status.term <= term) continue;
    [best, term] = [member, status.term];
  }
  return best;
}

/** A storm made a write or a sync fail, or the zone goes on without this replica: to stop is right. */
const isAskedFor = (error: unknown): boolean =>
  error instanceof Error &&
  (error.message.includes('simulated failure') ||
    (isFenced(error) && /goes on without|was recovered without/.test(error.message)) ||
    isAskedFor(error.cause));
