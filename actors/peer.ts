// One peer, composed: the same parts over real adapters in production and over simulated ones in tests.
//
//   system
//   ├─ mesh            who is here
//   ├─ zone-log        this peer's replica
//   ├─ containers      the pods bound here *
//   ├─ routing         fronts of Services *
//   ├─ doctor          what this peer tells of itself when asked
//   ├─ load            what the machine tells
//   ├─ node-lifecycle  acts while this peer leads the zone
//   └─ duty-NAME       a seat for each singleton of the zone *
//
//   * not at a witness, which keeps the log, votes, and answers the API

import type { Taint } from 'kubernetes-types/core/v1.d.ts';
import { openZoneLog } from '../consensus/index.ts';
import type { Disk, Store, ZoneLog } from '../consensus/index.ts';
import { createMesh, MESH_PROTOCOL } from '../mesh/index.ts';
import type {
  AddressBook,
  Mesh,
  MeshTiming,
  PeerId,
  PeerSigner,
  Transport,
} from '../mesh/index.ts';
import { createActorSystem } from '../runtime/index.ts';
import type { ActorSystem, Clock, Dispatcher, Logger, Random } from '../runtime/index.ts';
import type { ContainerDriver } from './containers/container-driver.ts';
import { haltAllPods } from './containers/found-pods.ts';
import type { Machine } from './containers/node-object.ts';
import type { Prober } from './containers/prober.ts';
import { doctorActor, doctorPath } from './doctor/doctor-actor.ts';
import { createGateway } from './gateway/gateway.ts';
import type { Gateway } from './gateway/gateway.ts';
import type { GatewayOptions } from './gateway/options.ts';
import { createObjects } from './objects/object-store.ts';
import type { Objects } from './objects/objects.ts';
import type { PodStreams } from './objects/pod-streams.ts';
import { peerHealth } from './peer-health.ts';
import {
  createRemotePodStreams,
  heldBy,
  letIn,
  spawnDuties,
  spawnWork,
  supervision,
  takeUpWork,
} from './peer-work.ts';
import type { Work } from './peer-work.ts';
import { nodeLifecycleActor } from './replication/node-lifecycle/node-lifecycle-actor.ts';
import type { FrontListener } from './routing/front-listener.ts';
import { loadActor } from './telemetry/load-actor.ts';
import type { Load } from './telemetry/load-actor.ts';

export interface PeerOptions {
  readonly name: string;
  readonly zone: string;
  readonly version: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly taints: readonly Taint[];
  readonly price?: string | undefined;
  /** Begins the zone, unless there is a log on disk already. */
  readonly isFounder: boolean;
  /** Votes and keeps the log; has no Node, runs no pods, serves no Services, holds no duties. */
  readonly isWitness?: boolean;
  /** Where to find others first, besides the address book. */
  readonly introductions: readonly {
    readonly peer: PeerId;
    readonly addresses: readonly string[];
  }[];
  /** `https://host:port` of this peer's API, for others to know. */
  readonly api: string;
  /** Called as soon as the log is open, before this peer takes its place; admission begins here. */
  readonly onParts?: (parts: OpenedParts) => Promise<void>;
  /** Gives the start up. */
  readonly signal?: AbortSignal;
}

