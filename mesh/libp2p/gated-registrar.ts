// The registrar as gossipsub and identify see it: peers exist for them only once they are admitted.
//
// Gossipsub learns of peers in two ways: a topology callback after identify, and an incoming stream. Here the
// first is never registered with libp2p but called by the transport for admitted links; the second is answered
// with a reset on a connection that is not admitted. So no unadmitted connection can become a pubsub peer,
// whatever it sends. (A gater cannot do this: it must let unknown ids in, for they come to join.)

import type { GossipSubComponents } from '@chainsafe/libp2p-gossipsub';
import type { Connection, PeerId, StreamHandler, Topology } from '@libp2p/interface';
import type { Uint8ArrayList } from 'uint8arraylist';
import { SkeinError, wait } from '../../runtime/index.ts';
import type { Clock } from '../../runtime/index.ts';
import { createTokenBucket } from '../token-bucket.ts';
import type { Rate, TokenBucket } from '../token-bucket.ts';

/**
 * What the services read of one connection, in bytes; the rest waits with its sender. Gossipsub remembers every message
 * for minutes, also those that are refused: this bounds how many there can be, to some tens of MB for the worst of peers.
 * Hints of a whole cluster, tens a second, need a few KB/s.
 */
const SERVICE_BYTES: Rate = { burst: 256 * 1024, perSecond: 16 * 1024 };

/** libp2p does not name this type outside its own packages. */
export type Registrar = GossipSubComponents['registrar'];

export interface GatedRegistrar {
  /** Hand this to a service in place of the node's own. */
  readonly wrap: (registrar: Registrar) => Registrar;
  /** Both sides have admitted each other: the services may meet it. */
  readonly connected: (peer: PeerId, connection: Connection) => void;
  readonly disconnected: (peer: PeerId) => void;
}

export function createGatedRegistrar(
  isAdmitted: (connection: Connection) => boolean,
  clock: Clock,
): GatedRegistrar {
  // One topology per protocol of a service: gossipsub registers one for each of its versions.
  const topologies = new Map<string, Topology>();

  // By connection: another stream gives no other allowance.
  const allowances = new WeakMap<Connection, TokenBucket>();

  const guarded =
    (handler: StreamHandler): StreamHandler =>
    async (data) => {
      const { connection, stream } = data;
      if (!isAdmitted(connection)) {
        stream.abort(new SkeinError('unauthorized', 'not admitted'));
        return;
      }
      const allowance = allowances.get(connection) ?? createTokenBucket(SERVICE_BYTES);
      allowances.set(connection, allowance);
      stream.source = paced(stream.source, allowance, clock);
      await handler(data);
    };

  return {
    wrap: (registrar) => ({
      getProtocols: () => registrar.getProtocols(),
      getHandler: (protocol) => registrar.getHandler(protocol),
      getTopologies: (protocol) => registrar.getTopologies(protocol),
      handle: (protocol, handler, options) => registrar.handle(protocol, guarded(handler), options),
      unhandle: (protocols, options) => registrar.unhandle(protocols, options),
      register: (protocol, topology) => {
        topologies.set(protocol, topology);
        return Promise.resolve(protocol);
      },
      unregister: (id) => {
        topologies.delete(id);
      },
    }),
    connected: (peer, connection) => {
      // The versions share one topology: told once, the service negotiates the version itself.
      for (const topology of new Set(topologies.values())) topology.onConnect?.(peer, connection);
    },
    disconnected: (peer) => {
      for (const topology of new Set(topologies.values())) topology.onDisconnect?.(peer);
    },
  };
}

/** The same chunks, no faster than the allowance. */
async function* paced(
  source: AsyncIterable<Uint8ArrayList>,
  allowance: TokenBucket,
  clock: Clock,
): AsyncGenerator<Uint8ArrayList> {
  for await (const chunk of source) {
    yield chunk;
    const waitMs = allowance.owe(chunk.byteLength, clock.monotonicMs());
    if (waitMs > 0) await wait(clock, waitMs);
  }
}
