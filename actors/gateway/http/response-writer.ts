// From the gateway's answer to Node's response.

import type { ServerResponse } from 'node:http';
import { pipeline } from 'node:stream/promises';
import type { ApiResponse, EventSink, Headers } from '../request/api-request.ts';
import { printEvent } from '../watch/wire.ts';
import { sendBody } from './compression.ts';
import type { ServerMessage } from './server-message.ts';

/** Bytes that may wait for a watcher; one that is further behind is cut and comes back. */
const WATCHER_BACKLOG_BYTES = 16 * 1024 * 1024;

/** Bytes that may wait while the objects that are there are sent. */
const INITIAL_BACKLOG_BYTES = 1024 * 1024;

const writeHead = (response: ServerResponse, status: number, headers: Headers): void => {
  response.setHeader('cache-control', 'no-cache, private');
  for (const [name, value] of Object.entries(headers)) {
    response.setHeader(name, typeof value === 'string' ? value : [...value]);
  }
  response.writeHead(status);
};

/** What an answer depends on is named together. */
const withVary = (headers: Headers, more: Readonly<Record<string, string>>): Headers => {
  const vary = [headers['vary'], more['vary']].flatMap((value) => value ?? []);
  return { ...headers, ...more, ...(vary.length === 0 ? {} : { vary: vary.join(', ') }) };
};

function sinkOf(response: ServerResponse): EventSink {
  return {
    event: (event) => {
      if (response.destroyed || response.writableEnded) return false;
      response.write(printEvent(event));
      if (response.writableLength <= WATCHER_BACKLOG_BYTES) return true;
      response.destroy();
      return false;
    },
    ready: () =>
      new Promise((resolve, reject) => {
        if (response.writableLength < INITIAL_BACKLOG_BYTES) {
          resolve();
          return;
        }
        const onDrain = (): void => {
          response.off('close', onClose);
          resolve();
        };
        const onClose = (): void => {
          response.off('drain', onDrain);
          reject(new Error('the client is gone'));
        };
        response.once('drain', onDrain).once('close', onClose);
      }),
    end: () => {
      if (!response.writableEnded) response.end();
    },
  };
}

/** Sends the answer. Resolves when it is out or the client is gone. `onStop` is given how to end a watch or log early. */
export async function writeResponse(
  message: ServerMessage,
  answer: ApiResponse,
  onStop: (stop: () => void) => void,
): Promise<void> {
  const { response } = message;
  const { status, headers } = answer;
  const send = (bytes: Uint8Array): Promise<void> =>
    sendBody(message, bytes, (more) => writeHead(response, status, withVary(headers, more)));
  switch (answer.type) {
    case 'json':
      await send(Buffer.from(JSON.stringify(answer.body, null, answer.pretty === true ? 2 : 0)));
      break;
    case 'text':
      await send(Buffer.from(answer.text));
      break;
    case 'bytes':
      await send(answer.bytes);
      break;
    case 'watch': {
      writeHead(response, status, headers);
      // A client may wait for the headers before anything happens.
      response.flushHeaders();
      const stop = answer.start(sinkOf(response));
      onStop(stop);
      response.once('close', stop);
      break;
    }
    case 'stream': {
      writeHead(response, status, headers);
      response.flushHeaders();
      const { stream } = answer;
      onStop(() => stream.destroy());
      // Either end may go first; there is nobody left to tell.
      await pipeline(stream, response).catch(() => stream.destroy());
      break;
    }
  }
}