/** The outside world of one peer. */
export interface PeerPorts {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  readonly dispatcher: Dispatcher;
  readonly transport: Transport;
  /** Signs as the transport's `self`. */
  readonly signer: PeerSigner;
  readonly addressBook: AddressBook;
  readonly disk: Disk;
  readonly logDirectory: string;
  readonly segmentBytes?: number;
  /** Log between two snapshots at least; default that of the log. */
  readonly snapshotFloorBytes?: number;
  readonly timing?: MeshTiming;
  /** Whose membership the log has ended, and word of each that it ends. */
  readonly revocations?: {
    readonly isRevoked: (peer: PeerId) => boolean;
    readonly onRevoked: (revoked: (peer: PeerId) => void) => () => void;
  };
  /** Pods of this node get addresses of `range`; undefined where they all share one. */
  readonly createDriver: (range: string | undefined) => ContainerDriver;
  readonly createProber: (driver: ContainerDriver) => Prober;
  readonly listener: FrontListener;
  readonly hasLoopbackRange: boolean;
  readonly claimAddress: (nodeAddress: string) => Promise<boolean>;
  readonly machine: Machine;
  readonly measureLoad: () => Load;
  readonly platform: string;
  readonly reviewToken: GatewayOptions['reviewToken'];
  readonly accountTokens: GatewayOptions['accountTokens'];
  /** Skein's own resources, from the parts that exist before the gateway. */
  readonly extras: (parts: PeerParts) => GatewayOptions['extras'];
  /** Told of every actor that failed for good: this peer must end. */
  readonly onFailure: (path: string, error: Error) => void;
}

/** What exists before the gateway, and what its extra resources are made from. */
export interface PeerParts {
  readonly system: ActorSystem;
  readonly mesh: Mesh;
  readonly zoneLog: ZoneLog;
  readonly store: Store;
  readonly objects: Objects;
  /** Undefined at a witness. */
  readonly work: Work | undefined;
}

/** What exists as soon as the log is open. */
export type OpenedParts = Omit<PeerParts, 'work'>;

export interface Peer extends PeerParts {
  readonly gateway: Gateway;
  readonly streams: PodStreams;
  /** Resolves once the zone has this peer's Node, or has let a witness in; false when the peer ended before. */
  readonly registered: Promise<boolean>;
  /** Ends everything that runs in this process; pods go on unless told otherwise. */
  readonly stop: (options?: { readonly endPods: boolean }) => Promise<void>;
}

/** How long a closing leader waits for its successor. */
const handOverMs = 1_500;

/**
 * Opens the log, meets the mesh, takes its place and starts to work. Rejects as openZoneLog and Transport.start do;
 * undefined when `signal` aborted first. Either way nothing of it goes on.
 */
export async function startPeer(options: PeerOptions, ports: PeerPorts): Promise<Peer | undefined> {
  const opened: (() => Promise<void>)[] = [];
  let peer: Peer | undefined;
  try {
    peer = await compose(options, ports, opened);
  } finally {
    if (peer === undefined) for (const close of opened) await close();
  }
  return peer;
}

