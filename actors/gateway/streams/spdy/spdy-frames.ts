// Frames of SPDY/3.1 as bytes, both ways. Pure: bytes in any cut go in, frames come out.
//
//   control  1|version 15|type 16|flags 8|length 24|payload        data  0|stream 31|flags 8|length 24|bytes

import { SkeinError } from '../../../../runtime/index.ts';

/** SPDY/3.1 calls itself 3 in its frames. */
const VERSION = 3;

const HEADER_BYTES = 8;

/** A control frame's payload is held whole, so it has a bound. */
const MAX_CONTROL_BYTES = 64 * 1024;

/** Bytes of one data frame that is sent, so that streams take turns. */
export const DATA_BYTES = 64 * 1024;

const TYPE = {
  synStream: 1,
  synReply: 2,
  rstStream: 3,
  settings: 4,
  ping: 6,
  goAway: 7,
  headers: 8,
  windowUpdate: 9,
} as const;

const FLAG_FIN = 1;

/** Why a stream was reset (2.6.3). */
export const RESET = { protocolError: 1, invalidStream: 2, refusedStream: 3, cancel: 5 } as const;

/** Why the session ended (2.6.6). */
export const GO_AWAY = { ok: 0, protocolError: 1 } as const;

/** `block` is a compressed header block, `isFinal` says that the sender sends no more on the stream. */
export type SpdyFrame =
  | {
      readonly type: 'syn-stream' | 'syn-reply' | 'headers';
      readonly streamId: number;
      readonly isFinal: boolean;
      readonly block: Buffer;
    }
  /** A frame in several pieces when its bytes come so; the last carries `isFinal`. */
  | {
      readonly type: 'data';
      readonly streamId: number;
      readonly isFinal: boolean;
      readonly bytes: Buffer;
    }
  | { readonly type: 'rst-stream'; readonly streamId: number; readonly status: number }
  | { readonly type: 'ping'; readonly id: number }
  | { readonly type: 'go-away' }
  /** Settings and window updates: nothing here depends on them. */
  | { readonly type: 'ignored' };

const malformed = (why: string): SkeinError => new SkeinError('invalid', `SPDY: ${why}`);

const STREAM_MASK = 0x7fff_ffff;

/** Where the header block begins, for the frames that have one. */
const BLOCK_AT: Readonly<Record<number, readonly [SpdyFrame['type'], number]>> = {
  [TYPE.synStream]: ['syn-stream', 10],
  [TYPE.synReply]: ['syn-reply', 4],
  [TYPE.headers]: ['headers', 4],
};

/** Payload lengths of the others that are read. */
const FIXED_BYTES: Readonly<Record<number, number>> = {
  [TYPE.rstStream]: 8,
  [TYPE.ping]: 4,
  [TYPE.goAway]: 8,
  [TYPE.windowUpdate]: 8,
};

function readControl(type: number, flags: number, payload: Buffer): SpdyFrame {
  const blockAt = BLOCK_AT[type];
  if (blockAt !== undefined) {
    const [name, at] = blockAt;
    if (payload.length < at) throw malformed(`a ${name} frame of ${payload.length} bytes`);
    return {
      type: name as 'syn-stream',
      streamId: payload.readUInt32BE(0) & STREAM_MASK,
      isFinal: (flags & FLAG_FIN) !== 0,
      block: payload.subarray(at),
    };
  }
  const expected = FIXED_BYTES[type];
  if (expected !== undefined && payload.length !== expected) {
    throw malformed(`a frame of type ${type} with ${payload.length} bytes instead of ${expected}`);
  }
  switch (type) {
    case TYPE.rstStream: {
      const streamId = payload.readUInt32BE(0) & STREAM_MASK;
      return { type: 'rst-stream', streamId, status: payload.readUInt32BE(4) };
    }
    case TYPE.ping:
      return { type: 'ping', id: payload.readUInt32BE(0) };
    case TYPE.goAway:
      return { type: 'go-away' };
    case TYPE.settings:
    case TYPE.windowUpdate:
      return { type: 'ignored' };
    default:
      throw malformed(`control frames of type ${type} do not exist`);
  }
}

