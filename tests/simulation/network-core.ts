// What the simulated network and its transports know of each other.

import type { Duplex } from 'node:stream';
import type { SimulatedPeer, Simulation } from '../../runtime/index.ts';
import type { Lane, PeerId, Transport } from '../../mesh/index.ts';

export interface NetworkCounters {
  frames: number;
  bytes: number;
  dropped: number;
  published: number;
}

/** What transports ask of the network. */
export interface NetworkCore {
  readonly simulation: Simulation;
  readonly counters: NetworkCounters;
  readonly find: (peer: PeerId) => SimulatedTransport | undefined;
  readonly all: () => Iterable<SimulatedTransport>;
  readonly isLinked: (one: PeerId, other: PeerId) => boolean;
  /** Whether a handshake between them would succeed right now. */
  readonly canMeet: (one: PeerId, other: PeerId) => boolean;
  /** Whether datagrams pass both ways when anything does. */
  readonly passesDatagrams: (one: PeerId, other: PeerId) => boolean;
  readonly linkUp: (one: PeerId, other: PeerId) => void;
  readonly linkDown: (one: PeerId, other: PeerId) => void;
  /** Latency of one frame in ms; undefined when it is lost. */
  readonly fate: (from: PeerId, to: PeerId) => readonly number[];
  readonly latency: (from: PeerId, to: PeerId) => number;
}

/** One peer's transport, seen by the network. */
export interface SimulatedTransport extends Transport {
  readonly host: SimulatedPeer;
  /** The network made or broke a link; the peer learns it after `delayMs`. */
  readonly linkChanged: (peer: PeerId, up: boolean, delayMs: number) => void;
  readonly deliver: (from: PeerId, lane: Lane, frame: Uint8Array, delayMs: number) => void;
  readonly deliverDatagram: (from: PeerId, bytes: Uint8Array, delayMs: number) => void;
  readonly deliverHint: (from: PeerId, topic: string, data: Uint8Array, delayMs: number) => void;
  readonly accept: (from: PeerId, protocol: string, header: unknown, stream: Duplex) => void;
  /** Remembers a stream, to end it with its link. */
  readonly ownStream: (peer: PeerId, stream: Duplex) => void;
  readonly isListening: () => boolean;
  /** It is reached at these addresses from now on, and at no other. */
  readonly moveTo: (addresses: readonly string[]) => void;
  /** Its process is gone. */
  readonly die: () => void;
}
