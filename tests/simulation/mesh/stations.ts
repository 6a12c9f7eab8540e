// What the parts of the mesh network know of each other: stations, and the links between them.

import type { PeerId, Transport, TransportHandlers } from '../../../mesh/index.ts';
import type { SimulatedPeer, Simulation } from '../../../runtime/index.ts';
import type { FrameKind } from './frame-kinds.ts';
import type { Paths } from './paths.ts';

/** One peer in one of its lives, as the network sees it. */
export interface Station {
  /** The same in every life. */
  readonly index: number;
  readonly peer: PeerId;
  readonly host: SimulatedPeer;
  readonly transport: Transport;
  /** Undefined before it listens and once it is gone. */
  handlers: TransportHandlers | undefined;
  /** By the other end; how this end speaks. */
  readonly wires: Map<PeerId, Wire>;
  /** Linked peers it passes hints on to. */
  readonly hintPeers: Set<PeerId>;
  /** Hints seen, so that each is passed on once. */
  readonly seenHints: Set<number>;
  /** The network made a link or broke one; the peer hears of it after `delayMs`. */
  readonly linkChanged: (peer: PeerId, up: boolean, delayMs: number) => void;
  /** Without order, and at most so many while its process does not read. */
  readonly takeDatagram: (from: PeerId, bytes: Uint8Array, delayMs: number) => void;
  /** Its process is gone: nothing waits for anything any more. */
  readonly die: () => void;
}

/** One direction of a link. */
export interface Wire {
  readonly to: Station;
  isUp: boolean;
  /** When the last frame of each lane arrives, in the order of `lanes`: the next one arrives no sooner. */
  readonly lastArrivalMs: number[];
  /** Frames on a path that is cut: they go out when it is open again, if the link lives as long. */
  stuck: { readonly lane: number; readonly frame: Uint8Array }[];
}

export interface KindCounter {
  messages: number;
  bytes: number;
}

export interface NetworkCore {
  readonly simulation: Simulation;
  readonly paths: Paths;
  readonly find: (peer: PeerId) => Station | undefined;
  readonly linkUp: (one: Station, other: Station) => void;
  readonly linkDown: (one: Station, other: Station) => void;
  readonly count: (kind: FrameKind, bytes: number) => void;
  readonly publish: (from: Station, topic: string, data: Uint8Array) => void;
  /** Uniform in [0, 1). */
  readonly dice: () => number;
  /** Whether a handshake between them can pass right now. */
  readonly canMeet: (one: Station, other: Station) => boolean;
}
