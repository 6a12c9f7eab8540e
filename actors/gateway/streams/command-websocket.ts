// Connects a command's streams with a WebSocket, both ways, at the pace of the slower side.

import type { WebSocket } from 'ws';
import type { ExecSession } from '../../objects/pod-streams.ts';
import type { ChannelProtocol } from './channel-protocol.ts';
import { CHANNEL, frame, parseFrame } from './channel-protocol.ts';
import { bytesOf, CLOSE, discard, sendOutput } from './channel-socket.ts';
import type { ExecStreams } from './pod-exec.ts';
import { exitStatus } from './pod-exec.ts';

/** Bytes of standard input waiting for the command before the socket is no longer read. */
const STDIN_HIGH_WATER_BYTES = 1024 * 1024;

function takeInput(socket: WebSocket, session: ExecSession, protocol: ChannelProtocol): void {
  const { stdin } = session;
  // The command may end before its input does; its end is told by `exited`.
  stdin.on('error', () => undefined);
  stdin.on('drain', () => socket.resume());
  stdin.on('close', () => socket.resume());
  let waiting = 0;
  socket.on('message', (data) => {
    const read = parseFrame(bytesOf(data), protocol);
    if (!read.ok) {
      socket.close(CLOSE.protocolError, read.error.message);
      return;
    }
    switch (read.value.type) {
      case 'stdin': {
        const { length } = read.value.bytes;
        if (length === 0 || !stdin.writable) break;
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
export async function bridgeCommand(
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
  socket.send(frame(CHANNEL.error, JSON.stringify(exitStatus(exited))), () =>
    socket.close(CLOSE.normal),
  );
}
