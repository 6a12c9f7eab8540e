// One or more peers of the mesh in a process of their own, which tells its parent what each of them sees.

import { startOrdered } from '../mesh-bench-peer.ts';
import type { PeerOrder } from '../mesh-bench-peer.ts';
import type { TestPeer } from '../../mesh/libp2p/libp2p-peers.ts';

/** The fact that the benchmark changes. */
const LABEL = 'bench';

export type FromPeers =
  /** Its modules are there; it waits for its orders. */
  | { readonly type: 'loaded' }
  | { readonly type: 'started'; readonly addresses: readonly string[] }
  | {
      readonly type: 'saw';
      readonly observer: string;
      readonly subject: string;
      readonly what: string;
    };

export type ToPeers = readonly PeerOrder[] | { readonly label: string };

const tell = (message: FromPeers): void => void process.send?.(message);

function report({ mesh }: TestPeer): void {
  const saw = (subject: string, what: string): void =>
    tell({ type: 'saw', observer: mesh.self, subject, what });
  for (const { peer, status } of mesh.members()) saw(peer, status);
  mesh.onMember((event) => {
    const { peer, status, facts } = event.member;
    const label = facts.labels?.[LABEL];
    if (event.type === 'status' && event.was !== status) saw(peer, status);
    else if (event.type === 'facts' && label !== undefined) saw(peer, `label ${label}`);
  });
}

async function start(orders: readonly PeerOrder[]): Promise<readonly TestPeer[]> {
  const peers = await Promise.all(orders.map(startOrdered));
  peers.forEach(report);
  tell({ type: 'started', addresses: peers.flatMap(({ transport }) => transport.addresses()) });
  return peers;
}

process.on('disconnect', () => process.exit(0));
process.once('message', (orders: readonly PeerOrder[]) => {
  void start(orders).then((peers) => {
    process.on('message', (message: ToPeers) => {
      if (!('label' in message)) return;
      peers.forEach(({ mesh }) => mesh.setFacts({ labels: { [LABEL]: message.label } }));
    });
  });
});
tell({ type: 'loaded' });
