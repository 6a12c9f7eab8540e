// A cluster of whole peers, production code, in virtual time: machines that stay, and peers that come and go on them.
//
//            start                 crash, stop, failed for good
//   (off) ----------> starting/up ------------------------------> (off)
//                        |  ^
//                 freeze |  | resume

import { leaveZone } from '../../actors/leaving.ts';
import { startPeer } from '../../actors/peer.ts';
import type { Peer, PeerPorts } from '../../actors/peer.ts';
import { createRingLogger, createSimulation, failed, SkeinError } from '../../runtime/index.ts';
import type {
  LogFields,
  Logger,
  LogLevel,
  Result,
  RingLogger,
  SimulatedPeer,
  Simulation,
} from '../../runtime/index.ts';
import { createSimulatedMachine, createSimulatedProber } from './machine.ts';
import type { SimulatedMachine } from './machine.ts';
import { noFaults } from './simulated-container-driver.ts';
import type { ContainerFaults } from './simulated-container-driver.ts';
import { createSimulatedNetwork } from './simulated-network.ts';
import type { SimulatedNetwork } from './simulated-network.ts';
import { createSimulatedSigner } from './simulated-signer.ts';

/** Lines of the ring that a failing seed shows the last of. */
const ringLines = 4_000;
const zone = 'sim';
/** A process that failed for good is started again after this long, as a service manager does. */
const restartAfterMs = 1_000;
/** A peer whose leaving failed, or was cut short, asks again after this. */
const leaveAgainMs = 5_000;
const leavePatienceMs = 120_000;
/** Small segments, so that logs are cut and snapshots taken within minutes. */
const segmentBytes = 256 * 1024;
/** Small, so that short runs save, send and load snapshots. */
const snapshotFloorBytes = 64 * 1024;

/** One process: from its start to its end. */
export interface Life {
  readonly host: SimulatedPeer;
  readonly number: number;
  /** Undefined until the peer has taken its place in the zone. */
  peer: Peer | undefined;
  /** The engine's side of this life; undefined until the peer asked for it. */
  /** When it last resumed from being frozen, true time. */
  wokenAtMs: number | undefined;
  isStopping: boolean;
  driver: { readonly crash: () => void } | undefined;
}

export interface Member {
  readonly name: string;
  readonly isWitness: boolean;
  readonly machine: SimulatedMachine;
  lives: number;
  /** Gone peers never come back; one that began to leave goes on until it has left. */
  standing: 'staying' | 'leaving' | 'gone';
  /** Undefined while no process runs on the machine. */
  life: Life | undefined;
}

export interface PeerFailure {
  readonly peer: string;
  readonly atMs: number;
  readonly path: string;
  readonly error: Error;
}

export interface Cluster {
  readonly simulation: Simulation;
  readonly network: SimulatedNetwork;
  /** All that have not left for good. */
  readonly members: () => readonly Member[];
  /** A new machine, off yet. */
  readonly add: (isWitness?: boolean) => Member;
  /** Drains, ends its membership, ends; again after what failed, until it is done. */
  readonly leave: (member: Member) => void;
  readonly log: RingLogger;
  /** Called for every line that a peer logs. */
  readonly onLine: (told: LineListener) => void;
  /** Actors that failed for good, and starts that were refused. */
  readonly failures: readonly PeerFailure[];
  /** Called for every peer that took its place, each life anew. */
  readonly onUp: (told: (member: Member, peer: Peer) => void) => void;
  readonly start: (member: Member) => void;
  /** The process is killed; with `power`, its machine loses what was not synced and its containers end too. */
  readonly crash: (member: Member, how?: 'process' | 'power') => void;
  readonly freeze: (member: Member) => void;
  readonly resume: (member: Member) => void;
  /** The process ends in order; resolves once it has. */
  readonly stop: (member: Member) => Promise<void>;
  /** Members whose peer is up and not frozen. */
  readonly up: () => readonly (Member & { readonly life: Life & { readonly peer: Peer } })[];
}

export type LineListener = (
  member: Member,
  level: LogLevel,
  message: string,
  fields: LogFields,
) => void;

export interface ClusterOptions {
  readonly seed: string | number;
  readonly size: number;
  /** So many of them, the last ones; default none. */
  readonly witnesses?: number;
  readonly containerFaults?: ContainerFaults;
}

export type UpMember = ReturnType<Cluster['up']>[number];

