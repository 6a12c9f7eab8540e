// Port-forwarding over WebSocket channels: the i-th port of the query has channel 2i for data and 2i+1 for errors.
// One connection a port, made at once; each channel begins with the port, two bytes, low byte first.

import type { Duplex } from 'node:stream';
import type { WebSocket } from 'ws';
import { bytesOf, CLOSE, sendOutput } from './channel-socket.ts';
import { frame } from './channel-protocol.ts';
import type { PortDialer } from './port-forward.ts';
import { forwardingError } from './port-forward.ts';

function portBytes(port: number): Buffer {
  const bytes = Buffer.alloc(2);
  bytes.writeUInt16LE(port, 0);
  return bytes;
}

/** Runs until all connections have ended or the client goes. */
export async function forwardPortsChannels(
  socket: WebSocket,
  ports: readonly number[],
  dial: PortDialer,
): Promise<void> {
  const connections = new Map<number, Duplex>();
  /** What the client said before the port was connected; the socket is not read on meanwhile. */
  socket.pause();
  socket.on('error', () => socket.terminate());
  socket.on('close', () => {
    for (const connection of connections.values()) connection.destroy();
  });
  for (const [index, port] of ports.entries()) {
    socket.send(frame(index * 2, portBytes(port)));
    socket.send(frame(index * 2 + 1, portBytes(port)));
  }
  const made = ports.map(async (port, index) => {
    const dialled = await dial(port);
    const tell = (why: string): void =>
      socket.send(frame(index * 2 + 1, forwardingError(port, why)));
    if (!dialled.ok) {
      tell(dialled.error.message);
      return;
    }
    const connection = dialled.value;
    if (socket.readyState !== socket.OPEN) connection.destroy();
    connections.set(index * 2, connection);
    connection.on('error', (error: Error) => tell(error.message));
    connection.on('drain', () => socket.resume());
    connection.on('close', () => socket.resume());
  });
  await Promise.all(made);
  socket.on('message', (data) => {
    const message = bytesOf(data);
    const connection = connections.get(message[0] ?? -1);
    if (connection === undefined) {
      socket.close(CLOSE.protocolError, `channel ${message[0]} is not one of these ports'`);
      return;
    }
    if (connection.writable && !connection.write(message.subarray(1))) socket.pause();
  });
  socket.resume();
  await Promise.all(
    [...connections].map(([channel, connection]) => sendOutput(socket, channel, connection)),
  );
  for (const connection of connections.values()) connection.destroy();
  socket.close(CLOSE.normal);
}
