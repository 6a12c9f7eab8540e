// A WebSocket client's binary messages as a byte stream, for subprotocols whose names the library refuses.

import { Duplex } from 'node:stream';

const BINARY = 0x82;
const CLOSE = 8;

/** A whole message with a mask of zeros. */
function message(bytes: Buffer): Buffer {
  const head = Buffer.alloc(14);
  head[0] = BINARY;
  head[1] = 0x80 | 127;
  head.writeBigUInt64BE(BigInt(bytes.length), 2);
  return Buffer.concat([head, bytes]);
}

/** Length of a frame's head and of its payload; undefined while the head is not whole. */
function measure(held: Buffer): { readonly at: number; readonly length: number } | undefined {
  if (held.length < 2) return undefined;
  const short = held[1]! & 0x7f;
  const at = short === 126 ? 4 : short === 127 ? 10 : 2;
  if (held.length < at) return undefined;
  if (short === 126) return { at, length: held.readUInt16BE(2) };
  if (short === 127) return { at, length: Number(held.readBigUInt64BE(2)) };
  return { at, length: short };
}

export function overBinaryMessages(socket: Duplex): Duplex {
  let held: Buffer = Buffer.alloc(0);
  const stream = new Duplex({
    read: () => undefined,
    write: (chunk: Buffer, _encoding, done) => void socket.write(message(chunk), done),
    final: (done) => done(),
    destroy: (error, done) => {
      socket.destroy();
      done(error);
    },
  });
  socket.on('data', (chunk: Buffer) => {
    held = Buffer.concat([held, chunk]);
    for (let frame = measure(held); frame !== undefined; frame = measure(held)) {
      const { at, length } = frame;
      if (held.length < at + length) return;
      const kind = held[0]! & 0x0f;
      if (kind <= 2) stream.push(held.subarray(at, at + length));
      if (kind === CLOSE) stream.push(null);
      held = held.subarray(at + length);
    }
  });
  socket.on('error', () => undefined);
  socket.once('close', () => stream.destroy());
  socket.resume();
  return stream;
}
