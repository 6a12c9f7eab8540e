// A datagram on the wire, and what is refused of what arrives. Pure but for the cipher.
//
//   version (1) | session id (8) | counter (4) | ciphertext | tag (16)
//   \______ authenticated, not encrypted ____/
//
// The session id is the receiver's, made of the link's secrets: it finds the keys without trying any, and an id that
// nobody has is dropped before anything is computed. The counter is the nonce and the order.

import { DATAGRAM_LIMIT_BYTES } from '../transport.ts';
import { SESSION_ID_BYTES, TAG_BYTES, decrypt, encrypt } from './datagram-cipher.ts';
import type { DirectionKeys } from './datagram-cipher.ts';
import { createReplayWindow } from './replay-window.ts';

const VERSION = 1;
const COUNTER_AT = 1 + SESSION_ID_BYTES;
const HEADER_BYTES = COUNTER_AT + 4;

/** What a session puts before the caller's bytes, encrypted: see datagram-session.ts. */
export const PREAMBLE_BYTES = 5;

/** What the wire adds to the plain bytes. */
const SEAL_BYTES = HEADER_BYTES + TAG_BYTES;

/** The largest datagram on the wire; a longer one is not ours. */
export const WIRE_LIMIT_BYTES = DATAGRAM_LIMIT_BYTES + PREAMBLE_BYTES + SEAL_BYTES;

/** Datagrams of one direction of a link, then no more: what AES-GCM is good for with one key (RFC 9001, 6.6), 4 years at 2/s. */
export const COUNTER_LIMIT = 2 ** 28;

export interface Sealer {
  /** Undefined once COUNTER_LIMIT is reached. */
  readonly seal: (plain: Uint8Array) => Uint8Array | undefined;
  /** The counter of the last one sealed; 0 when there is none. */
  readonly counter: () => number;
}

export function createSealer(keys: DirectionKeys, counterLimit = COUNTER_LIMIT): Sealer {
  let counter = 0;
  return {
    seal: (plain) => {
      if (counter >= counterLimit) return undefined;
      counter += 1;
      const header = Buffer.alloc(HEADER_BYTES);
      header[0] = VERSION;
      header.set(keys.sessionId, 1);
      header.writeUInt32BE(counter, COUNTER_AT);
      return Buffer.concat([header, encrypt(keys, counter, header, plain)]);
    },
    counter: () => counter,
  };
}

export interface Opened {
  readonly plain: Uint8Array;
  readonly counter: number;
  /** None with a higher counter came before. */
  readonly isNewest: boolean;
}

export interface Opener {
  /** `replayed` (or too old) is found before anything is computed; `forged`: changed, or sealed with other keys. */
  readonly open: (datagram: Uint8Array) => Opened | 'replayed' | 'forged';
  /** The highest counter of a genuine one; 0 when there is none. */
  readonly highest: () => number;
}

/** Opens datagrams whose `sessionIdOf` is that of these keys. */
export function createOpener(keys: DirectionKeys): Opener {
  const window = createReplayWindow();
  return {
    open: (datagram) => {
      const bytes = viewOf(datagram);
      const counter = bytes.readUInt32BE(COUNTER_AT);
      if (!window.isFresh(counter)) return 'replayed';
      const header = bytes.subarray(0, HEADER_BYTES);
      const plain = decrypt(keys, counter, header, bytes.subarray(HEADER_BYTES));
      if (plain === undefined) return 'forged';
      const isNewest = counter > window.highest();
      window.mark(counter);
      return { plain, counter, isNewest };
    },
    highest: window.highest,
  };
}

/** As a key of a map. Undefined for what is none of ours by its version or size. */
export function sessionIdOf(datagram: Uint8Array): string | undefined {
  if (datagram.length < SEAL_BYTES || datagram.length > WIRE_LIMIT_BYTES) return undefined;
  if (datagram[0] !== VERSION) return undefined;
  return sessionIdText(datagram.subarray(1, COUNTER_AT));
}

export function sessionIdText(sessionId: Uint8Array): string {
  return viewOf(sessionId).toString('latin1');
}

/** The same bytes as a Buffer, not copied. */
function viewOf(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
