// The registrar as gossipsub and identify see it: peers exist for them only once they are admitted.
//
// Gossipsub learns of peers in two ways: a topology callback after identify, and an incoming stream. Here the
// first is never registered with libp2p but called by the transport for admitted links; the second is answered
// with a reset on a connection that is not admitted. So no unadmitted connection can become a pubsub peer,
// whatever it sends. (A gater cannot do this: it must let unknown ids in, for they come to join.)

import type { GossipSubComponents } from '@chainsafe/libp2p-gossipsub';
import type { Connection, PeerId, StreamHandler, Topology } from '@libp2p/interface';
import { SkeinError } from '../../runtime/index.ts';

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
): GatedRegistrar {
  // One topology per protocol of a service: gossipsub registers one for each of its versions.
  const topologies = new Map<string, Topology>();

  const guarded =
    (handler: StreamHandler): StreamHandler =>
    async (data) => {
      if (isAdmitted(data.connection)) await handler(data);
      else data.stream.abort(new SkeinError('unauthorized', 'not admitted'));
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
