// Where datagrams come from and go to, as a port: UDP in production.

export interface Endpoint {
  /** An IP address as text. */
  readonly host: string;
  readonly port: number;
}

export interface DatagramSocket {
  /** At which others reach it, on each of its addresses. */
  readonly port: number;
  /** Into the network or nowhere: nobody is told of a loss. */
  readonly send: (bytes: Uint8Array, to: Endpoint) => void;
  readonly close: () => void;
}

/** `bytes` belong to the receiver. */
export type Received = (bytes: Uint8Array, from: Endpoint) => void;
