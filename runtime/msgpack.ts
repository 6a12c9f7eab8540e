// MessagePack of other peers: what it claims to hold is counted before anything is made of it.
//
// The library makes room for as many elements as a list claims to have before it looks for them: a few claims within each
// other, five bytes each, end the process for want of memory. And it reads more than anybody here writes: patterns,
// errors, records whose readers it compiles. So it is given nothing that was not walked over first.

import { addExtension, Packr } from 'msgpackr';
import { SkeinError } from './errors.ts';

/** Lists and maps within each other. */
const DEPTH_LIMIT = 128;

/** Values in one message, keys of maps among them: what is made of them takes some tens of milliseconds and MB at most. */
const VALUES_LIMIT = 512 * 1024;

/** Kinds of extensions that are read: undefined, dates, and those of this program. */
const extensions = new Set([0x00, 0xff]);

/** By token from 0xc0 on: bytes of the length that follows it, or else of the value; undefined for what nobody writes. */
const LENGTH_BYTES = [
  0, 0, 0, 0, 1, 2, 4, 1, 2, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 2, 4, 2, 4, 2, 4,
];
const VALUE_BYTES = [
  0,
  undefined,
  0,
  0,
  0,
  0,
  0,
  0,
  0,
  0,
  4,
  8,
  1,
  2,
  4,
  8,
  1,
  2,
  4,
  8,
  1,
  2,
  4,
  8,
  16,
];

export interface MsgpackExtension<T> {
  readonly Class: new (...args: never[]) => T;
  readonly type: number;
  readonly pack: (value: T) => Uint8Array;
  readonly unpack: (bytes: Uint8Array) => T;
}

export const packr = new Packr({ useRecords: false });

export const pack = (value: unknown): Uint8Array => packr.pack(value);

/** For the whole process. */
export function extendMsgpack<T>(extension: MsgpackExtension<T>): void {
  addExtension(extension);
  extensions.add(extension.type);
}

/** Throws corrupt when `bytes` are not one whole value, are of a kind that nobody writes, or nested too deep; too-large. */
export function unpack(bytes: Uint8Array, valuesLimit: number = VALUES_LIMIT): unknown {
  const end = skipValue({ bytes, left: valuesLimit }, 0, 0);
  if (end !== bytes.length)
    throw corrupt(end > bytes.length ? 'it is cut short' : 'more follows it');
  return packr.unpack(bytes);
}

interface Walk {
  readonly bytes: Uint8Array;
  /** Values that may still come. */
  left: number;
}

/** Where the value that begins at `start` ends, which may be beyond the bytes. */
function skipValue(walk: Walk, start: number, depth: number): number {
  const { bytes } = walk;
  if (start >= bytes.length) throw corrupt('it is cut short');
  const token = bytes[start]!;
  let at = start + 1;
  if (token < 0x80 || token >= 0xe0) return at;
  if (token < 0x90) return skipValues(walk, at, (token & 0x0f) * 2, depth);
  if (token < 0xa0) return skipValues(walk, at, token & 0x0f, depth);
  if (token < 0xc0) return at + (token & 0x1f);
  const lengthBytes = LENGTH_BYTES[token - 0xc0]!;
  const length = lengthBytes > 0 ? numberAt(bytes, at, lengthBytes) : VALUE_BYTES[token - 0xc0];
  if (length === undefined) throw corrupt(`nobody writes ${token}`);
  at += lengthBytes;
  if (token >= 0xde) return skipValues(walk, at, length * 2, depth);
  if (token >= 0xdc) return skipValues(walk, at, length, depth);
  const isExtension = (token >= 0xc7 && token <= 0xc9) || (token >= 0xd4 && token <= 0xd8);
  if (!isExtension) return at + length;
  if (!extensions.has(bytes[at]!)) throw corrupt(`nobody writes extension ${bytes[at]}`);
  return at + 1 + length;
}

function skipValues(walk: Walk, start: number, count: number, depth: number): number {
  // Each has a byte at least.
  if (count > walk.bytes.length - start) throw corrupt('it holds less than it claims');
  if (count > walk.left) throw new SkeinError('too-large', 'a message of too many values');
  if (depth >= DEPTH_LIMIT) throw corrupt(`it is nested deeper than ${DEPTH_LIMIT}`);
  walk.left -= count;
  let at = start;
  for (let i = 0; i < count; i++) at = skipValue(walk, at, depth + 1);
  return at;
}

function numberAt(bytes: Uint8Array, at: number, width: number): number {
  let value = 0;
  for (let i = at; i < at + width; i++) value = value * 256 + (bytes[i] ?? 0);
  return value;
}

const corrupt = (why: string): SkeinError =>
  new SkeinError('corrupt', `this does not decode as MessagePack: ${why}`);
