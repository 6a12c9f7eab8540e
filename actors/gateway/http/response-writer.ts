// From the gateway's answer to Node's response.

import type { ServerResponse } from 'node:http';
import { pipeline } from 'node:stream/promises';
import type { Clock } from '../../../runtime/index.ts';
import { createPace } from '../pace.ts';
import type { ApiResponse, EventSink, Headers } from '../request/api-request.ts';
import { listPieces } from '../request/api-request.ts';
import { printEvent } from '../watch/wire.ts';

/** Bytes that may wait for a watcher; one that is further behind is cut and comes back. */
const WATCHER_BACKLOG_BYTES = 16 * 1024 * 1024;

/** Bytes that may wait while the objects that are there are sent. */
const INITIAL_BACKLOG_BYTES = 1024 * 1024;

/** Characters of a list that are written together. */
const LIST_CHUNK_LENGTH = 64 * 1024;

const writeHead = (response: ServerResponse, status: number, headers: Headers): void => {
  for (const [name, value] of Object.entries(headers)) {
    response.setHeader(name, typeof value === 'string' ? value : [...value]);
  }
  response.setHeader('cache-control', 'no-cache, private');
  response.writeHead(status);
};

/** Resolves when the client has taken most of what waits for it; rejects when it is gone. */
function drained(response: ServerResponse): Promise<void> {
  return new Promise((resolve, reject) => {
    const gone = (): void => reject(new Error('the client is gone'));
    if (response.destroyed) return gone();
    if (response.writableLength < INITIAL_BACKLOG_BYTES) return resolve();
    const onDrain = (): void => {
      response.off('close', onClose);
      resolve();
    };
    const onClose = (): void => {
      response.off('drain', onDrain);
      gone();
    };
    response.once('drain', onDrain).once('close', onClose);
  });
}

/** A long list in slices, no faster than the client takes it. Rejects when the client is gone. */
async function writePieces(
  response: ServerResponse,
  pieces: Iterable<string>,
  clock: Clock,
): Promise<void> {
  const pace = createPace(clock);
  let chunk = '';
  for (const piece of pieces) {
    chunk += piece;
    if (chunk.length < LIST_CHUNK_LENGTH) continue;
    response.write(chunk);
    chunk = '';
    await drained(response);
    const rest = pace.rest();
    if (rest !== undefined) await rest;
  }
  response.end(chunk);
}

function sinkOf(response: ServerResponse, clock: Clock): EventSink {
  const pace = createPace(clock);
  return {
    event: (event) => {
      if (response.destroyed || response.writableEnded) return false;
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
  response: ServerResponse,
  answer: Exclude<ApiResponse, { readonly type: 'proxy' }>,
  clock: Clock,
  onStop: (stop: () => void) => void,
): Promise<void> {
  writeHead(response, answer.status, answer.headers);
  switch (answer.type) {
    case 'json':
      response.end(JSON.stringify(answer.body));
      break;
    case 'list':
      await writePieces(response, listPieces(answer), clock).catch((error: unknown) => {
        // There is nobody left to tell when the client has gone.
        if (!response.destroyed) throw error;
      });
      break;
    case 'text':
      response.end(answer.text);
      break;
    case 'watch': {
      // A client may wait for the headers before anything happens.
      response.flushHeaders();
      const stop = answer.start(sinkOf(response, clock));
      onStop(stop);
      response.once('close', stop);
      break;
    }
    case 'stream': {
      response.flushHeaders();
      const { stream } = answer;
      onStop(() => stream.destroy());
      // Either end may go first; there is nobody left to tell.
      await pipeline(stream, response).catch(() => stream.destroy());
      break;
    }
  }
}
