// Meshes in virtual time, for tests: peers that start, end, come back and are asked what they see.

import { createMemoryAddressBook, createMesh } from '../../mesh/index.ts';
import type { AddressBook, CountingMesh, MeshTiming, Transport } from '../../mesh/index.ts';
import { createActorSystem, createRingLogger, createSimulation } from '../../runtime/index.ts';
import type { RingLogger, SimulatedPeer, Simulation } from '../../runtime/index.ts';
import { createSimulatedSigner } from '../simulation/simulated-signer.ts';
import { createSimulatedNetwork } from '../simulation/simulated-network.ts';
import type { SimulatedNetwork } from '../simulation/simulated-network.ts';

export interface Node {
  readonly id: string;
  readonly host: SimulatedPeer;
  readonly mesh: CountingMesh;
  readonly transport: Transport;
  readonly log: RingLogger;
  readonly book: AddressBook;
}

export interface World {
  readonly simulation: Simulation;
  readonly network: SimulatedNetwork;
  readonly nodes: Node[];
}

export interface StartOptions {
  readonly clock?: { readonly wallOffsetMs: number };
  readonly book?: AddressBook;
  /** Whom it is told of at first; default nobody. */
  readonly contact?: string;
  readonly timing?: MeshTiming;
}

export async function startNode(
  { simulation, network }: Omit<World, 'nodes'>,
  id: string,
  options: StartOptions = {},
): Promise<Node> {
  const host = simulation.peer(id, options.clock);
  const log = createRingLogger(host.clock, 100);
  const system = createActorSystem({
    peer: id,
    clock: host.clock,
    random: host.random,
    log,
    dispatcher: host.dispatcher,
    onFailure: (path, error) => {
      throw new Error(`${id}/${path} failed`, { cause: error });
    },
  });
  const { contact, timing, book = createMemoryAddressBook() } = options;
  const transport = network.transport(id, host);
  const mesh = await createMesh({
    transport,
    signer: createSimulatedSigner(id),
    system,
    clock: host.clock,
    log,
    addressBook: book,
    peers: contact === undefined ? [] : [{ peer: contact, addresses: [`${contact}.test:7460`] }],
    facts: { name: `node-${id}`, labels: { zone: 'a' }, load: { cpu: 0, memory: 0 } },
    ...(timing === undefined ? {} : { timing }),
  });
  return { id, host, mesh, transport, log, book };
}

export const idOf = (index: number): string => `p${String(index).padStart(3, '0')}`;

/** All are told of the first. */
export async function startWorld(
  size: number,
  seed: string,
  options: StartOptions = {},
): Promise<World> {
  const simulation = createSimulation(seed);
  const world = { simulation, network: createSimulatedNetwork(simulation) };
  const nodes: Node[] = [];
  for (let i = 0; i < size; i++) {
    const contact = i === 0 ? {} : { contact: idOf(0) };
    nodes.push(await startNode(world, idOf(i), { ...options, ...contact }));
  }
  return { ...world, nodes };
}

/** Its process dies: the machine resets its links. */
export function kill({ network }: World, node: Node): void {
  network.crash(node.id);
  node.host.crash();
}

/** A killed peer's next life, with what it had on disk. */
export async function restart(world: World, node: Node, options: StartOptions = {}): Promise<Node> {
  const next = await startNode(world, node.id, { book: node.book, ...options });
  world.nodes[world.nodes.indexOf(node)] = next;
  return next;
}

export const sees = (node: Node, id: string, status: string): boolean =>
  node.mesh.member(id)?.status === status;

/** How often `node` sees this status. */
export const count = (node: Node, status: string): number =>
  node.mesh.members().filter((member) => member.status === status).length;

export const pass = ({ simulation }: World, ms: number): Promise<boolean> =>
  simulation.run({ untilMs: simulation.nowMs() + ms });

export async function untilAllAlive(world: World, limitMs: number): Promise<boolean> {
  return await world.simulation.run({
    until: () => world.nodes.every((node) => count(node, 'alive') === world.nodes.length),
    limitMs,
  });
}

/** Every event from now on by which one of `nodes` learns that one of `peers` has `status`. */
export function record(
  nodes: readonly Node[],
  peers: ReadonlySet<string>,
  statuses: readonly string[],
): string[] {
  const seen: string[] = [];
  for (const node of nodes) {
    node.mesh.onMember(({ type, member }) => {
      if (type !== 'status' || !peers.has(member.peer) || !statuses.includes(member.status)) return;
      seen.push(`${node.id}: ${member.peer} ${member.status}`);
    });
  }
  return seen;
}
