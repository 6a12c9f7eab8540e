// One link's datagrams: its keys, the path they take, and where the other side is.
//
//   plain bytes:  kind (1) | highest counter got from the other side (4) | the caller's bytes
//
// The other side is where the link says it is, until a genuine datagram comes from elsewhere: the newest one tells
// (a NAT that forgot its mapping, a peer that moved). Only genuine datagrams are ever answered, each by one as small.

import { assert } from '../../runtime/index.ts';
import type { Clock, Random, Timer } from '../../runtime/index.ts';
import { DATAGRAM_LIMIT_BYTES } from '../transport.ts';
import type { LinkKeys } from './datagram-cipher.ts';
import { createDatagramPath } from './datagram-path.ts';
import type { Endpoint } from './datagram-socket.ts';
import { PREAMBLE_BYTES, createOpener, createSealer } from './sealed-datagram.ts';

/** A datagram of the caller's; "do you hear me?"; the answer to that. */
type Kind = 'data' | 'probe' | 'answer';
const KINDS: readonly Kind[] = ['data', 'probe', 'answer'];
const SEEN_AT = 1;

const NOTHING = new Uint8Array(0);

export interface SessionTerms {
  readonly keys: LinkKeys;
  /** Undefined: it cannot be told yet, and the other side has to speak first. */
  readonly endpoint: Endpoint | undefined;
  readonly clock: Clock;
  readonly random: Random;
  readonly send: (bytes: Uint8Array, to: Endpoint) => void;
  readonly received: (bytes: Uint8Array) => void;
}

export interface DatagramSession {
  readonly isOpen: () => boolean;
  /** False when datagrams do not pass both ways. */
  readonly send: (bytes: Uint8Array) => boolean;
  /** What became of a datagram with this session's id. */
  readonly receive: (datagram: Uint8Array, from: Endpoint) => 'genuine' | 'replayed' | 'forged';
  readonly close: () => void;
}

/** Begins to look for a path at once, and goes on until it is closed. */
export function createDatagramSession(terms: SessionTerms): DatagramSession {
  const { keys, clock, random } = terms;
  const sealer = createSealer(keys.out);
  const opener = createOpener(keys.in);
  const path = createDatagramPath(random, clock.monotonicMs());
  let { endpoint } = terms;
  let timer: { readonly dueMs: number; readonly handle: Timer } | undefined;
  let isClosed = false;

  const transmit = (kind: Kind, bytes: Uint8Array): boolean => {
    if (endpoint === undefined) return false;
    const plain = Buffer.allocUnsafe(PREAMBLE_BYTES + bytes.length);
    plain[0] = KINDS.indexOf(kind);
    plain.writeUInt32BE(opener.highest(), SEEN_AT);
    plain.set(bytes, PREAMBLE_BYTES);
    const sealed = sealer.seal(plain);
    if (sealed === undefined) return false;
    if (kind !== 'answer') path.sent(sealer.counter(), clock.monotonicMs());
    terms.send(sealed, endpoint);
    return true;
  };

  /** Set anew when it would come too early, too: waking an idle process for nothing costs more than that. */
  const time = (): void => {
    const dueMs = path.nextWakeMs();
    if (isClosed || endpoint === undefined || timer?.dueMs === dueMs) return;
    timer?.handle.cancel();
    timer = { dueMs, handle: clock.setTimer(Math.max(0, dueMs - clock.monotonicMs()), onTimer) };
  };

  const onTimer = (): void => {
    timer = undefined;
    if (path.wake(clock.monotonicMs())) transmit('probe', NOTHING);
    time();
  };

  time();
  return {
    isOpen: path.isOpen,
    send: (bytes) => {
      assert(bytes.length <= DATAGRAM_LIMIT_BYTES, `a datagram of ${bytes.length} bytes`);
      if (isClosed || !path.isOpen() || !transmit('data', bytes)) return false;
      time();
      return true;
    },
    receive: (datagram, from) => {
      const opened = opener.open(datagram);
      if (typeof opened === 'string') return opened;
      const { plain, isNewest } = opened;
      const kind = KINDS[plain[0]!];
      if (kind === undefined || plain.length < PREAMBLE_BYTES) return 'forged';
      const nowMs = clock.monotonicMs();
      if (isNewest && (from.host !== endpoint?.host || from.port !== endpoint.port)) {
        endpoint = from;
        path.moved(nowMs);
      }
      const view = Buffer.from(plain.buffer, plain.byteOffset, plain.byteLength);
      path.heard(view.readUInt32BE(SEEN_AT), nowMs);
      if (kind === 'probe') transmit('answer', NOTHING);
      time();
      if (kind === 'data') terms.received(plain.subarray(PREAMBLE_BYTES));
      return 'genuine';
    },
    close: () => {
      isClosed = true;
      timer?.handle.cancel();
    },
  };
}