export interface SpdyDecoder {
  /** Throws `invalid` for what is no SPDY/3.1, in words. */
  readonly push: (chunk: Buffer) => Generator<SpdyFrame>;
}

/** One for each connection: it holds what is not yet a whole frame. */
export function createSpdyDecoder(): SpdyDecoder {
  let held: Buffer = Buffer.alloc(0);
  /** The data frame whose bytes are coming. */
  let data: { readonly streamId: number; readonly isFinal: boolean; left: number } | undefined;

  const takeData = (): SpdyFrame | undefined => {
    if (data === undefined || (held.length === 0 && data.left > 0)) return undefined;
    const bytes = held.subarray(0, data.left);
    held = held.subarray(bytes.length);
    data.left -= bytes.length;
    const { streamId, isFinal, left } = data;
    if (left === 0) data = undefined;
    return { type: 'data', streamId, bytes, isFinal: isFinal && left === 0 };
  };
  const takeControl = (length: number): SpdyFrame | undefined => {
    const version = held.readUInt16BE(0) & 0x7fff;
    if (version !== VERSION) throw malformed(`version ${version} instead of ${VERSION}`);
    if (length > MAX_CONTROL_BYTES) {
      throw malformed(`a control frame of ${length} bytes; ${MAX_CONTROL_BYTES} are allowed`);
    }
    if (held.length < HEADER_BYTES + length) return undefined;
    const type = held.readUInt16BE(2);
    const flags = held.readUInt8(4);
    const payload = held.subarray(HEADER_BYTES, HEADER_BYTES + length);
    held = held.subarray(HEADER_BYTES + length);
    return readControl(type, flags, payload);
  };
  const next = (): SpdyFrame | undefined => {
    if (data !== undefined) return takeData();
    if (held.length < HEADER_BYTES) return undefined;
    const length = held.readUIntBE(5, 3);
    if ((held[0]! & 0x80) !== 0) return takeControl(length);
    const isFinal = (held.readUInt8(4) & FLAG_FIN) !== 0;
    data = { streamId: held.readUInt32BE(0), isFinal, left: length };
    held = held.subarray(HEADER_BYTES);
    return takeData();
  };
  return {
    *push(chunk) {
      held = held.length === 0 ? chunk : Buffer.concat([held, chunk]);
      for (let frame = next(); frame !== undefined; frame = next()) yield frame;
    },
  };
}

function control(type: number, flags: number, payload: Buffer): Buffer {
  const header = Buffer.alloc(HEADER_BYTES);
  header.writeUInt16BE(0x8000 | VERSION, 0);
  header.writeUInt16BE(type, 2);
  header.writeUInt8(flags, 4);
  header.writeUIntBE(payload.length, 5, 3);
  return Buffer.concat([header, payload]);
}

function words(...values: number[]): Buffer {
  const bytes = Buffer.alloc(values.length * 4);
  values.forEach((value, index) => bytes.writeUInt32BE(value, index * 4));
  return bytes;
}

export const encodeSynStream = (streamId: number, block: Buffer, isFinal: boolean): Buffer =>
  control(
    TYPE.synStream,
    isFinal ? FLAG_FIN : 0,
    Buffer.concat([words(streamId, 0), Buffer.alloc(2), block]),
  );

export const encodeSynReply = (streamId: number, block: Buffer): Buffer =>
  control(TYPE.synReply, 0, Buffer.concat([words(streamId), block]));

export const encodeReset = (streamId: number, status: number): Buffer =>
  control(TYPE.rstStream, 0, words(streamId, status));

export const encodePing = (id: number): Buffer => control(TYPE.ping, 0, words(id));

export const encodeGoAway = (lastStreamId: number, status: number): Buffer =>
  control(TYPE.goAway, 0, words(lastStreamId, status));

/** Of at most 16 MiB. */
export function encodeData(streamId: number, bytes: Uint8Array, isFinal: boolean): Buffer {
  const frame = Buffer.alloc(HEADER_BYTES + bytes.length);
  frame.writeUInt32BE(streamId, 0);
  frame.writeUInt8(isFinal ? FLAG_FIN : 0, 4);
  frame.writeUIntBE(bytes.length, 5, 3);
  frame.set(bytes, HEADER_BYTES);
  return frame;
}