/** Peers that are off; the first is the founder. */
export function createCluster(options: ClusterOptions): Cluster {
  const simulation = createSimulation(options.seed);
  const network = createSimulatedNetwork(simulation);
  const world = simulation.peer('world');
  const log = createRingLogger(world.clock, ringLines);
  const failures: PeerFailure[] = [];
  const lineListeners: LineListener[] = [];
  const listeners: ((member: Member, peer: Peer) => void)[] = [];
  const all: Member[] = [];
  const members = (): readonly Member[] => all.filter(({ standing }) => standing !== 'gone');
  const add = (isWitness = false): Member => {
    const number = all.length + 1;
    const name = `p${String(number).padStart(2, '0')}`;
    const machine = createSimulatedMachine({
      name,
      clock: world.clock,
      random: simulation.random.fork(`machine ${name}`),
      containerFaults: options.containerFaults ?? noFaults,
      addressPrefix: `127.70.${number}`,
    });
    const member: Member = {
      name,
      isWitness,
      machine,
      lives: 0,
      standing: 'staying',
      life: undefined,
    };
    all.push(member);
    return member;
  };
  const { size, witnesses = 0 } = options;
  for (let i = 0; i < size; i++) add(i >= size - witnesses);

  const crash = (member: Member, how: 'process' | 'power' = 'process'): void => {
    const { life, machine } = member;
    if (life === undefined) return;
    member.life = undefined;
    life.host.crash();
    life.driver?.crash();
    if (how === 'power') {
      network.vanish(member.name);
      machine.containers.reboot();
    } else {
      network.crash(member.name);
    }
    if (how === 'power') machine.disk.crash();
    else machine.disk.exit();
    log.info(`the world: ${member.name} is killed`, { how });
  };

  const fail = (member: Member, life: Life, path: string, error: Error): void => {
    if (life.host.status() === 'crashed') return;
    const { name: peer } = member;
    failures.push({ peer, atMs: simulation.nowMs(), path, error });
    log.error('the world: a peer failed for good', { peer, path, error: String(error.stack) });
    // A process that failed for good exits; whatever it was doing ends with it.
    simulation.schedule(0, () => {
      if (member.life === life) crash(member);
    });
    simulation.schedule(restartAfterMs, () => start(member));
  };

  const start = (member: Member): void => {
    if (member.life !== undefined || member.standing === 'gone') return;
    member.lives++;
    const host = simulation.peer(member.name);
    const life: Life = {
      host,
      number: member.lives,
      peer: undefined,
      wokenAtMs: undefined,
      isStopping: false,
      driver: undefined,
    };
    member.life = life;
    log.info(`the world: ${member.name} starts`, { life: life.number });
    const heard = overheard(log.child({ peer: member.name }), (level, message, fields) => {
      for (const told of lineListeners) told(member, level, message, fields);
    });
    const ports = portsOf(member, life, network, heard, (path, error) =>
      fail(member, life, path, error),
    );
    host.schedule(0, () => {
      startPeer(optionsOf(members(), member, member === all[0]), ports).then(
        (peer) => {
          if (host.status() === 'crashed' || peer === undefined) return;
          life.peer = peer;
          for (const told of listeners) told(member, peer);
        },
        (error: unknown) =>
          fail(
            member,
            life,
            'startPeer',
            error instanceof Error ? error : new Error(String(error)),
          ),
      );
    });
  };

  const leave = (member: Member): void => {
    if (member.standing === 'gone') return;
    member.standing = 'leaving';
    const { life, name } = member;
    const again = (): void => void simulation.schedule(leaveAgainMs, () => leave(member));
    if (life?.peer === undefined || life.host.status() !== 'running') return again();
    log.info(`the world: ${name} leaves`);
    let isAnswered = false;
    const answered = (left: Result<void>): void => {
      if (isAnswered) return;
      isAnswered = true;
      log.info(`the world: ${name} has left`, {
        ok: left.ok,
        ...(left.ok ? {} : { why: left.error.message }),
      });
      if (!left.ok || member.life !== life) return again();
      member.standing = 'gone';
      crash(member);
      start(add(member.isWitness));
    };
    const { peer, host } = life;
    // The answer of a process that died meanwhile never comes.
    simulation.schedule(leavePatienceMs, () =>
      answered(failed(new SkeinError('timeout', 'no answer'))),
    );
    host.schedule(0, () => {
      void leaveZone(name, peer, (pod) => evict(peer, pod), host.clock).then(answered);
    });
  };

  const stop = async (member: Member): Promise<void> => {
    const { life } = member;
    if (life?.peer === undefined) return crash(member);
    if (life.isStopping) return;
    life.isStopping = true;
    log.info(`the world: ${member.name} stops`);
    await life.peer.stop();
    if (member.life !== life) return;
    member.life = undefined;
    life.host.crash();
    network.crash(member.name);
    member.machine.disk.exit();
  };

  return {
    simulation,
    network,
    members,
    add,
    leave,
    log,
    onLine: (told) => void lineListeners.push(told),
    failures,
    onUp: (told) => void listeners.push(told),
    start,
    crash,
    freeze: ({ life }) => life?.host.freeze(),
    resume: ({ life }) => {
      if (life?.host.status() !== 'frozen') return;
      life.wokenAtMs = simulation.nowMs();
      life.host.resume();
    },
    stop,
    up: () => members().filter(isUp),
  };
}

