// A zone of replicas, production code, over a simulated disk each and a plain lossy network of actor messages.

import { snapshotsPath } from '../../../consensus/replica/protocol.ts';
import { openZoneLog } from '../../../consensus/replica/open-zone-log.ts';
import type { ZoneLog } from '../../../consensus/replica/open-zone-log.ts';
import { isFenced } from '../../../consensus/replica/fence.ts';
import { ENVELOPE_LIMIT_BYTES } from '../../../mesh/messages/envelope.ts';
import {
  createActorSystem,
  createRingLogger,
  createSimulation,
  parseAddress,
} from '../../../runtime/index.ts';
import type { ActorSystem, Simulation, SimulatedPeer } from '../../../runtime/index.ts';
import { createSimulatedDisk } from '../../simulation/simulated-disk.ts';
import type { SimulatedDisk } from '../../simulation/simulated-disk.ts';
import { bytesIn, copyOf, isOfRaft, withRefs } from '../../simulation/zone/wire.ts';

/** A message that comes twice comes again within so long. */
const latestDuplicateMs = 300;

export interface Member {
  readonly name: string;
  readonly peer: SimulatedPeer;
  readonly system: ActorSystem;
  readonly zone: ZoneLog;
}

export interface SimulatedZone {
  readonly simulation: Simulation;
  readonly members: Map<string, Member>;
  /** Of every peer that was ever started. */
  readonly disks: ReadonlyMap<string, SimulatedDisk>;
  readonly start: (
    name: string,
    isFounder?: boolean,
    traits?: { readonly domain?: string; readonly isWitness?: boolean },
  ) => Promise<Member>;
  /** Names of peers that a person has cordoned, say. */
  readonly withdrawn: Set<string>;
  readonly crash: (name: string) => void;
  /** The process ends, its machine goes on. */
  readonly exit: (name: string) => void;
  /** The peer's disk is lost; it starts with an empty one. */
  readonly wipe: (name: string) => void;
  /** Messages between the two groups are lost while it lasts; undefined heals. */
  readonly partition: (cut: ReadonlySet<string> | undefined) => void;
  readonly setLoss: (share: number) => void;
  /** Told of everything that is sent from now on. */
  readonly setTap: (tap: (to: string, message: unknown) => void) => void;
  /** So slow is what carries snapshots: one message after the other, beside all others. */
  readonly setSnapshotDelayMs: (ms: number) => void;
  /** This share of Raft's messages comes twice; what actors tell each other otherwise comes at most once. */
  readonly setDuplication: (share: number) => void;
  readonly leader: () => Member | undefined;
  readonly failures: string[];
  /** From here on a fenced replica is no failure: the test has given cause. */
  readonly allowFencing: () => void;
  /** Whose replica was fenced, oldest first; each came back at once, as `skein up` does it. */
  readonly fenced: readonly { readonly name: string; readonly why: string }[];
  readonly lines: () => string;
}

