// A node that keeps no rule of ours: what tests attack real peers with.

import { noise } from '@chainsafe/libp2p-noise';
import { yamux } from '@chainsafe/libp2p-yamux';
import type { YamuxMuxerComponents } from '@chainsafe/libp2p-yamux';
import type { Connection, Libp2p, Stream, StreamMuxerFactory } from '@libp2p/interface';
import { tcp } from '@libp2p/tcp';
import { createLibp2p } from 'libp2p';
import type { Identity, Lane } from '../../../mesh/index.ts';
import { createFramedStream } from '../../../mesh/libp2p/framed-stream.ts';
import { parseHostPort, toMultiaddr } from '../../../mesh/libp2p/host-ports.ts';
import { laneProtocol } from '../../../mesh/libp2p/links.ts';
import { introduce, MEMBER_PROTOCOL } from '../../../mesh/libp2p/member-handshake.ts';
import { libp2pKey } from '../../../mesh/libp2p/peer-ids.ts';
import type { TestAuthority, TestPeer } from './libp2p-peers.ts';

/** Lets the network go on. */
export const turn = async (): Promise<void> =>
  await new Promise((resolve) => setImmediate(resolve));

/** Turns until it holds: whoever waits for what never comes is ended by the test's time. */
export const turnUntil = async (holds: () => boolean): Promise<void> => {
  while (!holds()) await turn();
};

/** One yamux frame, as its muxer sends it. */
export interface YamuxFrame {
  readonly type: number;
  readonly flag: number;
  readonly streamID: number;
  readonly length: number;
}

/** What a rogue does with its muxer; private in its types. */
export interface RawMuxer {
  readonly sendFrame: (frame: YamuxFrame, data?: Uint8Array) => void;
  handlePing: (frame: YamuxFrame) => void;
  readonly isClosed: () => boolean;
}

export interface Rogue {
  readonly node: Libp2p;
  readonly identity: Identity;
  /** Of its connections, in the order in which they were made. */
  readonly muxers: readonly RawMuxer[];
  /** A new connection each time. */
  readonly dial: (peer: TestPeer) => Promise<Connection>;
  readonly stop: () => Promise<void>;
}

/** Dials from `localAddress`, one of this machine's loopback addresses. */
export async function startRogue(identity: Identity, localAddress = '127.0.0.1'): Promise<Rogue> {
  const muxers: RawMuxer[] = [];
  const recorded = (components: YamuxMuxerComponents): StreamMuxerFactory => {
    const factory = yamux({ maxOutboundStreams: 100_000, maxInboundStreams: 100_000 })(components);
    return {
      ...factory,
      protocol: factory.protocol,
      createStreamMuxer: (init) => {
        const muxer = factory.createStreamMuxer(init);
        muxers.push(muxer as unknown as RawMuxer);
        return muxer;
      },
    };
  };
  const node = await createLibp2p({
    privateKey: libp2pKey(identity.signing),
    transports: [tcp({ dialOpts: { localAddress } as object })],
    connectionEncrypters: [noise()],
    streamMuxers: [recorded],
    connectionMonitor: { enabled: false },
    connectionGater: { denyDialMultiaddr: () => false },
    connectionManager: { maxParallelDials: 1_000 },
  });
  return {
    node,
    identity,
    muxers,
    dial: async (peer) => {
      const address = await toMultiaddr(parseHostPort(peer.transport.addresses()[0]!));
      return await node.dial(address, { force: true });
    },
    stop: async () => {
      await node.stop();
    },
  };
}

/** Ends it; that the other side was sooner is what an attacker has to expect. */
export const hangUp = async (connection: Connection): Promise<void> => {
  await connection.close().catch(() => undefined);
};

/** Resolves when the other side, or this one, has ended it. */
export const ended = async (rogue: Rogue, connection: Connection): Promise<void> => {
  if (connection.status !== 'open') return;
  await new Promise<void>((resolve) => {
    rogue.node.addEventListener('connection:close', ({ detail }) => {
      if (detail.id === connection.id) resolve();
    });
  });
};

export interface Entered {
  readonly connection: Connection;
  readonly lanes: Readonly<Record<Lane, Stream>>;
}

/** Becomes a member with lanes, by the usual handshake. */
export async function enter(
  authority: TestAuthority,
  rogue: Rogue,
  victim: TestPeer,
): Promise<Entered> {
  const connection = await rogue.dial(victim);
  await introduce(createFramedStream(await connection.newStream(MEMBER_PROTOCOL)), {
    credentials: {
      cluster: authority.cluster,
      authorityKey: authority.keys.membershipKey,
      certificate: authority.certify(rogue.identity.peer),
    },
    remote: victim.identity.peer,
    wallMs: Date.now(),
    standing: () => 'unknown' as const,
    datagram: { port: 0, secret: new Uint8Array(32) },
  });
  const control = await connection.newStream(laneProtocol('control'));
  const log = await connection.newStream(laneProtocol('log'));
  const bulk = await connection.newStream(laneProtocol('bulk'));
  await turnUntil(() => victim.transport.isLinked(rogue.identity.peer));
  return { connection, lanes: { control, log, bulk } };
}

/** The other side reads no more once so many turns have passed without a chunk taken. */
const STALLED_TURNS = 500;

/** Writes all there is, until the other side ends it or reads no more. Gives how many bytes left. */
export const pour = async (stream: Stream, chunks: Iterable<Uint8Array>): Promise<number> => {
  let bytes = 0;
  let turns = 0;
  let isOver = false;
  const source = async function* (): AsyncGenerator<Uint8Array> {
    for (const chunk of chunks) {
      if (isOver) return;
      turns = 0;
      yield chunk;
      // Asked for more: the muxer has sent it.
      bytes += chunk.length;
      await turn();
    }
  };
  const over = (): void => void (isOver = true);
  // Ended by the other side: that is what it is for.
  void stream.sink(source()).then(over, over);
  while (!isOver && turns < STALLED_TURNS) {
    turns += 1;
    await turn();
  }
  isOver = true;
  stream.abort(new Error('enough'));
  return bytes;
};
