// A connection of a peer that is attached to an instance: lines of base64, both ways.

import type { Socket } from 'node:net';
import type { Attachment, AttachedOutput } from './attachments.ts';
import type { AttachedInput, KeeperReply } from './keeper-protocol.ts';
import { ATTACHED_BYTES } from './keeper-protocol.ts';

/** One that is further behind is let go: its container must not wait for it. */
const BACKLOG_BYTES = 4 * 1024 * 1024;

const LARGEST_SIZE = 65_535;

const send = (socket: Socket, reply: KeeperReply): void => {
  if (socket.writable) socket.write(`${JSON.stringify(reply)}\n`);
};

/** How the instance's output reaches the peer. */
export const outputTo = (socket: Socket): AttachedOutput => ({
  output: (stream, bytes) => {
    for (let at = 0; at < bytes.length; at += ATTACHED_BYTES) {
      const data = bytes.subarray(at, at + ATTACHED_BYTES).toString('base64');
      send(socket, { type: 'output', stream, data });
    }
    if (socket.writableLength > BACKLOG_BYTES) socket.destroy();
  },
  end: () => {
    send(socket, { type: 'output-end' });
    socket.end();
  },
});

/** Takes one line of the peer; throws for what is none. */
export function takeInput(socket: Socket, attachment: Attachment, line: string): void {
  const said = JSON.parse(line) as AttachedInput;
  switch (said.type) {
    case 'input':
      if (attachment.input(Buffer.from(said.data, 'base64'))) return;
      socket.pause();
      attachment.drained(() => socket.resume());
      return;
    case 'input-end':
      attachment.inputEnd();
      return;
    case 'resize':
      if (
        [said.columns, said.rows].every((n) => Number.isInteger(n) && n >= 0 && n <= LARGEST_SIZE)
      ) {
        attachment.resize(said.columns, said.rows);
      }
      return;
    default:
      throw new Error('an attached connection says input, input-end or resize');
  }
}
