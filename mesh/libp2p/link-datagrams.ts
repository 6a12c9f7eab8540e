// Datagrams beside a link: only where both ends see each other's own address.

import type { Connection } from '@libp2p/interface';
import type { DatagramOffer, Datagrams } from '../datagram/datagrams.ts';
import type { DatagramSession } from '../datagram/datagram-session.ts';
import { fromMultiaddr } from './host-ports.ts';

/** What both sides of a handshake added to the keys. */
export interface DatagramTerms {
  readonly own: DatagramOffer;
  readonly other: DatagramOffer;
}

/** Undefined on a relayed link: its address is that of the peer in between. */
export function openLinkDatagrams(
  datagrams: Datagrams,
  { remoteAddr, remotePeer }: Connection,
  { own, other }: DatagramTerms,
  received: (bytes: Uint8Array) => void,
): DatagramSession | undefined {
  if (remoteAddr.toString().includes('/p2p-circuit')) return undefined;
  const host = fromMultiaddr(remoteAddr)?.host;
  if (host === undefined) return undefined;
  return datagrams.open({ peer: remotePeer.toString(), own, other, host, received });
}
