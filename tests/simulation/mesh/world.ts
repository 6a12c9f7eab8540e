// A mesh world: whole meshes, production code from createMesh down, that come and go over one network in virtual time.

import { createMemoryAddressBook, createMesh } from '../../../mesh/index.ts';
import type { AddressBook, CountingMesh, MeshTiming, PeerId } from '../../../mesh/index.ts';
import type { MeshOptions } from '../../../mesh/create-mesh.ts';
import { HINT_TOPIC } from '../../../mesh/mesh-state.ts';
import type { NodeFacts } from '../../../mesh/mesh.ts';
import { createActorSystem, createRingLogger, createSimulation } from '../../../runtime/index.ts';
import type { LogLine, SimulatedPeer, Simulation } from '../../../runtime/index.ts';
import { createBeliefs } from './beliefs.ts';
import type { Beliefs, StampKind } from './beliefs.ts';
import { createFastSigner } from './fast-signer.ts';
import { createJudge } from '../judge.ts';
import type { Check, Judge } from './judge.ts';
import { createMeshNetwork } from './network.ts';
import type { MeshNetwork } from './network.ts';
import { addressOf, peerIdsOf } from './peer-names.ts';

/** What a mesh is made of; a planted bug changes some of it. */
export type MeshParts = Pick<MeshOptions, 'transport' | 'signer' | 'timing' | 'isRevoked'>;

export interface Flaw {
  /** Changes what the mesh of peer number `index` is made of. */
  readonly parts?: (parts: MeshParts, index: number, world: World) => MeshParts;
  /** Changes what its peer sees of it. */
  readonly mesh?: (mesh: CountingMesh, index: number, world: World) => CountingMesh;
}

export interface WorldOptions {
  readonly seed: string | number;
  readonly size: number;
  readonly timing: MeshTiming;
  /** Clocks run wrong by up to this share. */
  readonly driftMax: number;
  readonly flaw?: Flaw | undefined;
}

/** One peer in its present life. */
export interface Node {
  readonly index: number;
  readonly peer: PeerId;
  readonly host: SimulatedPeer;
  readonly mesh: CountingMesh;
}

export interface World {
  readonly simulation: Simulation;
  readonly network: MeshNetwork;
  readonly beliefs: Beliefs;
  readonly judge: Judge;
  readonly size: number;
  /** The id of each number. */
  readonly peers: readonly PeerId[];
  /** The present or last life of a peer. */
  readonly node: (index: number) => Node;
  /** Starts a peer's first or next life; it knows `seeds` and what its address book kept. */
  readonly start: (index: number, seeds: readonly number[], wallOffsetMs?: number) => Promise<void>;
  /** As kill -9. */
  readonly crash: (index: number) => void;
  /** As a machine that loses its power. */
  readonly vanish: (index: number) => void;
  /** Says that it leaves, then ends. */
  readonly leave: (index: number) => Promise<void>;
  /** Changes a fact of this peer: a label, or its usage. Returns the fact's new stamp. */
  readonly say: (index: number, kind: StampKind) => number;
  /** Replaces its address book by one that knows these peers. */
  readonly writeBook: (index: number, known: readonly number[]) => void;
  /** Sends a frame that no mesh made, as this peer, over its links. */
  readonly forge: (from: number, to: PeerId, frame: Uint8Array) => void;
  /** Publishes a hint that no mesh made, as this peer. */
  readonly publish: (from: number, hint: Uint8Array) => void;
  readonly lines: () => readonly LogLine[];
}

/** The last lines of the whole world that are kept. */
const LINES_KEPT = 2_000;

export function createWorld(options: WorldOptions): World {
  const { size, timing } = options;
  const simulation = createSimulation(options.seed);
  const network = createMeshNetwork(simulation);
  const chance = simulation.random.fork('world');
  const peers = peerIdsOf(simulation.random.fork('peer ids'), size);
  const indexOf = new Map(peers.map((peer, index) => [peer, index]));
  const judge = createJudge<Check>(simulation.nowMs);
  const nodes: (Node | undefined)[] = peers.map(() => undefined);
  const books: AddressBook[] = peers.map(() => createMemoryAddressBook());
  const drifts = peers.map(() => 1 + options.driftMax * (2 * chance.float() - 1));
  const stamps = { urgent: peers.map(() => 0), calm: peers.map(() => 0) };
  const saidBy = (index: number, kind: StampKind): number => stamps[kind][index]!;
  const beliefs = createBeliefs(size, indexOf, simulation.nowMs, judge, saidBy);
  const ring = createRingLogger(simulation.peer('world').clock, LINES_KEPT);

  const entryOf = (index: number) => ({
    peer: peers[index]!,
    addresses: [addressOf(index)],
    workedMs: {},
    seenMs: 0,
  });

  /** The next word of a peer: stamps grow through all its lives. */
  const stamped = (index: number, kind: StampKind): NodeFacts => {
    const stamp = ++stamps[kind][index]!;
    return kind === 'urgent'
      ? { labels: { stamp: String(stamp) } }
      : { allocated: { cpuMillis: stamp, memoryBytes: 0, pods: 0 } };
  };

  const start: World['start'] = async (index, seeds, wallOffsetMs = 0) => {
    const peer = peers[index]!;
    const host = simulation.peer(peer, { rate: drifts[index]!, wallOffsetMs });
    const log = ring.child({ peer: `p${index}` });
    const system = createActorSystem({
      peer,
      clock: host.clock,
      random: host.random,
      log,
      dispatcher: host.dispatcher,
      onFailure: (path, error) =>
        judge.say('failures', `${path} of p${index} failed: ${String(error)}`),
    });
    const given: MeshParts = {
      transport: network.transport(index, peer, [addressOf(index)], host),
      signer: createFastSigner(peer),
      timing,
    };
    const parts = options.flaw?.parts?.(given, index, world) ?? given;
    const whole = await createMesh({
      ...parts,
      system,
      clock: host.clock,
      log,
      addressBook: books[index]!,
      peers: seeds.filter((seed) => seed !== index).map(entryOf),
      facts: { name: `node-${index}`, ...stamped(index, 'urgent'), ...stamped(index, 'calm') },
    });
    const mesh = options.flaw?.mesh?.(whole, index, world) ?? whole;
    nodes[index] = { index, peer, host, mesh };
    beliefs.begins(index, mesh);
  };

  const end = (index: number): void => {
    beliefs.ends(index);
    nodes[index]!.host.crash();
  };

  const world: World = {
    simulation,
    network,
    beliefs,
    judge,
    size,
    peers,
    node: (index) => nodes[index]!,
    start,
    crash: (index) => {
      network.crash(peers[index]!);
      end(index);
    },
    vanish: (index) => {
      network.vanish(peers[index]!);
      end(index);
    },
    leave: async (index) => {
      beliefs.leaves(index);
      await nodes[index]!.mesh.leave();
      await nodes[index]!.mesh.stop();
      end(index);
    },
    say: (index, kind) => {
      nodes[index]!.mesh.setFacts(stamped(index, kind));
      return stamps[kind][index]!;
    },
    writeBook: (index, known) => {
      books[index] = createMemoryAddressBook(known.filter((other) => other !== index).map(entryOf));
    },
    forge: (from, to, frame) => network.forge(peers[from]!, to, frame),
    publish: (from, hint) => network.publish(peers[from]!, HINT_TOPIC, hint),
    lines: ring.lines,
  };
  return world;
}
