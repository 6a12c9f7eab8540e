// Yamux without its chatter: a stream widens its window when half of it is used up, not after each read.
//
// js-libp2p-yamux answers every piece of data that is read with a window update of its own. Each is a packet that
// wakes the sender, so a cluster of small messages sends, encrypts and receives twice as many packets as it has
// messages. Yamux's specification asks for none of them before the window runs low, and other implementations wait
// for half of it.

import type { Stream, StreamMuxer, StreamMuxerFactory } from '@libp2p/interface';
import { StreamState, YamuxStream } from '@chainsafe/libp2p-yamux/stream';

/** What a stream knows of its window; private in its types. */
interface Windowed {
  readonly state: StreamState;
  /** Bytes of a full window. */
  readonly recvWindow: number;
  /** What is left of it. */
  readonly recvWindowCapacity: number;
  sendWindowUpdate: () => void;
}

/** The same muxer; its streams, whoever opens them, widen their windows late. */
export function withLazyWindows(muxers: StreamMuxerFactory): StreamMuxerFactory {
  return {
    ...muxers,
    protocol: muxers.protocol,
    createStreamMuxer: (init) => {
      const muxer = muxers.createStreamMuxer({
        ...init,
        onIncomingStream: (stream) => {
          widenLate(stream);
          init?.onIncomingStream?.(stream);
        },
      });
      const open: StreamMuxer['newStream'] = muxer.newStream.bind(muxer);
      muxer.newStream = async (name) => {
        const stream = await open(name);
        widenLate(stream);
        return stream;
      };
      return muxer;
    },
  };
}

/** A stream of another make is left as it is. */
function widenLate(stream: Stream): void {
  if (!(stream instanceof YamuxStream)) return;
  const windowed = stream as unknown as Windowed;
  const widen = windowed.sendWindowUpdate.bind(stream);
  windowed.sendWindowUpdate = () => {
    // The first update of either side opens the stream, so it always goes.
    const isOpen = windowed.state === StreamState.Established;
    if (isOpen && windowed.recvWindowCapacity > windowed.recvWindow / 2) return;
    widen();
  };
}
