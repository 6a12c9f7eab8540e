// The network as a port: libp2p in production, a faulty one in the simulator.

import type { Duplex } from 'node:stream';
import type { Result } from '../runtime/index.ts';

/** A peer's identity: the libp2p peer id of its Ed25519 key, as text. */
export type PeerId = string;

/** Frames of one lane never wait behind frames of another. */
export type Lane = 'control' | 'log' | 'bulk';

export interface TransportHandlers {
  /** A frame from an admitted peer. */
  readonly frame: (from: PeerId, lane: Lane, frame: Uint8Array) => void;
  /** A hint published by any admitted peer on an allowed topic. */
  readonly published: (from: PeerId, topic: string, data: Uint8Array) => void;
  /** A link to an admitted peer came up or went down. A lost link is a reason to probe, never a verdict. */
  readonly link: (peer: PeerId, up: boolean) => void;
  /** Another admitted peer opened a byte stream. */
  readonly stream: (from: PeerId, protocol: string, header: unknown, stream: Duplex) => void;
}

export interface Transport {
  readonly self: PeerId;
  readonly start: (handlers: TransportHandlers) => Promise<void>;
  readonly stop: () => Promise<void>;
  /** `host:port` addresses at which others reach this peer. */
  readonly addresses: () => readonly string[];
  /** Keeps a link to this peer, at any of these addresses, redialling without end with a jittered backoff until `disconnect`. */
  readonly connect: (peer: PeerId, addresses: readonly string[]) => void;
  readonly disconnect: (peer: PeerId) => void;
  readonly isLinked: (peer: PeerId) => boolean;
  /** At most once, in order per peer and lane. False when there is no link or the lane's queue is full. */
  readonly send: (to: PeerId, lane: Lane, frame: Uint8Array) => boolean;
  /** To every peer, soon, without repair; at most tens per second in the whole cluster. */
  readonly publish: (topic: string, data: Uint8Array) => void;
  /** A byte stream of its own, with back-pressure: for proxied bytes and snapshots. */
  readonly open: (to: PeerId, protocol: string, header: unknown) => Promise<Result<Duplex>>;
}
