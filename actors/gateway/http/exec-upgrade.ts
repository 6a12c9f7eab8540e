// Turns a request for exec into a WebSocket: first the gateway's consent, then the handshake.

import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { STATUS_CODES } from 'node:http';
import { WebSocketServer } from 'ws';
import type { Logger } from '../../../runtime/index.ts';
import { asSkeinError } from '../../../runtime/index.ts';
import type { Gateway } from '../gateway.ts';
import type { ApiResponse } from '../request/api-request.ts';
import { refusal } from '../request/api-request.ts';
import { badRequest } from '../status.ts';
import { CHANNEL_PROTOCOLS, chooseProtocol } from '../streams/channel-protocol.ts';
import { bridgeExec } from '../streams/exec-websocket.ts';
import { toApiRequest } from './request-reader.ts';

/** Largest message of a client; kubectl sends at most 32 KiB. */
const MAX_MESSAGE_BYTES = 1024 * 1024;

/** Commands that run through this peer's API at once. */
const MAX_SESSIONS = 256;

const GOING_AWAY = 1001;

export interface ExecUpgrade {
  readonly accept: (message: IncomingMessage, socket: Duplex, head: Buffer) => void;
  /** Asks all clients to go. */
  readonly close: () => void;
  /** Cuts them off. */
  readonly terminate: () => void;
}

/** Answers on a socket that was to be upgraded and is not. */
function refuse(socket: Duplex, answer: ApiResponse): void {
  const body = answer.type === 'json' ? JSON.stringify(answer.body) : '';
  const head = [
    `HTTP/1.1 ${answer.status} ${STATUS_CODES[answer.status] ?? ''}`,
    'Content-Type: application/json',
    `Content-Length: ${Buffer.byteLength(body)}`,
    'Connection: close',
  ].join('\r\n');
  socket.end(`${head}\r\n\r\n${body}`);
}

const offered = (message: IncomingMessage): readonly string[] =>
  (message.headers['sec-websocket-protocol'] ?? '').split(',').map((name) => name.trim());

export function createExecUpgrade(gateway: Gateway, log: Logger): ExecUpgrade {
  const sockets = new WebSocketServer({
    noServer: true,
    maxPayload: MAX_MESSAGE_BYTES,
    perMessageDeflate: false,
    handleProtocols: (protocols) => chooseProtocol(protocols) ?? false,
  });

  const open = async (message: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> => {
    const isWebSocket = message.headers.upgrade?.toLowerCase() === 'websocket';
    const protocol = chooseProtocol(offered(message));
    const outcome = await gateway.openExec(toApiRequest(message), () => {
      if (isWebSocket && protocol !== undefined) return;
      throw badRequest(
        `exec is served over a WebSocket that speaks ${CHANNEL_PROTOCOLS.join(' or ')}: ` +
          'use kubectl 1.31 or newer',
      );
    });
    if (outcome.type === 'refused') {
      refuse(socket, outcome.response);
      return;
    }
    const { session, streams } = outcome;
    if (socket.destroyed || protocol === undefined) {
      session.kill();
      return;
    }
    // A handshake that fails ends the socket without another word.
    socket.once('close', session.kill);
    sockets.handleUpgrade(message, socket, head, (webSocket) => {
      socket.off('close', session.kill);
      bridgeExec(webSocket, session, streams, protocol).catch((error: unknown) => {
        log.warn('exec session failed', { error: asSkeinError(error).message });
        session.kill();
        webSocket.terminate();
      });
    });
  };

  return {
    accept: (message, socket, head) => {
      socket.on('error', () => socket.destroy());
      if (sockets.clients.size >= MAX_SESSIONS) {
        refuse(
          socket,
          refusal(badRequest(`${MAX_SESSIONS} exec sessions are open: end one first`).status),
        );
        return;
      }
      open(message, socket, head).catch((error: unknown) => {
        log.error('exec request failed', { error: asSkeinError(error).message });
        socket.destroy();
      });
    },
    close: () => {
      for (const client of sockets.clients) client.close(GOING_AWAY);
    },
    terminate: () => {
      for (const client of sockets.clients) client.terminate();
    },
  };
}
