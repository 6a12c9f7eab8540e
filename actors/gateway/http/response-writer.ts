// From the gateway's answer to Node's response.

import type { ServerResponse } from 'node:http';
import { pipeline } from 'node:stream/promises';
import type { Clock } from '../../../runtime/index.ts';
import { createPace } from '../pace.ts';
import type { ApiResponse, EventSink, Headers } from '../request/api-request.ts';
import { listPieces } from '../request/api-request.ts';
import { printEvent } from '../watch/wire.ts';
import { sendBody } from './compression.ts';
import { drained, isGone } from './drain.ts';
import type { ServerMessage } from './server-message.ts';

/** Bytes that may wait for a watcher; one that is further behind is cut and comes back. */
const WATCHER_BACKLOG_BYTES = 16 * 1024 * 1024;

/** Characters of a list, or bytes of a body, that are written together. */
const CHUNK_LENGTH = 64 * 1024;

const writeHead = (response: ServerResponse, status: number, headers: Headers): void => {
  response.setHeader('cache-control', 'no-cache, private');
  for (const [name, value] of Object.entries(headers)) {
    response.setHeader(name, typeof value === 'string' ? value : [...value]);
  }
  response.writeHead(status);
};

/** What an answer depends on is named together. */
const withMore = (headers: Headers, more: Readonly<Record<string, string>>): Headers => {
  const vary = [headers['vary'], more['vary']].flatMap((value) => value ?? []);
  return { ...headers, ...more, ...(vary.length === 0 ? {} : { vary: vary.join(', ') }) };
};

/** Pieces put together to chunks, made in slices. */
async function* chunksOf(pieces: Iterable<string>, clock: Clock): AsyncGenerator<string, void> {
  const pace = createPace(clock);
  let chunk = '';
  for (const piece of pieces) {
    chunk += piece;
    if (chunk.length < CHUNK_LENGTH) continue;
    yield chunk;
    chunk = '';
    await pace.rest();
  }
  yield chunk;
}

async function* cut(bytes: Uint8Array): AsyncGenerator<Uint8Array, void> {
  for (let at = 0; at < bytes.length; at += CHUNK_LENGTH) {
    yield bytes.subarray(at, at + CHUNK_LENGTH);
  }
}

function sinkOf(response: ServerResponse, clock: Clock): EventSink {
  const pace = createPace(clock);
  return {
    event: (event) => {
      if (isGone(response) || response.writableEnded) return false;
      response.write(printEvent(event));
      if (response.writableLength <= WATCHER_BACKLOG_BYTES) return true;
      response.destroy();
      return false;
    },
    ready: async () => {
      await drained(response);
      await pace.rest();
    },
    end: () => {
      if (!response.writableEnded) response.end();
    },
  };
}

/** Sends the answer. Resolves when it is out or the client is gone. `onStop` is given how to end a watch or log early. */
export async function writeResponse(
  message: ServerMessage,
  answer: Exclude<ApiResponse, { readonly type: 'proxy' }>,
  clock: Clock,
  onStop: (stop: () => void) => void,
): Promise<void> {
  const { response } = message;
  const { status, headers } = answer;
  const head = (more: Readonly<Record<string, string>> = {}): void =>
    writeHead(response, status, withMore(headers, more));
  const send = (bytes: Uint8Array): Promise<void> => sendBody(message, cut(bytes), head);
  switch (answer.type) {
    case 'json':
      await send(Buffer.from(JSON.stringify(answer.body, null, answer.pretty === true ? 2 : 0)));
      break;
    case 'list':
      await sendBody(message, chunksOf(listPieces(answer), clock), head);
      break;
    case 'text':
      await send(Buffer.from(answer.text));
      break;
    case 'bytes':
      await send(answer.bytes);
      break;
    case 'watch': {
      head();
      // A client may wait for the headers before anything happens.
      response.flushHeaders();
      const stop = answer.start(sinkOf(response, clock));
      onStop(stop);
      response.once('close', stop);
      break;
    }
    case 'stream': {
      head();
      response.flushHeaders();
      const { stream } = answer;
      onStop(() => stream.destroy());
      // Either end may go first; there is nobody left to tell.
      await pipeline(stream, response).catch(() => stream.destroy());
      break;
    }
  }
}
