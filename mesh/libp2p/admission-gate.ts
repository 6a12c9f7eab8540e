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

/** Connections that may be waiting for admission at once; one more is refused unread. */
const UNADMITTED_LIMIT = 256;

/** Of these from one address: many peers may share one behind a NAT. */
const UNADMITTED_PER_HOST_LIMIT = 64;

/** What an unadmitted connection may send: noise, two handshakes and a serving request fit well. */
const UNADMITTED_LIMIT_BYTES = 64 * 1024;

/** From accept to admitted. */
const ADMISSION_DEADLINE_MS = 5_000;

/** A join waits for a majority to write down the token's use. */
const JOIN_DEADLINE_MS = 20_000;

export interface AdmissionGate {
  readonly gater: ConnectionGater;
  /** Lifts the limits of this connection. */
  readonly admit: (connection: Connection) => void;
  readonly isAdmitted: (connection: Connection) => boolean;
  /** Gives a connection that redeems a token the time this takes. */
  readonly extend: (connection: Connection) => void;
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

  const denyInboundConnection = (maConn: MultiaddrConnection): boolean => {
    const key = maConn.remoteAddr.toString();
    const host = key.split('/')[2] ?? '';
    const ofHost = [...waiting.values()].filter((entry) => entry.host === host).length;
    if (waiting.size >= UNADMITTED_LIMIT || ofHost >= UNADMITTED_PER_HOST_LIMIT) {
      refused += 1;
      return true;
    }
    const entry: Waiting = {
      host,
      bytes: 0,
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
      const key = keyOf(connection);
      const entry = waiting.get(key);
      if (entry === undefined) return;
      entry.deadline.cancel();
      entry.deadline = expire(key, JOIN_DEADLINE_MS);
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
