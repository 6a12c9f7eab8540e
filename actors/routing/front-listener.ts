// Sockets that take connections for a route, as a port.

import type { Duplex } from 'node:stream';
import type { Result } from '../../runtime/index.ts';

export interface Listening {
  /** The port that was bound; chosen by the machine when 0 was asked for. */
  readonly port: number;
  /** Takes no more connections; those that are open go on. */
  readonly close: () => void;
}

export interface FrontListener {
  /** Errors: conflict (the port is taken), forbidden (this user may not bind it), unavailable. */
  readonly listen: (
    host: string,
    port: number,
    onConnection: (connection: Duplex) => void,
  ) => Promise<Result<Listening>>;
}