/** Adds to `opened` what has to be closed again, in that order, when the rest cannot be had. */
async function compose(
  options: PeerOptions,
  ports: PeerPorts,
  opened: (() => Promise<void>)[],
): Promise<Peer | undefined> {
  const { clock, random, log, transport } = ports;
  const closing = new AbortController();
  options.signal?.addEventListener('abort', () => closing.abort(), { once: true });
  const system = createActorSystem({
    peer: transport.self,
    clock,
    random,
    log,
    dispatcher: ports.dispatcher,
    onFailure: ports.onFailure,
  });
  opened.push(() => system.stop());
  const mesh = await createMesh({
    transport,
    signer: ports.signer,
    system,
    clock,
    log,
    addressBook: ports.addressBook,
    peers: options.introductions,
    facts: {
      name: options.name,
      zone: options.zone,
      labels: options.labels,
      api: options.api,
      version: options.version,
      protocol: MESH_PROTOCOL,
      ...(options.isWitness === true && { isWitness: true }),
    },
    ...ports.revocations,
    ...(ports.timing === undefined ? {} : { timing: ports.timing }),
  });
  opened.push(() => mesh.stop());
  // The log asks who is cordoned; the log itself says so, once it is open.
  const known: { objects?: Objects } = {};
  const zoneLog = await openZoneLog({
    system,
    random,
    clock,
    disk: ports.disk,
    directory: ports.logDirectory,
    ...(ports.segmentBytes === undefined ? {} : { segmentBytes: ports.segmentBytes }),
    ...(ports.snapshotFloorBytes === undefined
      ? {}
      : { snapshotFloorBytes: ports.snapshotFloorBytes }),
    domain: options.labels['topology.kubernetes.io/zone'] ?? options.name,
    nameOf: (peer) => mesh.member(peer)?.facts.name ?? peer,
    isFounder: options.isFounder,
    isWitness: options.isWitness === true,
    health: peerHealth(mesh, clock),
    isWithdrawn: (peer) => isCordoned(known.objects, mesh.member(peer)?.facts.name),
    joinThrough: () => othersInZone(mesh, options.zone),
  });
  opened.push(() => zoneLog.close());
  const { store } = zoneLog;
  const objects = createObjects(store);
  known.objects = objects;
  const parts: OpenedParts = { system, mesh, zoneLog, store, objects };
  await options.onParts?.(parts);
  const isWitness = options.isWitness === true;
  const work = isWitness ? undefined : await takeUpWork(options, ports, parts, closing.signal);
  if (work === undefined && !isWitness) return undefined;
  const streams = work?.streams ?? createRemotePodStreams(options, parts);
  const registered = work?.registered ?? letIn(parts, ports, closing.signal);
  spawnActors(options, ports, parts, work);
  const gateway = createGateway({
    store,
    objects,
    streams,
    reviewToken: ports.reviewToken,
    accountTokens: ports.accountTokens,
    extras: ports.extras({ ...parts, work }),
    clock,
    random,
    log: log.child({ part: 'gateway' }),
    version: options.version,
    platform: ports.platform,
    serverAddress: options.api.replace('https://', ''),
    unready: () => (store.status().leader === undefined ? 'the zone has no leader' : undefined),
  });
  return {
    ...parts,
    work,
    gateway,
    streams,
    registered,
    stop: async ({ endPods } = { endPods: false }) => {
      closing.abort();
      await handOver(zoneLog, clock);
      await system.stop();
      if (endPods && work !== undefined) await haltAllPods(work.driver);
      await work?.driver.close();
      streams.close();
      await mesh.stop();
      await zoneLog.close();
    },
  };
}

/** A leader that closes lets another one lead first, if one answers soon. */
async function handOver({ store, handLeadershipOver }: ZoneLog, clock: Clock): Promise<void> {
  if (store.status().role !== 'leader' || store.status().voters.length === 1) return;
  await new Promise<void>((done) => {
    const timer = clock.setTimer(handOverMs, done);
    const stop = store.onStatus(({ role, leader }) => {
      if (role === 'leader' || leader === undefined) return;
      timer.cancel();
      stop();
      done();
    });
    handLeadershipOver();
  });
}

const othersInZone = (mesh: Mesh, zone: string): string[] =>
  mesh
    .members()
    .filter(
      ({ peer, status, facts }) => peer !== mesh.self && status === 'alive' && facts.zone === zone,
    )
    .map(({ peer }) => peer);

const isCordoned = (objects: Objects | undefined, node: string | undefined): boolean =>
  node !== undefined && objects?.view.get('Node', '', node)?.spec?.unschedulable === true;

function spawnActors(
  options: PeerOptions,
  ports: PeerPorts,
  parts: OpenedParts,
  work: Work | undefined,
): void {
  const { system, mesh, store, objects } = parts;
  if (work !== undefined) spawnWork(options, ports, parts, work);
  const { name, version } = options;
  system.spawn(doctorPath, doctorActor, { name, version, mesh }, supervision);
  const allocated = (): ReturnType<typeof heldBy> | undefined =>
    work === undefined ? undefined : heldBy(store.view, options.name);
  system.spawn('load', loadActor, { measure: ports.measureLoad, allocated, mesh }, supervision);
  system.spawn('node-lifecycle', nodeLifecycleActor, { store, objects, mesh }, supervision);
  if (work !== undefined) spawnDuties(parts);
}
