// What every protocol of channels over a WebSocket needs: output at the client's pace, codes, bytes.

import type { Readable } from 'node:stream';
import type { RawData, WebSocket } from 'ws';
import { frame } from './channel-protocol.ts';

/** Bytes waiting for the client before more output is read. */
const HIGH_WATER_BYTES = 1024 * 1024;

/** WebSocket close codes (RFC 6455 section 7.4.1). */
export const CLOSE = { normal: 1000, goingAway: 1001, protocolError: 1002 } as const;

/** A message in one piece. */
export const bytesOf = (data: RawData): Buffer =>
  Array.isArray(data) ? Buffer.concat(data) : Buffer.from(data as Uint8Array);

/** Sends all of `output` on a channel. Resolves when it has ended. */
export function sendOutput(socket: WebSocket, channel: number, output: Readable): Promise<void> {
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
    if (output.destroyed) resolve();
  });
}

/** Reads and forgets. */
export const discard = async (output: Readable): Promise<void> => {
  output.on('error', () => undefined);
  output.resume();
};