export function createZone(seed: number): SimulatedZone {
  const simulation = createSimulation(seed);
  const network = simulation.random.fork('network');
  const members = new Map<string, Member>();
  const disks = new Map<string, SimulatedDisk>();
  const withdrawn = new Set<string>();
  const failures: string[] = [];
  let mayFence = false;
  const fenced: { name: string; why: string }[] = [];
  let cut: ReadonlySet<string> | undefined;
  let loss = 0;
  let duplication = 0;
  let snapshotDelayMs = 0;
  let bulkFreeAtMs = 0;
  let tap: (to: string, message: unknown) => void = () => {};
  // Disks outlive their peers, so they live by a clock of their own.
  const world = simulation.peer('world').clock;
  const log = createRingLogger(world, 200);

  const isCut = (a: string, b: string): boolean => cut !== undefined && cut.has(a) !== cut.has(b);

  const send = (
    from: string,
    to: string,
    address: Parameters<ActorSystem['ref']>[0],
    message: unknown,
  ): boolean => {
    tap(to, message);
    const copy = copyOf(message);
    if (bytesIn(copy) > ENVELOPE_LIMIT_BYTES) {
      failures.push(`${from} to ${to}: a message of ${bytesIn(copy)} bytes cannot be sent`);
      return false;
    }
    if (isCut(from, to) || network.float() < loss) return true;
    const arrive = (): void => {
      const member = members.get(to);
      if (member === undefined || isCut(from, to)) return;
      member.peer.schedule(0, () => {
        member.system.deliver(from, address, withRefs(copy, member.system, from));
      });
    };
    simulation.schedule(1 + network.integer(5) + waitInBulk(address), arrive);
    if (duplication > 0 && isOfRaft(message) && network.float() < duplication) {
      simulation.schedule(1 + network.integer(latestDuplicateMs), arrive);
    }
    return true;
  };

  const exit = (name: string): void => {
    members.get(name)?.peer.crash();
    members.delete(name);
    disks.get(name)?.exit();
  };

  /** How long this message waits for those before it, ms; only snapshots do. */
  const waitInBulk = (address: string): number => {
    if (snapshotDelayMs === 0 || !address.endsWith(`/${snapshotsPath}`)) return 0;
    bulkFreeAtMs = Math.max(bulkFreeAtMs, simulation.nowMs()) + snapshotDelayMs;
    return bulkFreeAtMs - simulation.nowMs();
  };

  const start: SimulatedZone['start'] = async (name, isFounder = false, traits = {}) => {
    const peer = simulation.peer(name);
    const disk =
      disks.get(name) ??
      createSimulatedDisk({ clock: world, random: simulation.random.fork(`disk ${name}`) });
    disks.set(name, disk);
    const system = createActorSystem({
      peer: name,
      clock: peer.clock,
      random: peer.random,
      log: log.child({ peer: name }),
      dispatcher: peer.dispatcher,
      onFailure: (path, error) => {
        if (!isFenced(error)) return void failures.push(`${name} ${path}: ${error.stack}`);
        fenced.push({ name, why: error.message });
        if (!mayFence) failures.push(`${name} was fenced: ${error.message}`);
        exit(name);
        void start(name, false, traits);
      },
    });
    system.connect({
      send: (to, message) => send(name, parseAddress(to)!.peer, to, message),
      watch: () => () => {},
    });
    const zone = await openZoneLog({
      system,
      random: peer.random,
      clock: peer.clock,
      disk: disk.boot(),
      directory: '/log',
      segmentBytes: 256 * 1024,
      snapshotFloorBytes: 256 * 1024,
      domain: `domain-${name}`,
      ...traits,
      isFounder,
      health: {
        isAlive: (other) => members.has(other) && !isCut(name, other),
        deadForMs: (other) => (members.has(other) ? 0 : 60_000),
      },
      isWithdrawn: (other) => withdrawn.has(other),
      joinThrough: () => [...members.keys()].filter((other) => other !== name),
    });
    const member = { name, peer, system, zone };
    members.set(name, member);
    return member;
  };

  return {
    simulation,
    members,
    disks,
    start,
    withdrawn,
    crash: (name) => {
      members.get(name)?.peer.crash();
      members.delete(name);
      disks.get(name)?.crash();
    },
    exit,
    wipe: (name) => {
      exit(name);
      disks.delete(name);
    },
    partition: (names) => (cut = names),
    setLoss: (share) => (loss = share),
    setTap: (told) => (tap = told),
    setSnapshotDelayMs: (ms) => (snapshotDelayMs = ms),
    setDuplication: (share) => (duplication = share),
    leader: () => [...members.values()].find(({ zone }) => zone.store.status().role === 'leader'),
    failures,
    allowFencing: () => void (mayFence = true),
    fenced,
    lines: () =>
      log
        .lines()
        .map((line) => JSON.stringify(line))
        .join('\n'),
  };
}
