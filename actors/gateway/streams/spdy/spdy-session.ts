// The server's side of one SPDY/3.1 session, without a socket: bytes in, events and bytes to send out.
//
//   stream:  (SYN_STREAM) --> open --FIN of the client--> receives no more --our FIN--> gone
//                               \--our FIN--> sends no more --FIN of the client--------/
//                                \--RST_STREAM of either side-------------------------/

import { asSkeinError } from '../../../../runtime/index.ts';
import {
  createSpdyDecoder,
  DATA_BYTES,
  encodeData,
  encodeGoAway,
  encodePing,
  encodeReset,
  encodeSynReply,
  GO_AWAY,
  RESET,
} from './spdy-frames.ts';
import type { SpdyFrame } from './spdy-frames.ts';
import { createHeaderReader, createHeaderWriter } from './spdy-headers.ts';
import type { SpdyHeaders } from './spdy-headers.ts';

/** Streams that are open at once; a port-forward needs two for each connection. */
export const MAX_STREAMS = 1_024;

/** The server's are even. */
const OUR_PING = 2;

export type SpdyEvent =
  | { readonly type: 'opened'; readonly streamId: number; readonly headers: SpdyHeaders }
  | { readonly type: 'data'; readonly streamId: number; readonly bytes: Buffer }
  /** The client sends no more on it. */
  | { readonly type: 'ended'; readonly streamId: number }
  | { readonly type: 'reset'; readonly streamId: number }
  | { readonly type: 'send'; readonly bytes: Buffer }
  /** Not SPDY: `bytes` are the last to send, and nothing more is read. */
  | { readonly type: 'broken'; readonly bytes: Buffer; readonly why: string };

export interface SpdySession {
  readonly receive: (chunk: Buffer) => Generator<SpdyEvent>;
  /** Frames that carry these bytes; none for a stream that is gone. */
  readonly data: (streamId: number, bytes: Buffer) => Generator<Buffer>;
  /** We send no more on it; undefined when that was so already. */
  readonly end: (streamId: number) => Buffer | undefined;
  /** Neither side sends more; undefined when that was so already. */
  readonly reset: (streamId: number, status?: number) => Buffer | undefined;
  /** Asks the client for an answer, which is not waited for. */
  readonly ping: () => Buffer;
  /** Tells the client that no new stream is taken. */
  readonly goAway: () => Buffer;
}

interface StreamState {
  receives: boolean;
  sends: boolean;
}

export function createSpdySession(): SpdySession {
  const decoder = createSpdyDecoder();
  const readHeaders = createHeaderReader();
  const writeHeaders = createHeaderWriter();
  const streams = new Map<number, StreamState>();
  let lastStreamId = 0;
  let isBroken = false;

  const forgetWhenDone = (streamId: number, stream: StreamState): void => {
    if (!stream.receives && !stream.sends) streams.delete(streamId);
  };

  function* open({
    streamId,
    isFinal,
    block,
  }: SpdyFrame & { block: Buffer; streamId: number; isFinal: boolean }): Generator<SpdyEvent> {
    // Also of a stream that is refused: the compression goes on from it.
    const headers = readHeaders(block);
    if (streamId % 2 !== 1 || streamId <= lastStreamId) {
      throw new Error(`SPDY: stream ${streamId} cannot follow stream ${lastStreamId}`);
    }
    lastStreamId = streamId;
    if (streams.size >= MAX_STREAMS) {
      yield { type: 'send', bytes: encodeReset(streamId, RESET.refusedStream) };
      return;
    }
    streams.set(streamId, { receives: !isFinal, sends: true });
    yield { type: 'send', bytes: encodeSynReply(streamId, writeHeaders(new Map())) };
    yield { type: 'opened', streamId, headers };
    if (isFinal) yield { type: 'ended', streamId };
  }

  function* takeData(frame: SpdyFrame & { type: 'data' }): Generator<SpdyEvent> {
    const { streamId, bytes, isFinal } = frame;
    const stream = streams.get(streamId);
    if (stream?.receives !== true) {
      // What was on its way when we reset the stream.
      if (stream === undefined && streamId <= lastStreamId) return;
      throw new Error(`SPDY: data on stream ${streamId}, which is not open`);
    }
    if (bytes.length > 0) yield { type: 'data', streamId, bytes };
    if (!isFinal || streams.get(streamId) !== stream) return;
    stream.receives = false;
    forgetWhenDone(streamId, stream);
    yield { type: 'ended', streamId };
  }

  function* take(frame: SpdyFrame): Generator<SpdyEvent> {
    switch (frame.type) {
      case 'syn-stream':
        yield* open(frame);
        return;
      case 'data':
        yield* takeData(frame);
        return;
      case 'rst-stream':
        if (streams.delete(frame.streamId)) yield { type: 'reset', streamId: frame.streamId };
        return;
      case 'ping':
        // Even ones are answers to ours.
        if (frame.id % 2 === 1) yield { type: 'send', bytes: encodePing(frame.id) };
        return;
      case 'syn-reply':
      case 'headers':
        // Nothing waits for them, but the compression goes on from them.
        readHeaders(frame.block);
        return;
      case 'go-away':
      case 'ignored':
        return;
    }
  }

  return {
    *receive(chunk) {
      if (isBroken) return;
      try {
        for (const frame of decoder.push(chunk)) yield* take(frame);
      } catch (error) {
        isBroken = true;
        const bytes = encodeGoAway(lastStreamId, GO_AWAY.protocolError);
        yield { type: 'broken', bytes, why: asSkeinError(error).message };
      }
    },
    *data(streamId, bytes) {
      if (streams.get(streamId)?.sends !== true) return;
      for (let at = 0; at < bytes.length; at += DATA_BYTES) {
        yield encodeData(streamId, bytes.subarray(at, at + DATA_BYTES), false);
      }
    },
    end: (streamId) => {
      const stream = streams.get(streamId);
      if (stream?.sends !== true) return undefined;
      stream.sends = false;
      forgetWhenDone(streamId, stream);
      return encodeData(streamId, new Uint8Array(), true);
    },
    reset: (streamId, status = RESET.cancel) =>
      streams.delete(streamId) ? encodeReset(streamId, status) : undefined,
    ping: () => encodePing(OUR_PING),
    goAway: () => encodeGoAway(lastStreamId, GO_AWAY.ok),
  };
}
