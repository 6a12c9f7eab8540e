// The network as a port: libp2p in production, a faulty one in the simulator.

import type { Duplex } from 'node:stream';
import type { Result } from '../runtime/index.ts';

/** A peer's identity: the libp2p peer id of its Ed25519 key, as text. */
export type PeerId = string;

/** Frames of one lane never wait behind frames of another. */
export type Lane = 'control' | 'log' | 'bulk';

/** The largest datagram: with its own and UDP's headers it fits the smallest usual MTU (IPv6's 1,280). */
export const DATAGRAM_LIMIT_BYTES = 1_100;

/** A lost link is a reason to probe, never a verdict; one that ended was of no use to either side any more. */
export type LinkChange = 'up' | 'lost' | 'ended';

/** How this peer reaches another one, or why it does not. */
export interface LinkReport {
  readonly peer: PeerId;
  /** `none`: there is no link right now, and `reason` says what the last try ended with. */
  readonly path: 'direct' | 'relayed' | 'none';
  /** The peer in between, when relayed. */
  readonly via?: PeerId | undefined;
  /** Since when, on the local monotonic clock. */
  readonly sinceMs: number;
  /** Whether datagrams were seen to pass both ways. */
  readonly hasDatagrams: boolean;
  /** Last measured; undefined when there is no link. */
  readonly roundTripMs?: number | undefined;
  /** Why there is no direct link, as far as it was tried: address by address. */
  readonly reason?: string | undefined;
}

export interface TransportHandlers {
  /** A frame from an admitted peer. */
  readonly frame: (from: PeerId, lane: Lane, frame: Uint8Array) => void;
  /** A datagram from an admitted peer. It may have overtaken frames, and may come twice. */
  readonly datagram: (from: PeerId, bytes: Uint8Array) => void;
  /**
   * A hint on an allowed topic, passed on by an admitted peer, whoever published it. Returns what becomes of it: only
   * what is passed on reaches peers that the publisher has no link to; refused is what no honest peer would pass on.
   */
  readonly published: (
    from: PeerId,
    topic: string,
    data: Uint8Array,
  ) => 'pass on' | 'drop' | 'refuse';
  /**
   * What became of the link to an admitted peer; one that gives way to a better one is not told. `address` is where the
   * peer was dialled; undefined when it dialled itself or is relayed.
   */
  readonly link: (peer: PeerId, change: LinkChange, address?: string) => void;
  /** Another admitted peer opened a byte stream. */
  readonly stream: (from: PeerId, protocol: string, header: unknown, stream: Duplex) => void;
}

export interface Transport {
  readonly self: PeerId;
  readonly start: (handlers: TransportHandlers) => Promise<void>;
  readonly stop: () => Promise<void>;
  /**
   * `host:port` addresses at which others reach this peer, as they are now, and relays where it seems that nobody can
   * dial it: see relay-hint.ts.
   */
  readonly addresses: () => readonly string[];
  /** Keeps a link to this peer, at any of these addresses, redialling without end with a jittered backoff until `disconnect`. */
  readonly connect: (peer: PeerId, addresses: readonly string[]) => void;
  /**
   * Where to find this peer should somebody have something to say to it: `send` and `open` dial then, and the link ends
   * once it is long unused. Takes the place of `connect`; a link that is up stays while it is used.
   */
  readonly reach: (peer: PeerId, addresses: readonly string[]) => void;
  /** Ends the link and forgets the peer. */
  readonly disconnect: (peer: PeerId) => void;
  /** A link is up right now. */
  readonly isLinked: (peer: PeerId) => boolean;
  /**
   * At most once, in order per peer and lane. False when the lane's queue is full, or when there is no link and none can
   * be made; a frame that waits for a link being made is dropped if that fails.
   */
  readonly send: (to: PeerId, lane: Lane, frame: Uint8Array) => boolean;
  /**
   * Small, authenticated and encrypted, without order, repair or queue: for probes. At most DATAGRAM_LIMIT_BYTES. False
   * when there is no link or datagrams do not pass between the two; a frame on the control lane is the other way.
   */
  readonly sendDatagram: (to: PeerId, bytes: Uint8Array) => boolean;
  /** To every peer, soon, without repair; at most tens per second in the whole cluster. */
  readonly publish: (topic: string, data: Uint8Array) => void;
  /** A byte stream of its own, with back-pressure: for proxied bytes and snapshots. */
  readonly open: (to: PeerId, protocol: string, header: unknown) => Promise<Result<Duplex>>;
  /** Every peer that `connect` or `reach` named, ordered by peer id. */
  readonly links: () => readonly LinkReport[];
}
