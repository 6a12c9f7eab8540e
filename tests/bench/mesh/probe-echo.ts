// The far end of measured probes, a process of its own: sends back what comes, the way it came, and says what it cost.

import { createRingLogger } from '../../../runtime/index.ts';
import type { PeerId, Transport } from '../../../mesh/index.ts';
import { clock, createTestTransport } from '../../mesh/libp2p/libp2p-peers.ts';
import { readOrder } from '../mesh-bench-peer.ts';
import type { PeerOrder } from '../mesh-bench-peer.ts';

/** Hands what comes as a datagram or on the control lane to `came`. */
export async function startProbeEnd(
  order: PeerOrder,
  came: (from: PeerId, bytes: Uint8Array, way: 'datagram' | 'frame') => void,
): Promise<Transport> {
  const { authority, identity } = readOrder(order);
  const transport = createTestTransport(authority, identity, {}, createRingLogger(clock, 100));
  await transport.start({
    datagram: (from, bytes) => came(from, bytes, 'datagram'),
    frame: (from, _lane, bytes) => came(from, bytes, 'frame'),
    link: () => undefined,
    published: () => 'drop',
    stream: (_from, _protocol, _header, stream) => stream.destroy(),
  });
  for (const { peer, addresses } of order.peers) transport.connect(peer, addresses);
  return transport;
}

export const cpuMicroseconds = (): number => {
  const { user, system } = process.cpuUsage();
  return user + system;
};

if (process.argv[2] === 'echo') {
  process.on('disconnect', () => process.exit(0));
  process.once('message', (order: PeerOrder) => {
    let echo: Transport | undefined;
    const starting = startProbeEnd(order, (from, bytes, way) => {
      if (way === 'datagram') echo!.sendDatagram(from, bytes);
      else echo!.send(from, 'control', bytes);
    });
    void starting.then((transport) => {
      echo = transport;
      process.on('message', () => void process.send?.(cpuMicroseconds()));
    });
  });
}
