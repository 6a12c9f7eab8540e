// What one connection may cost its muxer: streams that nobody has looked at yet, or ever will, pings to
// answer, streams to refuse.
//
// Yamux lets a peer open as many streams as its limit says before any of them speaks a protocol, and answers every ping and
// every stream over the limit with a frame of its own, whether the other side reads it or not. Neither is bounded by the
// bytes that an unadmitted connection may send, nor by a link's back-pressure. What goes over these limits ends the
// connection: no honest peer comes near them.

import type { Stream, StreamMuxer, StreamMuxerFactory } from '@libp2p/interface';
import { SkeinError } from '../../runtime/index.ts';
import type { Clock } from '../../runtime/index.ts';
import { createTokenBucket } from '../token-bucket.ts';
import type { Rate } from '../token-bucket.ts';

/** Streams that the other side may have open before it is admitted: a handshake, three lanes, and some to spare. */
const EARLY_STREAMS_LIMIT = 16;

/** Streams of a member that have not named their protocol yet: a burst of proxied connections. */
const NAMELESS_STREAMS_LIMIT = 512;

/**
 * Streams that ended before they named one: opened only to be reset, or for what nobody speaks here. A peer that stood still
 * finds thousands of them, which the other side opened meanwhile and gave up.
 */
const ENDED_NAMELESS: Rate = { burst: 4_096, perSecond: 256 };

/** Pings of the other side: it sends one in 30 s. */
const PINGS: Rate = { burst: 16, perSecond: 1 };

/** Streams refused for being over the limit of all: after so many the other side is told no more. */
const REFUSED_STREAMS_LIMIT = 4_096;

/** What the guard needs of yamux; private in its types. */
interface Guarded {
  readonly config: { readonly maxInboundStreams: number };
  readonly numInboundStreams: number;
  handlePing: (header: unknown) => void;
  incomingStream: (id: number) => void;
}

/** How the guard of a muxer is told that both sides have admitted each other, by any stream of it. */
const admissions = new WeakMap<Stream, () => void>();

/** The connection that this stream came over is admitted: the limits of members hold from here on. */
export function admitMuxerOf(stream: Stream): void {
  admissions.get(stream)?.();
}

/** The same muxer; it ends itself when the other side goes over a limit. */
export function withGuard(muxers: StreamMuxerFactory, clock: Clock): StreamMuxerFactory {
  return {
    ...muxers,
    protocol: muxers.protocol,
    createStreamMuxer: (init) => {
      let isAdmitted = false;
      let nameless: Stream[] = [];
      const endedNameless = createTokenBucket(ENDED_NAMELESS);
      const admit = (): void => void (isAdmitted = true);
      const limit = (): number => (isAdmitted ? NAMELESS_STREAMS_LIMIT : EARLY_STREAMS_LIMIT);
      let isOver = false;
      // Its end is that of all its streams, and each of these is told as well.
      const end = (why: string): void => {
        if (isOver) return;
        isOver = true;
        muxer.abort(tooMuch(why));
      };
      const muxer = muxers.createStreamMuxer({
        ...init,
        onIncomingStream: (stream) => {
          nameless.push(stream);
          if (nameless.length > limit()) nameless = nameless.filter(isNameless);
          if (nameless.length > limit()) {
            end(`${nameless.length} streams without a protocol`);
            return;
          }
          admissions.set(stream, admit);
          init?.onIncomingStream?.(stream);
        },
        onStreamEnd: (stream) => {
          const isInVain = stream.direction === 'inbound' && stream.protocol === undefined;
          if (isInVain && !endedNameless.take(1, clock.monotonicMs())) {
            end('streams that end before they name a protocol');
          }
          init?.onStreamEnd?.(stream);
        },
      });
      const open: StreamMuxer['newStream'] = muxer.newStream.bind(muxer);
      muxer.newStream = async (name) => {
        const stream = await open(name);
        admissions.set(stream, admit);
        return stream;
      };
      guardReplies(muxer, clock);
      return muxer;
    },
  };
}

function guardReplies(muxer: StreamMuxer, clock: Clock): void {
  const guarded = muxer as unknown as Guarded;
  const pings = createTokenBucket(PINGS);
  const handlePing = guarded.handlePing.bind(muxer);
  guarded.handlePing = (header) => {
    // Thrown where the muxer reads: it ends with this as its reason.
    if (!pings.take(1, clock.monotonicMs())) throw tooMuch('pings without end');
    handlePing(header);
  };
  let refused = 0;
  const incomingStream = guarded.incomingStream.bind(muxer);
  guarded.incomingStream = (id) => {
    if (guarded.numInboundStreams >= guarded.config.maxInboundStreams) refused += 1;
    if (refused > REFUSED_STREAMS_LIMIT) throw tooMuch('streams without end');
    incomingStream(id);
  };
}

const isNameless = ({ protocol, timeline }: Stream): boolean =>
  protocol === undefined && timeline.close === undefined;

const tooMuch = (what: string): SkeinError =>
  new SkeinError('overloaded', `the other side of a connection sent ${what}`);
