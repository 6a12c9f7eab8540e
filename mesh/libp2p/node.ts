// The libp2p node with every setting that keeps a cluster together; why each is there stands beside it.

import './promise-with-resolvers.ts';
import { gossipsub } from '@chainsafe/libp2p-gossipsub';
import type { GossipsubEvents } from '@chainsafe/libp2p-gossipsub';
import { noise } from '@chainsafe/libp2p-noise';
import { yamux } from '@chainsafe/libp2p-yamux';
import type { YamuxMuxerComponents } from '@chainsafe/libp2p-yamux';
import { identify } from '@libp2p/identify';
import type { Identify } from '@libp2p/identify';
import type {
  ConnectionGater,
  Libp2p,
  PrivateKey,
  PubSub,
  StreamMuxerFactory,
} from '@libp2p/interface';
import { tcp } from '@libp2p/tcp';
import type { Multiaddr } from '@multiformats/multiaddr';
import { createLibp2p } from 'libp2p';
import { SkeinError } from '../../runtime/index.ts';
import type { Clock } from '../../runtime/index.ts';
import type { GatedRegistrar, Registrar } from './gated-registrar.ts';
import { noiseCrypto } from './noise-keys.ts';
import { withLazyWindows } from './lazy-window.ts';
import { createWire } from './wire.ts';
import type { Wire } from './wire.ts';
import { withGuard } from './muxer-guard.ts';

export type MemberNode = Libp2p<{
  pubsub: PubSub<GossipsubEvents>;
  identify: Identify;
  wire: Wire;
}>;

/** A link with neither data nor keep-alive for this long is given up by the kernel's side of it. */
const SOCKET_IDLE_MS = 60_000;

/** Streams of one connection at once: proxied connections are one each. */
export const STREAMS_LIMIT = 4_096;

/** What one noise message carries: a larger piece would be encrypted and written as two. */
const NOISE_PLAIN_BYTES = 65_519;

/** The largest hint. */
const HINT_LIMIT_BYTES = 8 * 1024;

const settings = (guard: (muxers: StreamMuxerFactory) => StreamMuxerFactory) => ({
  transports: [
    tcp({
      inboundSocketInactivityTimeout: SOCKET_IDLE_MS,
      outboundSocketInactivityTimeout: SOCKET_IDLE_MS,
      dialOpts: { noDelay: true },
      listenOpts: { noDelay: true },
    }),
  ],
  connectionEncrypters: [noise({ crypto: noiseCrypto })],
  streamMuxers: [
    (components: YamuxMuxerComponents) =>
      guard(
        withLazyWindows(
          yamux({
            maxInboundStreams: STREAMS_LIMIT,
            maxOutboundStreams: STREAMS_LIMIT,
            maxMessageSize: NOISE_PLAIN_BYTES,
          })(components),
        ),
      ),
  ],
  // It pings on new streams with short timeouts and aborts healthy but busy connections. SWIM judges here.
  connectionMonitor: { enabled: false },
});

export interface NodeOptions {
  readonly key: PrivateKey;
  readonly listen: Multiaddr;
  readonly gater: ConnectionGater;
  readonly registrar: GatedRegistrar;
  readonly topics: readonly string[];
  readonly clock: Clock;
}

/** A node that listens. Not yet started. */
export async function createMemberNode(options: NodeOptions): Promise<MemberNode> {
  const { registrar, topics, clock } = options;
  return await createLibp2p({
    ...settings((muxers) => withGuard(muxers, clock)),
    start: false,
    privateKey: options.key,
    nodeInfo: { userAgent: 'skein' },
    addresses: { listen: [options.listen.toString()] },
    connectionGater: options.gater,
    connectionManager: {
      maxConnections: 2_000,
      // A whole site that restarts behind one address dials at once.
      inboundConnectionThreshold: 100,
      // The admission gate decides who waits; what it has ended may be counted here for a moment longer.
      maxIncomingPendingConnections: 1_024,
      maxParallelDials: 50,
      // Redialling is ours: libp2p's gives up after five tries.
      reconnectRetries: 0,
    },
    services: {
      wire: (components) => createWire(components),
      // Only on admitted links, called by the transport: see gated-registrar.ts.
      identify: (components) =>
        identify({ runOnConnectionOpen: false })(withGate(components, registrar)),
      pubsub: (components) =>
        gossipsub({
          globalSignaturePolicy: 'StrictNoSign',
          emitSelf: false,
          doPX: false,
          floodPublish: false,
          allowPublishToZeroTopicPeers: true,
          ignoreDuplicatePublishError: true,
          maxOutboundBufferSize: 4 * 1024 * 1024,
          maxInboundDataLength: HINT_LIMIT_BYTES * 16,
          seenTTL: 60_000,
          // Behind one address, more than ten peers would score below zero and never mesh.
          scoreParams: { IPColocationFactorWeight: 0 },
          // Unbounded by default (CVE-2026-46679, not mended in this line).
          allowedTopics: new Set(topics),
          decodeRpcLimits: {
            maxSubscriptions: 16,
            maxMessages: 256,
            maxIhaveMessageIDs: 1_024,
            maxIwantMessageIDs: 1_024,
            maxIdontwantMessageIDs: 512,
            maxControlMessages: 256,
            maxPeerInfos: 0,
          },
        })(withGate(components, registrar)),
    },
  });
}

/** The node's components but for the registrar. A proxy, because some appear only after the services are made. */
function withGate<C extends { readonly registrar: Registrar }>(
  components: C,
  gate: GatedRegistrar,
): C {
  const registrar = gate.wrap(components.registrar);
  return new Proxy(components, {
    get: (target, name) =>
      name === 'registrar' ? registrar : (Reflect.get(target, name) as unknown),
  });
}

/** A node that only dials: what a joiner is before it is a member. Started. */
export async function createDialOnlyNode(key: PrivateKey): Promise<Libp2p> {
  return await createLibp2p({
    // It asks, and nobody asks it.
    ...settings((muxers) => muxers),
    privateKey: key,
    nodeInfo: { userAgent: 'skein' },
    connectionGater: { denyDialMultiaddr: () => false },
  });
}

/** Starts listening. Rejects conflict when the port is taken, unavailable for any other reason. */
export async function startNode(node: MemberNode, listen: string): Promise<void> {
  try {
    await node.start();
  } catch (error) {
    await node.stop();
    const text = String(error);
    if (text.includes('EADDRINUSE')) {
      throw new SkeinError(
        'conflict',
        `the mesh cannot listen on ${listen}: another process uses that port; stop it, or choose another with --mesh-listen HOST:PORT`,
        { listen },
        error,
      );
    }
    if (text.includes('EADDRNOTAVAIL')) {
      throw new SkeinError(
        'invalid',
        `the mesh cannot listen on ${listen}: this machine has no such address; choose another with --mesh-listen HOST:PORT`,
        { listen },
        error,
      );
    }
    throw new SkeinError(
      'unavailable',
      `the mesh cannot listen on ${listen}: ${text.split('\n')[1]?.trim() ?? text}`,
      { listen },
      error,
    );
  }
}
