// Connects a command's streams with a WebSocket, both ways, at the pace of the slower side.

import type { Readable } from 'node:stream';
import type { WebSocket } from 'ws';
import type { ExecSession } from '../../objects/pod-streams.ts';
import type { ChannelProtocol } from './channel-protocol.ts';
import { CHANNEL, frame, parseFrame } from './channel-protocol.ts';
import type { ExecStreams } from './pod-exec.ts';
import { exitStatus } from './pod-exec.ts';

/** Bytes waiting for the client before the command's output is no longer read. */
const HIGH_WATER_BYTES = 1024 * 1024;

/** Bytes of standard input waiting for the command before the socket is no longer read. */
const STDIN_HIGH_WATER_BYTES = 1024 * 1024;

/** WebSocket close codes (RFC 6455 section 7.4.1). */
const NORMAL = 1000;
const PROTOCOL_ERROR = 1002;

function sendOutput(socket: WebSocket, channel: number, output: Readable): Promise<void> {
  return new Promise((resolve) => {
    output.on('data', (chunk: Buffer | string) => {
      socket.send(frame(channel, chunk), () => {
        if (socket.bufferedAmount < HIGH_WATER_BYTES) output.resume();
      });
      if (socket.bufferedAmount >= HIGH_WATER_BYTES) output.pause();
    });
    output.once('end', resolve);
    output.once('close', resolve);
    output.once('error', () => resolve());
  });
}

function takeInput(socket: WebSocket, session: ExecSession, protocol: ChannelProtocol): void {
  const { stdin } = session;
  // The command may end before its input does; its end is told by `exited`.
  stdin.on('error', () => undefined);
  stdin.on('drain', () => socket.resume());
  let waiting = 0;
  socket.on('message', (data) => {
    const message = Array.isArray(data) ? Buffer.concat(data) : Buffer.from(data as Uint8Array);
    const read = parseFrame(message, protocol);
    if (!read.ok) {
      socket.close(PROTOCOL_ERROR, read.error.message);
      return;
    }
    switch (read.value.type) {
      case 'stdin': {
        const { length } = read.value.bytes;
        if (length === 0) break;
        waiting += length;
        const accepted = stdin.write(read.value.bytes, () => (waiting -= length));
        if (!accepted && waiting >= STDIN_HIGH_WATER_BYTES) socket.pause();
        break;
      }
      case 'stdin-end':
        stdin.end();
        break;
      case 'resize':
        session.resize(read.value.columns, read.value.rows);
        break;
    }
  });
}

/** Runs until the command ends or the client goes away, which kills the command. */
export async function bridgeExec(
  socket: WebSocket,
  session: ExecSession,
  streams: ExecStreams,
  protocol: ChannelProtocol,
): Promise<void> {
  let ended = false;
  socket.on('error', () => socket.terminate());
  socket.on('close', () => {
    if (!ended) session.kill();
  });
  takeInput(socket, session, protocol);
  if (!streams.stdin) session.stdin.end();
  const outputs = [
    streams.stdout ? sendOutput(socket, CHANNEL.stdout, session.stdout) : discard(session.stdout),
    streams.stderr ? sendOutput(socket, CHANNEL.stderr, session.stderr) : discard(session.stderr),
  ];
  const exited = await session.exited;
  if (exited.ok) await Promise.all(outputs);
  ended = true;
  socket.send(frame(CHANNEL.error, JSON.stringify(exitStatus(exited))), () => socket.close(NORMAL));
}

const discard = (output: Readable): Promise<void> => {
  output.on('error', () => undefined);
  output.resume();
  return Promise.resolve();
};
