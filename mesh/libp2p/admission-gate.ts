// The door of the node: what a connection may cost before it is admitted, and who is admitted.
//
//   TCP accepted --> noise proves the id --> certificates shown, or a token redeemed
//      |  counted, bytes and time limited until admitted          |
//      +--> over a limit or the deadline: aborted                 +--> admitted, or closed
//
// libp2p's connection gater sees only peer ids, and admission needs a conversation. So unknown ids get
// through the gater, bounded by this file; and what must not see them (gossipsub, identify) never hears
// of a connection until both sides have admitted each other: see gated-registrar.ts.

import type { Connection, ConnectionGater, MultiaddrConnection } from '@libp2p/interface';
import type { Clock, Timer } from '../../runtime/index.ts';
import { SkeinError } from '../../runtime/index.ts';

/**
 * Connections that may be waiting for admission at once. One more takes the place of the one that has waited longest, of
 * the address that has most: an honest peer is through in tens of milliseconds, long before its turn to give way.
 */
const UNADMITTED_LIMIT = 256;

/** Of these from one address: many peers may share one behind a NAT. One more is refused unread. */
const UNADMITTED_PER_HOST_LIMIT = 64;

/** What an unadmitted connection may send: noise, two handshakes and a serving request fit well. */
const UNADMITTED_LIMIT_BYTES = 64 * 1024;

/** From accept to admitted. */
const ADMISSION_DEADLINE_MS = 5_000;

/** A join waits for a majority to write down the token's use. */
const JOIN_DEADLINE_MS = 20_000;

/** A refusal must reach the other side within this; then its place is another's. */
const REFUSAL_DEADLINE_MS = 1_000;

export interface AdmissionGate {
  readonly gater: ConnectionGater;
  /** Lifts the limits of this connection. */
  readonly admit: (connection: Connection) => void;
  readonly isAdmitted: (connection: Connection) => boolean;
  /** Gives a connection that redeems a token the time this takes. */
  readonly extend: (connection: Connection) => void;
  /** It was refused, and has been told so. */
  readonly dismiss: (connection: Connection) => void;
  readonly forget: (connection: Connection) => void;
  /** Connections that wait for admission. */
  readonly waiting: () => number;
  /** Connections refused or aborted so far. */
  readonly refused: () => number;
}

interface Waiting {
  readonly host: string;
  bytes: number;
  deadline: Timer;
  /** A token is being redeemed: it gives way to nobody. */
  isJoining: boolean;
  isAdmitted: boolean;
  readonly abort: (error: Error) => void;
}

export function createAdmissionGate(clock: Clock): AdmissionGate {
  // Inbound connections by remote address: host and port are unique among living connections.
  const waiting = new Map<string, Waiting>();
  const admitted = new Set<string>();
  let refused = 0;

  const end = (key: string): void => {
    waiting.get(key)?.deadline.cancel();
    waiting.delete(key);
  };

  const expire = (key: string, afterMs: number): Timer =>
    clock.setTimer(afterMs, () => {
      const entry = waiting.get(key);
      if (entry === undefined) return;
      refused += 1;
      waiting.delete(key);
      entry.abort(new SkeinError('unauthorized', `not admitted within ${afterMs} ms`));
    });

  /** Who waits, by address, the longest waiting first. */
  const grouped = (): ReadonlyMap<string, readonly string[]> => {
    const byHost = new Map<string, string[]>();
    for (const [key, { host }] of waiting) {
      const keys = byHost.get(host);
      if (keys === undefined) byHost.set(host, [key]);
      else keys.push(key);
    }
    return byHost;
  };

  const makeRoom = (byHost: ReadonlyMap<string, readonly string[]>): boolean => {
    const most = [...byHost.values()].sort((a, b) => b.length - a.length);
    for (const keys of most) {
      const oldest = keys.find((key) => !waiting.get(key)!.isJoining);
      if (oldest === undefined) continue;
      const { abort } = waiting.get(oldest)!;
      refused += 1;
      end(oldest);
      abort(new SkeinError('overloaded', 'too many connections wait to be admitted'));
      return true;
    }
    return false;
  };

  const denyInboundConnection = (maConn: MultiaddrConnection): boolean => {
    const key = maConn.remoteAddr.toString();
    const host = key.split('/')[2] ?? '';
    const byHost = grouped();
    const isFull = waiting.size >= UNADMITTED_LIMIT;
    const hasMany = (byHost.get(host)?.length ?? 0) >= UNADMITTED_PER_HOST_LIMIT;
    if (hasMany || (isFull && !makeRoom(byHost))) {
      refused += 1;
      return true;
    }
    const entry: Waiting = {
      host,
      bytes: 0,
      isJoining: false,
      isAdmitted: false,
      deadline: expire(key, ADMISSION_DEADLINE_MS),
      abort: (error) => maConn.abort(error),
    };
    waiting.set(key, entry);
    countBytes(maConn, entry, () => {
      refused += 1;
      end(key);
    });
    return false;
  };

  const keyOf = (connection: Connection): string =>
    connection.remoteAddr.toString().replace(/\/p2p\/[^/]+$/, '');

  const within = (connection: Connection, limitMs: number, isJoining: boolean): void => {
    const key = keyOf(connection);
    const entry = waiting.get(key);
    if (entry === undefined) return;
    entry.isJoining = isJoining;
    entry.deadline.cancel();
    entry.deadline = expire(key, limitMs);
  };

  return {
    // Everything is dialled on purpose: private addresses, which libp2p denies by default, are usual here.
    gater: { denyInboundConnection, denyDialMultiaddr: () => false },
    admit: (connection) => {
      admitted.add(connection.id);
      if (connection.direction !== 'inbound') return;
      const key = keyOf(connection);
      const entry = waiting.get(key);
      if (entry !== undefined) entry.isAdmitted = true;
      end(key);
    },
    isAdmitted: (connection) => admitted.has(connection.id),
    extend: (connection) => {
      within(connection, JOIN_DEADLINE_MS, true);
    },
    dismiss: (connection) => {
      within(connection, REFUSAL_DEADLINE_MS, false);
    },
    forget: (connection) => {
      admitted.delete(connection.id);
      if (connection.direction === 'inbound') end(keyOf(connection));
    },
    waiting: () => waiting.size,
    refused: () => refused,
  };
}

/** Breaks the connection when it sends too much before it is admitted. */
function countBytes(maConn: MultiaddrConnection, entry: Waiting, tooMuch: () => void): void {
  const source = maConn.source;
  maConn.source = (async function* () {
    for await (const chunk of source) {
      if (!entry.isAdmitted) {
        entry.bytes += chunk.byteLength;
        if (entry.bytes > UNADMITTED_LIMIT_BYTES) {
          tooMuch();
          const error = new SkeinError(
            'too-large',
            `more than ${UNADMITTED_LIMIT_BYTES} bytes before it was admitted`,
          );
          maConn.abort(error);
          throw error;
        }
      }
      yield chunk;
    }
  })();
}
