// A request on a socket and its response, over HTTP/1.1 or HTTP/2.

import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Http2ServerRequest, Http2ServerResponse } from 'node:http2';

export interface ServerMessage {
  readonly request: IncomingMessage | Http2ServerRequest;
  /** Of either version; what both have is what is used. */
  readonly response: ServerResponse;
}

/** One form for both: Node's HTTP/2 responses do what those of HTTP/1.1 do, but are not declared so. */
export const serverMessage = (
  request: IncomingMessage | Http2ServerRequest,
  response: ServerResponse | Http2ServerResponse,
): ServerMessage => ({ request, response: response as ServerResponse });

export const isHttp2 = ({ request }: ServerMessage): boolean => request.httpVersionMajor === 2;
