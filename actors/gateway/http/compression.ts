// gzip for long answers, where the client takes it; compressed off the event loop, piece by piece.

import { createGzip } from 'node:zlib';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { ServerMessage } from './server-message.ts';

/** Shorter answers are sent as they are; Kubernetes' own bound. */
const THRESHOLD_BYTES = 128 * 1024;

/** Fast: the most that is gained comes first. */
const LEVEL = 1;

/** Offers of the header that are looked at. */
const MAX_OFFERS = 16;

/** Bytes given to the compressor at once. */
const PIECE_BYTES = 256 * 1024;

/** Whether an Accept-Encoding header takes gzip. */
export function acceptsGzip(header: string | undefined): boolean {
  const offers = (header ?? '').split(',', MAX_OFFERS).map((offer) => offer.trim().toLowerCase());
  return offers.some((offer) => /^(gzip|\*)(\s*;\s*q=(?!0(\.0*)?$)[\d.]+)?$/.test(offer));
}

function* piecesOf(bytes: Uint8Array): Generator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += PIECE_BYTES) yield bytes.subarray(at, at + PIECE_BYTES);
}

/** Sends a whole body whose head `writeHead` sends; resolves when it is out or the client is gone. */
export async function sendBody(
  { request, response }: ServerMessage,
  bytes: Uint8Array,
  writeHead: (more: Readonly<Record<string, string>>) => void,
): Promise<void> {
  const isLong = bytes.length > THRESHOLD_BYTES;
  const accepts = acceptsGzip(request.headers['accept-encoding']);
  if (!isLong || !accepts || request.method === 'HEAD') {
    writeHead(isLong ? { vary: 'Accept-Encoding' } : {});
    response.end(bytes);
    return;
  }
  writeHead({ 'content-encoding': 'gzip', vary: 'Accept-Encoding' });
  // A client that goes takes the rest with it.
  await pipeline(Readable.from(piecesOf(bytes)), createGzip({ level: LEVEL }), response).catch(
    () => undefined,
  );
}
