// Bodies on their way out: long ones compressed, off the event loop, where the client takes gzip.

import { createGzip } from 'node:zlib';
import { pipeline } from 'node:stream/promises';
import { drained, isGone } from './drain.ts';
import type { ServerMessage } from './server-message.ts';

/** Shorter answers are sent as they are; Kubernetes' own bound. Characters count as bytes. */
const THRESHOLD_BYTES = 128 * 1024;

/** Fast: the most that is gained comes first. */
const LEVEL = 1;

/** Offers of the header that are looked at. */
const MAX_OFFERS = 16;

type Chunk = string | Uint8Array;

/** Sends the head of an answer, with more headers than it has by itself. */
export type WriteHead = (more: Readonly<Record<string, string>>) => void;

/** Whether an Accept-Encoding header takes gzip. */
export function acceptsGzip(header: string | undefined): boolean {
  const offers = (header ?? '').split(',', MAX_OFFERS).map((offer) => offer.trim().toLowerCase());
  return offers.some((offer) => /^(gzip|\*)(\s*;\s*q=(?!0(\.0*)?$)[\d.]+)?$/.test(offer));
}

/**
 * Sends a body that comes in chunks, no faster than the client takes it. Resolves when it is out or the client is
 * gone; rejects with what the chunks throw.
 */
export async function sendBody(
  { request, response }: ServerMessage,
  chunks: AsyncIterator<Chunk, void>,
  writeHead: WriteHead,
): Promise<void> {
  const first: Chunk[] = [];
  let length = 0;
  let next = await chunks.next();
  while (next.done !== true) {
    first.push(next.value);
    length += next.value.length;
    if (length > THRESHOLD_BYTES) break;
    next = await chunks.next();
  }
  const isLong = length > THRESHOLD_BYTES;
  const isZipped =
    isLong && request.method !== 'HEAD' && acceptsGzip(request.headers['accept-encoding']);
  writeHead({
    ...(isLong ? { vary: 'Accept-Encoding' } : {}),
    ...(isZipped ? { 'content-encoding': 'gzip' } : {}),
  });
  if (!isLong) {
    const last = first.pop();
    for (const chunk of first) response.write(chunk);
    response.end(last);
    return;
  }
  async function* all(): AsyncGenerator<Chunk, void> {
    yield* first;
    for (let more = await chunks.next(); more.done !== true; more = await chunks.next()) {
      yield more.value;
    }
  }
  try {
    if (isZipped) {
      await pipeline(all, createGzip({ level: LEVEL }), response);
      return;
    }
    for await (const chunk of all()) {
      response.write(chunk);
      await drained(response);
    }
    response.end();
  } catch (error) {
    // There is nobody left to tell when the client has gone.
    if (!isGone(response)) throw error;
  }
}