const isUp = (member: Member): member is UpMember =>
  member.life?.peer !== undefined && member.life.host.status() === 'running';

/** As `skein leave` does: through the API of the peer itself. */
async function evict(
  { gateway }: Peer,
  { namespace, name }: { readonly namespace: string; readonly name: string },
): Promise<void> {
  const body = { apiVersion: 'policy/v1', kind: 'Eviction', metadata: { namespace, name } };
  await gateway.handle({
    method: 'POST',
    path: `/api/v1/namespaces/${namespace}/pods/${name}/eviction`,
    query: new URLSearchParams(),
    headers: { 'content-type': 'application/json' },
    body: Buffer.from(JSON.stringify(body)),
    certificateUser: { name: 'admin', groups: ['system:masters'] },
  });
}

function optionsOf(
  members: readonly Member[],
  { name, isWitness }: Member,
  isFounder: boolean,
): Parameters<typeof startPeer>[0] {
  return {
    name,
    zone,
    version: '0.1.0',
    labels: {},
    taints: [],
    isFounder,
    isWitness,
    introductions: isFounder
      ? []
      : members
          .filter((other) => other.name !== name)
          .map((other) => ({ peer: other.name, addresses: [`${other.name}.test:7460`] })),
    api: `https://${name}.test:7443`,
  };
}

function portsOf(
  member: Member,
  life: Life,
  network: SimulatedNetwork,
  log: Logger,
  onFailure: PeerPorts['onFailure'],
): PeerPorts {
  const { host } = life;
  const { machine, name } = member;
  return {
    clock: host.clock,
    random: host.random,
    log,
    dispatcher: host.dispatcher,
    transport: network.transport(name, host),
    signer: createSimulatedSigner(name),
    addressBook: machine.addressBook,
    disk: machine.disk.boot(),
    logDirectory: '/log',
    segmentBytes,
    snapshotFloorBytes,
    createDriver: () => {
      const driver = machine.containers.driver();
      life.driver = driver;
      return driver;
    },
    createProber: createSimulatedProber,
    listener: machine.listener(),
    hasLoopbackRange: true,
    claimAddress: () => Promise.resolve(true),
    machine: {
      capacity: { cpu: '1', memory: '2Gi', pods: '10' },
      allocatable: { cpu: '1', memory: '2Gi', pods: '10' },
      operatingSystem: 'linux',
      architecture: 'amd64',
      kernelVersion: '6.1.0',
      bootId: name,
    },
    measureLoad: () => ({ cpu: 0.1, memory: 0.1 }),
    platform: 'linux/amd64',
    reviewToken: () => Promise.resolve(undefined),
    accountTokens: {
      sign: () => Promise.resolve(failed(new SkeinError('unsupported', 'nobody signs here'))),
      read: () => undefined,
      publicKey: () => new Uint8Array(32),
    },
    extras: () => [],
    onFailure,
  };
}

/** A logger that somebody listens to. */
function overheard(
  log: Logger,
  hear: (level: LogLevel, message: string, fields: LogFields) => void,
  own: LogFields = {},
): Logger {
  const at =
    (level: LogLevel) =>
    (message: string, fields: LogFields = {}): void => {
      log[level](message, fields);
      hear(level, message, { ...own, ...fields });
    };
  return {
    debug: at('debug'),
    info: at('info'),
    warn: at('warn'),
    error: at('error'),
    child: (fields) => overheard(log.child(fields), hear, { ...own, ...fields }),
  };
}
