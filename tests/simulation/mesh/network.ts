// The network of a mesh world: made for a thousand peers, so that no frame costs a search.
//
// Links know what TCP knows: what is lost comes late, in order, and a path that stays cut ends the link. Datagrams are
// lost, overtake each other and come twice. It is a second network beside simulated-network.ts, whose draws are frozen
// with the seeds of whole peers.

import type { PeerId, Transport } from '../../../mesh/index.ts';
import type { SimulatedPeer, Simulation } from '../../../runtime/index.ts';
import { frameKinds } from './frame-kinds.ts';
import type { FrameKind } from './frame-kinds.ts';
import { createHintMesh } from './hint-mesh.ts';
import { createPaths } from './paths.ts';
import type { Paths } from './paths.ts';
import { createStation, transmit } from './station.ts';
import type { KindCounter, NetworkCore, Station, Wire } from './stations.ts';

/** A link over a path that stays cut is given up after this long. */
const LINK_TIMEOUT_MS = 15_000;

/** What is stuck on a path is tried again this often at most once it may be open. */
const RETRY_MS = 400;

export interface NetworkCounters {
  readonly kinds: Readonly<Record<FrameKind, KindCounter>>;
  readonly hints: { readonly published: number; readonly first: number; readonly again: number };
}

export interface MeshNetwork {
  readonly paths: Paths;
  /** The transport of a peer; a later call for the same peer is its next life. */
  readonly transport: (
    index: number,
    peer: PeerId,
    addresses: readonly string[],
    host: SimulatedPeer,
  ) => Transport;
  /** To be called after a path was cut or opened: links and what is stuck on them follow in their time. */
  readonly pathsChanged: () => void;
  readonly breakLink: (one: PeerId, other: PeerId) => void;
  /** The process of `peer` died: its machine resets its links. Crash its host as well. */
  readonly crash: (peer: PeerId) => void;
  /** The machine of `peer` is gone without a word: links die by timeout. Crash its host as well. */
  readonly vanish: (peer: PeerId) => void;
  /** Sends what no mesh made, over a link that is there. */
  readonly forge: (from: PeerId, to: PeerId, frame: Uint8Array) => void;
  /** Publishes what no mesh made. */
  readonly publish: (from: PeerId, topic: string, hint: Uint8Array) => void;
  /** Peers it has a link to. */
  readonly linked: (peer: PeerId) => readonly PeerId[];
  readonly counters: () => NetworkCounters;
}

export function createMeshNetwork(simulation: Simulation): MeshNetwork {
  const random = simulation.random.fork('mesh network');
  const paths = createPaths(random.fork('paths'));
  const stations = new Map<PeerId, Station>();
  const counted = Object.fromEntries(
    frameKinds.map((kind) => [kind, { messages: 0, bytes: 0 }]),
  ) as Record<FrameKind, KindCounter>;

  const core: NetworkCore = {
    simulation,
    paths,
    find: (peer) => stations.get(peer),
    count: (kind, bytes) => {
      const counter = counted[kind];
      counter.messages += 1;
      counter.bytes += bytes;
    },
    dice: () => random.float(),
    canMeet: (one, other) =>
      paths.isOpen(one.index, other.index) && paths.isOpen(other.index, one.index),
    linkUp: (one, other) => {
      if (one.wires.has(other.peer)) return;
      one.wires.set(other.peer, createWire(other));
      other.wires.set(one.peer, createWire(one));
      hints.linked(one, other);
      one.linkChanged(other.peer, true, 0);
      other.linkChanged(one.peer, true, 0);
    },
    linkDown: (one, other) => {
      for (const [station, lost] of [
        [one, other],
        [other, one],
      ] as const) {
        const wire = station.wires.get(lost.peer);
        if (wire === undefined || wire.to !== lost) continue;
        wire.isUp = false;
        wire.stuck = [];
        station.wires.delete(lost.peer);
        station.linkChanged(lost.peer, false, paths.latencyMs(lost.index, station.index));
      }
      hints.unlinked(one, other);
    },
    publish: (from, topic, data) => hints.publish(from, topic, data),
  };
  const hints = createHintMesh(core, random.fork('hints'));

  const dropLinks = (station: Station): void => {
    for (const { to } of station.wires.values()) core.linkDown(station, to);
  };

  const eachWire = (visit: (from: Station, wire: Wire) => void): void => {
    for (const station of stations.values()) {
      for (const wire of station.wires.values()) visit(station, wire);
    }
  };

  const unstick = (from: Station, wire: Wire): void => {
    if (wire.stuck.length === 0 || !wire.isUp || !paths.isOpen(from.index, wire.to.index)) return;
    const { stuck } = wire;
    wire.stuck = [];
    for (const { lane, frame } of stuck) transmit(from, wire, lane, frame, core);
  };

  return {
    paths,
    transport: (index, peer, addresses, host) => {
      const before = stations.get(peer);
      // Whoever still holds a link to the life before hears a reset from this one.
      if (before !== undefined) dropLinks(before);
      const station = createStation(core, index, peer, addresses, host);
      stations.set(peer, station);
      return station.transport;
    },
    pathsChanged: () => {
      simulation.schedule(LINK_TIMEOUT_MS, () =>
        eachWire((from, { to }) => {
          if (!core.canMeet(from, to)) core.linkDown(from, to);
        }),
      );
      simulation.schedule(RETRY_MS, () => eachWire(unstick));
    },
    breakLink: (one, other) => {
      const [from, to] = [stations.get(one), stations.get(other)];
      if (from !== undefined && to !== undefined) core.linkDown(from, to);
    },
    crash: (peer) => {
      const station = stations.get(peer);
      if (station === undefined) return;
      station.die();
      dropLinks(station);
    },
    vanish: (peer) => {
      const station = stations.get(peer);
      if (station === undefined) return;
      station.die();
      simulation.schedule(LINK_TIMEOUT_MS, () => dropLinks(station));
    },
    forge: (from, to, frame) => {
      stations.get(from)?.transport.send(to, 'control', frame);
    },
    publish: (from, topic, hint) => stations.get(from)?.transport.publish(topic, hint),
    linked: (peer) => [...(stations.get(peer)?.wires.keys() ?? [])],
    counters: () => ({
      kinds: Object.fromEntries(frameKinds.map((kind) => [kind, { ...counted[kind] }])) as Record<
        FrameKind,
        KindCounter
      >,
      hints: hints.counters(),
    }),
  };
}

function createWire(to: Station): Wire {
  return { to, isUp: true, lastArrivalMs: [0, 0, 0], stuck: [] };
}
