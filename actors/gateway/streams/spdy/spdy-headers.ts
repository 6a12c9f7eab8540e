// Header blocks of SPDY/3: pairs of names and values, compressed with one zlib stream a direction.

import { Deflate, Inflate, Z_SYNC_FLUSH } from 'pako';
import { SkeinError } from '../../../../runtime/index.ts';
import { SPDY_DICTIONARY } from './spdy-dictionary.ts';

/** Bytes of one block once inflated: what a client of this API sends has a few hundred. */
const MAX_BLOCK_BYTES = 16 * 1024;

/** Names in one block. */
const MAX_HEADERS = 64;

/** By lower-case name; several values of one name are joined by a NUL. */
export type SpdyHeaders = ReadonlyMap<string, string>;

const malformed = (why: string): SkeinError => new SkeinError('invalid', `SPDY headers: ${why}`);

function parsePairs(block: Buffer): SpdyHeaders {
  let at = 0;
  const number = (): number => {
    if (at + 4 > block.length) throw malformed('the block ends inside a length');
    at += 4;
    return block.readUInt32BE(at - 4);
  };
  const text = (): string => {
    const length = number();
    if (length > block.length - at) throw malformed(`${length} bytes of text are not there`);
    at += length;
    return block.toString('utf8', at - length, at);
  };
  const count = number();
  if (count > MAX_HEADERS) throw malformed(`${count} of them; ${MAX_HEADERS} are allowed`);
  const headers = new Map<string, string>();
  for (let i = 0; i < count; i++) {
    const name = text().toLowerCase();
    if (name === '' || headers.has(name)) throw malformed(`the name ${JSON.stringify(name)}`);
    headers.set(name, text());
  }
  if (at !== block.length) throw malformed(`${block.length - at} bytes follow the last of them`);
  return headers;
}

/** Reads the blocks of one direction, in order. Throws `invalid` for what is none, and stops inflating at the limit. */
export function createHeaderReader(): (block: Buffer) => SpdyHeaders {
  const inflate = new Inflate({ dictionary: SPDY_DICTIONARY, chunkSize: 4_096 });
  let chunks: Buffer[] = [];
  let length = 0;
  inflate.onData = (chunk) => {
    length += chunk.length;
    if (length > MAX_BLOCK_BYTES) throw malformed(`a block over ${MAX_BLOCK_BYTES} bytes`);
    chunks.push(Buffer.from(chunk));
  };
  return (block) => {
    chunks = [];
    length = 0;
    if (!inflate.push(block, Z_SYNC_FLUSH) || inflate.err !== 0) {
      throw malformed(`not compressed as SPDY/3 asks (zlib ${inflate.err})`);
    }
    return parsePairs(Buffer.concat(chunks));
  };
}

/** Writes the blocks of one direction, in order. */
export function createHeaderWriter(): (headers: SpdyHeaders) => Buffer {
  const deflate = new Deflate({ dictionary: SPDY_DICTIONARY });
  let chunks: Buffer[] = [];
  deflate.onData = (chunk) => chunks.push(Buffer.from(chunk));
  const lengthAndText = (text: string): Buffer => {
    const bytes = Buffer.from(`\0\0\0\0${text}`);
    bytes.writeUInt32BE(bytes.length - 4, 0);
    return bytes;
  };
  return (headers) => {
    chunks = [];
    const count = Buffer.alloc(4);
    count.writeUInt32BE(headers.size, 0);
    deflate.push(Buffer.concat([count, ...[...headers].flat().map(lengthAndText)]), Z_SYNC_FLUSH);
    return Buffer.concat(chunks);
  };
}
