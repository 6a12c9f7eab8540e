// Meshes in virtual time, all started by the address of the first.

import { createMemoryAddressBook, createMesh } from '../../mesh/index.ts';
import type { CountingMesh, Transport } from '../../mesh/index.ts';
import { createActorSystem, createRingLogger, createSimulation } from '../../runtime/index.ts';
import type { RingLogger, SimulatedPeer, Simulation } from '../../runtime/index.ts';
import { createSimulatedNetwork } from '../simulation/simulated-network.ts';
import type { SimulatedNetwork } from '../simulation/simulated-network.ts';
import { createSimulatedSigner } from '../simulation/simulated-signer.ts';

export interface MeshNode {
  readonly id: string;
  readonly host: SimulatedPeer;
  readonly mesh: CountingMesh;
  readonly transport: Transport;
  readonly log: RingLogger;
}

export interface MeshWorld {
  readonly simulation: Simulation;
  readonly network: SimulatedNetwork;
  readonly nodes: readonly MeshNode[];
  /** Runs on until it holds for all; how long that took, or undefined when it took longer than the limit. */
  readonly timeUntil: (
    holds: (node: MeshNode) => boolean,
    limitMs: number,
    share?: number,
  ) => Promise<number | undefined>;
  readonly pass: (ms: number) => Promise<void>;
}

async function startNode(
  simulation: Simulation,
  network: SimulatedNetwork,
  id: string,
  first: string,
): Promise<MeshNode> {
  const host = simulation.peer(id);
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
  const transport = network.transport(id, host);
  const mesh = await createMesh({
    transport,
    signer: createSimulatedSigner(id),
    system,
    clock: host.clock,
    log,
    addressBook: createMemoryAddressBook(),
    peers: id === first ? [] : [{ peer: first, addresses: [`${first}.test:7460`] }],
    facts: { name: `node-${id}`, labels: { zone: 'a' }, load: { cpu: 0, memory: 0 } },
  });
  return { id, host, mesh, transport, log };
}

/** So many meshes that know each other and all facts; throws when that takes over half a minute. */
export async function startMeshWorld(size: number, seed: string): Promise<MeshWorld> {
  const simulation = createSimulation(seed);
  const network = createSimulatedNetwork(simulation);
  const nodes: MeshNode[] = [];
  for (let i = 0; i < size; i++) {
    nodes.push(await startNode(simulation, network, `p${String(i).padStart(3, '0')}`, 'p000'));
  }
  const timeUntil: MeshWorld['timeUntil'] = async (holds, limitMs, share = 1) => {
    const startMs = simulation.nowMs();
    const until = (): boolean => nodes.filter(holds).length >= share * size;
    return (await simulation.run({ until, limitMs })) ? simulation.nowMs() - startMs : undefined;
  };
  const knowsAll = (node: MeshNode): boolean =>
    nodes.every(({ id }) => {
      const member = node.mesh.member(id);
      return member?.status === 'alive' && member.facts.name === `node-${id}`;
    });
  if ((await timeUntil(knowsAll, 30_000)) === undefined) {
    throw new Error(`${size} meshes do not know each other after 30 s`);
  }
  return {
    simulation,
    network,
    nodes,
    timeUntil,
    pass: async (ms) => {
      await simulation.run({ untilMs: simulation.nowMs() + ms });
    },
  };
}
