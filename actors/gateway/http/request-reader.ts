// From Node's request to the gateway's: path, headers, body within its bound.

import type { IncomingMessage } from 'node:http';
import type { Http2ServerRequest } from 'node:http2';
import type { TLSSocket } from 'node:tls';
import type { ApiRequest } from '../request/api-request.ts';
import { MAX_BODY_BYTES } from '../request/body.ts';
import { badRequest, tooLarge } from '../status.ts';
import { certificateUser } from './client-certificate.ts';

type Incoming = IncomingMessage | Http2ServerRequest;

/** Reads the whole body. Throws 413 as soon as it is over the bound, 400 when the client gives up. */
async function readBody(message: Incoming): Promise<Uint8Array> {
  const announced = Number(message.headers['content-length'] ?? '0');
  const refuse = (): Error => tooLarge(`the body is over the limit of ${MAX_BODY_BYTES} bytes`);
  if (announced > MAX_BODY_BYTES) throw refuse();
  const chunks: Buffer[] = [];
  let length = 0;
  try {
    for await (const chunk of message as AsyncIterable<Buffer>) {
      length += chunk.length;
      if (length > MAX_BODY_BYTES) break;
      chunks.push(chunk);
    }
  } catch {
    throw badRequest('the connection ended before the body did');
  }
  if (length > MAX_BODY_BYTES) throw refuse();
  return Buffer.concat(chunks);
}

/** Headers that matter come once; of others the first value is enough. */
const single = (value: string | string[] | undefined): string | undefined =>
  Array.isArray(value) ? value[0] : value;

/** The request as the gateway takes it; its body is read when the gateway asks for it. */
export function toApiRequest(message: Incoming): ApiRequest {
  const target = message.url ?? '/';
  const mark = target.indexOf('?');
  // HTTP/2 puts method and path among the headers, under names that begin with a colon.
  const headers = Object.fromEntries(
    Object.entries(message.headers)
      .filter(([name]) => !name.startsWith(':'))
      .map(([name, value]) => [name, single(value)]),
  );
  return {
    method: message.method ?? 'GET',
    path: mark < 0 ? target : target.slice(0, mark),
    query: new URLSearchParams(mark < 0 ? '' : target.slice(mark + 1)),
    headers,
    body: new Uint8Array(),
    readBody: () => readBody(message),
    certificateUser: certificateUser(message.socket as TLSSocket),
  };
}
