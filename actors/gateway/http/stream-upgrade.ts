// Turns a request for exec, attach or port-forward into a WebSocket or a SPDY session: first the gateway's consent,
// then the handshake.

import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { STATUS_CODES } from 'node:http';
import type { WebSocket } from 'ws';
import { createWebSocketStream, WebSocketServer } from 'ws';
import type { Clock, Logger } from '../../../runtime/index.ts';
import { asSkeinError } from '../../../runtime/index.ts';
import type { Gateway } from '../gateway.ts';
import type { ApiResponse } from '../request/api-request.ts';
import { refusal } from '../request/api-request.ts';
import { tooManyRequests } from '../status.ts';
import { CLOSE } from '../streams/channel-socket.ts';
import { bridgeCommandSpdy } from '../streams/command-spdy.ts';
import { bridgeCommand } from '../streams/command-websocket.ts';
import type { PodConnection } from '../streams/pod-connection.ts';
import { forwardPortsChannels } from '../streams/port-forward-channels.ts';
import { forwardPortsSpdy } from '../streams/port-forward-spdy.ts';
import type { HttpProxy } from './http-proxy.ts';
import { toApiRequest } from './request-reader.ts';

/** Largest message of a client; kubectl sends at most 32 KiB. */
const MAX_MESSAGE_BYTES = 1024 * 1024;

/** Upgraded connections of this peer's API at once. */
const MAX_SESSIONS = 256;

/** A client that went away without a word is found by this: what cannot be sent breaks the connection. */
const PING_MS = 30_000;

export interface StreamUpgradeOptions {
  readonly gateway: Gateway;
  readonly proxy: HttpProxy;
  readonly clock: Clock;
  readonly log: Logger;
}

export interface StreamUpgrade {
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

const spdyAgreement = (protocol: string): string =>
  [
    'HTTP/1.1 101 Switching Protocols',
    'Connection: Upgrade',
    'Upgrade: SPDY/3.1',
    `X-Stream-Protocol-Version: ${protocol}`,
    '',
    '',
  ].join('\r\n');

export function createStreamUpgrade({
  gateway,
  proxy,
  clock,
  log,
}: StreamUpgradeOptions): StreamUpgrade {
  /** Open sockets, and how each is asked to go. */
  const sessions = new Map<Duplex, () => void>();
  // The protocol is chosen before the handshake. The library takes no name with a slash in it, which the tunnel has:
  // so it is not shown the header, and the answer is added by hand.
  const webSockets = new WebSocketServer({
    noServer: true,
    maxPayload: MAX_MESSAGE_BYTES,
    perMessageDeflate: false,
  });

  const shakeHands = (
    message: IncomingMessage,
    socket: Duplex,
    head: Buffer,
    protocol: string,
    ready: (webSocket: WebSocket) => Promise<unknown>,
  ): void => {
    delete message.headers['sec-websocket-protocol'];
    const agree = (headers: string[], asked: IncomingMessage): void => {
      if (asked === message) headers.push(`Sec-WebSocket-Protocol: ${protocol}`);
    };
    webSockets.on('headers', agree);
    webSockets.handleUpgrade(message, socket, head, (webSocket) => {
      sessions.set(socket, () => webSocket.close(CLOSE.goingAway));
      const ping = (): void => {
        webSocket.ping();
        timer = clock.setTimer(PING_MS, ping);
      };
      let timer = clock.setTimer(PING_MS, ping);
      webSocket.once('close', () => timer.cancel());
      ready(webSocket).catch((error: unknown) => {
        log.warn('stream session failed', { error: asSkeinError(error).message });
        webSocket.terminate();
      });
    });
    webSockets.off('headers', agree);
  };
  /** Serves a SPDY session; whose bytes are not SPDY is told so in the log of this peer. */
  const spdy = async (served: Promise<string | undefined>): Promise<void> => {
    const why = await served;
    if (why !== undefined) log.warn('a SPDY session was broken by its client', { why });
  };
  const agreeSpdy = (socket: Duplex, head: Buffer, protocol: string): void => {
    socket.write(spdyAgreement(protocol));
    if (head.length > 0) socket.unshift(head);
  };

  const connect = (
    outcome: PodConnection,
    message: IncomingMessage,
    socket: Duplex,
    head: Buffer,
  ): void => {
    const { transport } = outcome;
    if (outcome.type === 'command') {
      const { session, streams } = outcome;
      // A handshake that fails ends the socket without another word.
      socket.once('close', session.kill);
      if (outcome.transport.type === 'spdy') {
        const { protocol } = outcome.transport;
        agreeSpdy(socket, head, protocol);
        void spdy(bridgeCommandSpdy(socket, { session, streams, protocol, clock }));
        return;
      }
      const { protocol } = outcome.transport;
      shakeHands(message, socket, head, protocol, (webSocket) =>
        bridgeCommand(webSocket, session, streams, protocol),
      );
      return;
    }
    const { dial, ports } = outcome;
    switch (transport.type) {
      case 'spdy':
        agreeSpdy(socket, head, transport.protocol);
        void spdy(forwardPortsSpdy(socket, dial, clock));
        return;
      case 'tunnel':
        shakeHands(message, socket, head, transport.protocol, (webSocket) =>
          spdy(forwardPortsSpdy(createWebSocketStream(webSocket), dial, clock)),
        );
        return;
      case 'channels':
        shakeHands(message, socket, head, transport.protocol, (webSocket) =>
          forwardPortsChannels(webSocket, ports, dial),
        );
        return;
    }
  };

  const open = async (message: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> => {
    const outcome = await gateway.upgrade(toApiRequest(message));
    if (outcome.type === 'refused') refuse(socket, outcome.response);
    else if (outcome.type === 'proxy') {
      const refused = await proxy.upgrade(message, socket, head, outcome.target);
      if (refused !== undefined) refuse(socket, refused);
    } else if (!socket.destroyed) connect(outcome, message, socket, head);
    else if (outcome.type === 'command') outcome.session.kill();
  };

  return {
    accept: (message, socket, head) => {
      socket.on('error', () => socket.destroy());
      if (sessions.size >= MAX_SESSIONS) {
        const why = `${MAX_SESSIONS} upgraded connections are open: end one first`;
        refuse(socket, refusal(tooManyRequests(why).status));
        return;
      }
      sessions.set(socket, () => socket.destroy());
      socket.once('close', () => sessions.delete(socket));
      open(message, socket, head).catch((error: unknown) => {
        log.error('upgrade failed', { error: asSkeinError(error).message });
        socket.destroy();
      });
    },
    close: () => {
      for (const ask of sessions.values()) ask();
    },
    terminate: () => {
      for (const socket of sessions.keys()) socket.destroy();
    },
  };
}
