// The datagrams of all links: what each side adds to the keys, and which session a datagram belongs to.

import type { Clock, Logger, Random } from '../../runtime/index.ts';
import type { PeerId } from '../transport.ts';
import { SECRET_BYTES, deriveLinkKeys } from './datagram-cipher.ts';
import { createDatagramSession } from './datagram-session.ts';
import type { DatagramSession } from './datagram-session.ts';
import type { DatagramSocket, Received } from './datagram-socket.ts';
import { sessionIdOf, sessionIdText } from './sealed-datagram.ts';

/** Links with datagrams at once; a link beyond goes without. */
const SESSIONS_LIMIT = 4_096;

/** What one side tells the other in the handshake of a link. */
export interface DatagramOffer {
  /** 0: it has none, or not yet. */
  readonly port: number;
  /** SECRET_BYTES, new with each offer. */
  readonly secret: Uint8Array;
}

/** What became of datagrams that came in; only ever grow. */
export interface DatagramCounters {
  genuine: number;
  /** Of no session: dropped before anything was computed. */
  unknown: number;
  replayed: number;
  forged: number;
}

export interface DatagramLink {
  readonly peer: PeerId;
  readonly own: DatagramOffer;
  readonly other: DatagramOffer;
  /** The other side's IP address, as the link has it. */
  readonly host: string;
  readonly received: (bytes: Uint8Array) => void;
}

export interface Datagrams {
  readonly offer: () => DatagramOffer;
  /** For a link that was just made, and for as long as it lasts. Undefined at the limit. */
  readonly open: (link: DatagramLink) => DatagramSession | undefined;
  readonly counters: Readonly<DatagramCounters>;
  /** Takes a socket that `open` makes; undefined is none. */
  readonly start: (
    open: (received: Received) => Promise<DatagramSocket | undefined>,
  ) => Promise<void>;
  readonly stop: () => void;
}

export interface DatagramsOptions {
  readonly self: PeerId;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
}

export function createDatagrams(options: DatagramsOptions): Datagrams {
  const { self, clock, random, log } = options;
  const sessions = new Map<string, DatagramSession>();
  const counters: DatagramCounters = { genuine: 0, unknown: 0, replayed: 0, forged: 0 };
  let socket: DatagramSocket | undefined;

  const received: Received = (bytes, from) => {
    const id = sessionIdOf(bytes);
    const session = id === undefined ? undefined : sessions.get(id);
    if (session === undefined) counters.unknown += 1;
    else counters[session.receive(bytes, from)] += 1;
  };

  return {
    counters,
    offer: () => ({ port: socket?.port ?? 0, secret: random.bytes(SECRET_BYTES) }),
    open: ({ peer, own, other, host, received: deliver }) => {
      if (sessions.size >= SESSIONS_LIMIT) {
        log.warn('a link without datagrams: there are too many', { peer, limit: SESSIONS_LIMIT });
        return undefined;
      }
      const keys = deriveLinkKeys(
        { peer: self, secret: own.secret },
        { peer, secret: other.secret },
      );
      const id = sessionIdText(keys.in.sessionId);
      const session = createDatagramSession({
        keys,
        endpoint: other.port === 0 ? undefined : { host, port: other.port },
        clock,
        random,
        send: (bytes, to) => socket?.send(bytes, to),
        received: deliver,
      });
      const close = (): void => {
        session.close();
        sessions.delete(id);
      };
      sessions.set(id, session);
      return { ...session, close };
    },
    start: async (open) => {
      socket = await open(received);
    },
    stop: () => {
      socket?.close();
      socket = undefined;
    },
  };
}
