// The node's parts below its dial queue: one address dialled as it is, and a stream made a connection of its own.
//
// libp2p's queue joins all dials to one peer and tries their addresses one after the other, so that an address that
// swallows packets holds up the one that works. Here each address is a dial of its own: see dial-race.ts.

import type {
  ComponentLogger,
  Connection,
  Logger,
  MultiaddrConnection,
  Upgrader,
} from '@libp2p/interface';
import type { Multiaddr } from '@multiformats/multiaddr';

/** What is needed of the node's components; libp2p does not name their type outside its own packages. */
interface WireComponents {
  readonly upgrader: Upgrader;
  readonly logger: ComponentLogger;
  readonly transportManager: {
    readonly dial: (
      address: Multiaddr,
      options: {
        readonly signal: AbortSignal;
        readonly onProgress: (event: { readonly type: string }) => void;
      },
    ) => Promise<Connection>;
    readonly getAddrs: () => readonly Multiaddr[];
  };
}

export interface Wire {
  /** Dials this address; with a peer id in it, only that peer will do. `answered` once somebody there took the connection. */
  readonly dial: (
    address: Multiaddr,
    signal: AbortSignal,
    answered: () => void,
  ) => Promise<Connection>;
  /** Encrypts and multiplexes, as the side that dialled. */
  readonly upgradeOutbound: (raw: MultiaddrConnection, signal: AbortSignal) => Promise<Connection>;
  /** The same, as the side that was dialled; the connection arrives as any other does. */
  readonly upgradeInbound: (raw: MultiaddrConnection, signal: AbortSignal) => Promise<void>;
  /** What is listened on, a wildcard as the addresses that this machine has now. */
  readonly listened: () => readonly Multiaddr[];
  readonly logger: (part: string) => Logger;
}

export function createWire({ upgrader, logger, transportManager }: WireComponents): Wire {
  return {
    dial: (address, signal, answered) => {
      const onProgress = ({ type }: { readonly type: string }): void => {
        if (type === 'upgrader:encrypt-outbound-connection') answered();
      };
      return transportManager.dial(address, { signal, onProgress });
    },
    upgradeOutbound: (raw, signal) => upgrader.upgradeOutbound(raw, { signal }),
    upgradeInbound: (raw, signal) => upgrader.upgradeInbound(raw, { signal }),
    listened: () => transportManager.getAddrs(),
    logger: (part) => logger.forComponent(part),
  };
}
