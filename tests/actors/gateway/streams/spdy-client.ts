// A client's side of SPDY/3.1 for tests, over any byte stream.

import type { Duplex } from 'node:stream';
import {
  createSpdyDecoder,
  encodeData,
  encodePing,
  encodeReset,
  encodeSynStream,
} from '../../../../actors/gateway/streams/spdy/spdy-frames.ts';
import type { SpdyFrame } from '../../../../actors/gateway/streams/spdy/spdy-frames.ts';
import {
  createHeaderReader,
  createHeaderWriter,
} from '../../../../actors/gateway/streams/spdy/spdy-headers.ts';

export interface SpdyTestClient {
  /** The new stream's id. */
  readonly open: (headers: Readonly<Record<string, string>>) => number;
  readonly write: (streamId: number, text: string | Buffer) => void;
  readonly end: (streamId: number) => void;
  readonly reset: (streamId: number) => void;
  readonly ping: (id: number) => void;
  /** All that came on a stream, once it has ended or was reset. */
  readonly all: (streamId: number) => Promise<string>;
  readonly wasReset: (streamId: number) => boolean;
  /** Types of the frames that came, data apart. */
  readonly seen: string[];
  readonly closed: Promise<void>;
}

export function createSpdyClient(wire: Duplex): SpdyTestClient {
  const decoder = createSpdyDecoder();
  const read = createHeaderReader();
  const write = createHeaderWriter();
  const texts = new Map<number, string>();
  const ended = new Set<number>();
  const resets = new Set<number>();
  const waiting: (() => void)[] = [];
  const seen: string[] = [];
  let next = 1;
  const take = (frame: SpdyFrame): void => {
    if (frame.type !== 'data') seen.push(frame.type);
    if (frame.type === 'syn-reply') read(frame.block);
    if (frame.type === 'rst-stream') resets.add(frame.streamId);
    if (frame.type !== 'data') return;
    texts.set(frame.streamId, (texts.get(frame.streamId) ?? '') + frame.bytes.toString('latin1'));
    if (frame.isFinal) ended.add(frame.streamId);
  };
  wire.on('data', (chunk: Buffer) => {
    for (const frame of decoder.push(chunk)) take(frame);
    for (const look of waiting.splice(0)) look();
  });
  const closed = new Promise<void>((resolve) => wire.once('close', resolve));
  wire.on('error', () => undefined);
  wire.resume();
  return {
    seen,
    closed,
    open: (headers) => {
      const streamId = next;
      next += 2;
      wire.write(encodeSynStream(streamId, write(new Map(Object.entries(headers))), false));
      return streamId;
    },
    write: (streamId, text) => wire.write(encodeData(streamId, Buffer.from(text), false)),
    end: (streamId) => wire.write(encodeData(streamId, new Uint8Array(), true)),
    reset: (streamId) => wire.write(encodeReset(streamId, 5)),
    ping: (id) => wire.write(encodePing(id)),
    wasReset: (streamId) => resets.has(streamId),
    all: async (streamId) => {
      while (!ended.has(streamId) && !resets.has(streamId)) {
        await new Promise<void>((resolve) => waiting.push(resolve));
      }
      return texts.get(streamId) ?? '';
    },
  };
}
