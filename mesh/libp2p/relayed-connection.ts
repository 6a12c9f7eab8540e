// A stream through a third peer as the raw connection beneath encryption: what libp2p makes of a socket otherwise.

import type { Logger, MultiaddrConnection } from '@libp2p/interface';
import { multiaddr } from '@multiformats/multiaddr';
import type { Multiaddr } from '@multiformats/multiaddr';
import type { Uint8ArrayList } from 'uint8arraylist';
import type { PeerId } from '../transport.ts';
import type { Bytes, GreetedStream } from './greeted-stream.ts';

/** How the other end is named where it was dialled: only this peer will do. */
export const dialledThrough = (relay: PeerId, target: PeerId): Multiaddr =>
  multiaddr(`/p2p/${relay}/p2p-circuit/p2p/${target}`);

/** How it is named where it came in. Who it is, encryption shows; the number tells two of one relay apart. */
export const cameThrough = (relay: PeerId, number: number): Multiaddr =>
  multiaddr(`/p2p/${relay}/p2p-circuit/memory/${number}`);

/** The relay that such an address goes through; undefined for a direct one. */
export function relayOf(address: Multiaddr): PeerId | undefined {
  return /^\/p2p\/([^/]+)\/p2p-circuit(\/|$)/.exec(address.toString())?.[1];
}

/** Owns `stream`, past its greeting. The connection counts as closed when both directions have ended. */
export function overStream(
  stream: GreetedStream,
  remoteAddr: Multiaddr,
  log: Logger,
): MultiaddrConnection {
  let openDirections = 2;
  const close = (): void => {
    raw.timeline.close ??= Date.now();
  };
  const endOne = (): void => {
    openDirections -= 1;
    if (openDirections === 0) close();
  };
  const read = async function* (): AsyncGenerator<Uint8Array | Uint8ArrayList> {
    try {
      yield* stream.source();
    } finally {
      endOne();
    }
  };
  const raw: MultiaddrConnection = {
    remoteAddr,
    log,
    timeline: { open: Date.now() },
    source: read(),
    sink: async (source) => {
      try {
        await stream.sink(source as Bytes);
      } finally {
        endOne();
      }
    },
    close: () => {
      stream.abort(new Error('closed'));
      close();
      return Promise.resolve();
    },
    abort: (error) => {
      stream.abort(error);
      close();
    },
  };
  return raw;
}
