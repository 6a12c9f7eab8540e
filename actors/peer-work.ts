// What a full peer does and a witness does not: its Node, its pods, the fronts of Services, a seat for each duty.

import type { StoreView } from '../consensus/index.ts';
import { clusterKey, parseCluster } from './admission/records.ts';
import { createLocalPodStreams } from './containers/local-pod-streams.ts';
import { containersActor } from './containers/containers-actor.ts';
import type { ContainerDriver } from './containers/container-driver.ts';
import { createPodStreams } from './containers/mesh-pod-streams.ts';
import { registerNode, takePlace } from './containers/node-registration.ts';
import type { NodePlace, RegistrationOptions } from './containers/node-registration.ts';
import { allocated, allocationKey, readAllocation } from './objects/allocation.ts';
import { dutyActor } from './duties/duty-actor.ts';
import type { PodStreams } from './objects/pod-streams.ts';
import type { OpenedParts, PeerOptions, PeerPorts } from './peer.ts';
import { replicationDuties } from './replication/replication-duties.ts';
import { createBalancer } from './routing/balancer.ts';
import { createForwarder } from './routing/forwarder.ts';
import { createFrontBoard, routingActor } from './routing/routing-actor.ts';
import type { FrontBoard } from './routing/routing-actor.ts';
import { schedulingDuties } from './scheduling/scheduler-actor.ts';
import { endpointHealthActor } from './telemetry/endpoint-health-actor.ts';
import { nodeFactsActor } from './telemetry/node-facts-actor.ts';
import { failed, SkeinError, wait } from '../runtime/index.ts';

/** A part that fails is started again, five times a minute at most; then the whole peer ends. */
export const supervision = {
  directive: 'restart',
  maxRestarts: 5,
  withinMs: 60_000,
  backoffMs: 200,
} as const;

export interface Work {
  readonly place: NodePlace;
  readonly driver: ContainerDriver;
  readonly fronts: FrontBoard;
  readonly streams: ReturnType<typeof createPodStreams>;
  /** Resolves once the zone has this peer's Node; false when the peer ended before. */
  readonly registered: Promise<boolean>;
}

/** Takes addresses and begins to register the Node. Resolves undefined when the peer ended before. */
export async function takeUpWork(
  options: PeerOptions,
  ports: PeerPorts,
  { store, objects, mesh }: OpenedParts,
  signal: AbortSignal,
): Promise<Work | undefined> {
  const { clock, random, log, transport } = ports;
  const registration: RegistrationOptions = {
    store,
    objects,
    clock,
    random,
    log,
    hasLoopbackRange: ports.hasLoopbackRange,
    claim: ports.claimAddress,
    signal,
  };
  const self = { name: options.name, peerId: transport.self };
  const place = await takePlace(registration, self);
  if (place === undefined) return undefined;
  mesh.setFacts({ nodeAddress: place.nodeAddress });
  const driver = ports.createDriver(place.podRange);
  const fronts = createFrontBoard();
  const local = createLocalPodStreams(driver);
  const streams = createPodStreams({ node: options.name, local, mesh });
  const registered = registerNode(registration, {
    ...self,
    ...place,
    zone: options.zone,
    version: options.version,
    labels: options.labels,
    taints: options.taints,
    drivers: [driver.name],
    price: options.price,
    machine: ports.machine,
  });
  return { place, driver, fronts, streams, registered };
}

/** Pods of this peer, and Services. */
export function spawnWork(
  options: PeerOptions,
  ports: PeerPorts,
  { system, mesh, store, objects }: OpenedParts,
  { place, driver, fronts, streams }: Work,
): void {
  const health = system.spawn(
    'endpoint-health',
    endpointHealthActor,
    { view: objects.view, mesh },
    supervision,
  );
  system.spawn(
    'node-facts',
    nodeFactsActor,
    { name: options.name, view: objects.view, mesh },
    supervision,
  );
  system.spawn(
    'containers',
    containersActor,
    {
      nodeName: options.name,
      hostIP: place.nodeAddress,
      driver,
      prober: ports.createProber(driver),
      objects,
      store,
      tellServing: (uid, isServing) => health.tell({ type: 'serves', uid, isServing }),
    },
    supervision,
  );
  const balancer = createBalancer();
  system.spawn(
    'routing',
    routingActor,
    {
      view: objects.view,
      mesh,
      listener: ports.listener,
      forwarder: createForwarder(streams, balancer, ports.clock),
      balancer,
      nodeAddress: place.nodeAddress,
      fronts,
    },
    supervision,
  );
}

/** What the pods bound to a node hold together. */
export function heldBy(records: Pick<StoreView, 'get'>, node: string) {
  const { cpuMillis, memoryBytes, pods } = allocated(
    readAllocation(records.get(allocationKey(node))),
  );
  return { cpuMillis, memoryBytes, pods };
}

/** A seat for each singleton of the zone. */
export function spawnDuties({ system, mesh, store, objects }: OpenedParts): void {
  const apiAuthority = (): string | undefined => {
    const cluster = store.view.get(clusterKey);
    return cluster === undefined ? undefined : parseCluster(cluster.value).apiAuthority;
  };
  const duties = [
    ...replicationDuties(store, objects, apiAuthority),
    ...schedulingDuties(store, objects, mesh),
  ];
  for (const definition of duties) {
    system.spawn(`duty-${definition.name}`, dutyActor, { definition, store, mesh }, supervision);
  }
}

/** How long a witness waits for an answer of its zone before it asks again. */
const knockMs = 2_000;
const knockAgainMs = 250;

/** A witness is ready once its zone has let it in and answers it; false when the peer ended before. */
export async function letIn(
  { store }: OpenedParts,
  { clock }: PeerPorts,
  signal: AbortSignal,
): Promise<boolean> {
  while (!signal.aborted) {
    if ((await store.barrier(knockMs)).ok) return true;
    await wait(clock, knockAgainMs);
  }
  return false;
}

const noPods = () =>
  Promise.resolve(failed(new SkeinError('not-found', 'this peer is a witness: it runs no pods')));

/** Logs and processes of pods elsewhere; a witness has none itself. */
export const createRemotePodStreams = (
  { name }: PeerOptions,
  { mesh }: OpenedParts,
): PodStreams & { readonly close: () => void } =>
  createPodStreams({
    node: name,
    local: { logs: noPods, exec: noPods, attach: noPods, connect: noPods },
    mesh,
  });
