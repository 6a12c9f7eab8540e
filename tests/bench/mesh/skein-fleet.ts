// Skein's mesh: peers on loopback, a process each, with memberships made here; what they see comes over IPC.

import { createTestAuthority } from '../../mesh/libp2p/libp2p-peers.ts';
import { newMember } from '../mesh-bench-peer.ts';
import { addressOf } from './fleet.ts';
import type { Fleet } from './fleet.ts';
import { forkPeers } from './peer-start.ts';
import { createSightings } from './sightings.ts';

const SUBNET = 7;
const MESH_PORT = 7460;

export function createSkeinFleet(): Fleet {
  const sightings = createSightings();
  const authority = createTestAuthority();
  const first = newMember(authority);
  const listenAt = (at: number): string => `${addressOf(SUBNET, at)}:${MESH_PORT}`;
  const peers = [{ peer: first.peer, addresses: [listenAt(0)] }];
  return {
    name: 'Skein',
    sightings,
    tellsSuspicion: true,
    spawn: (at) => {
      const member = at === 0 ? first : newMember(authority);
      const order = { ...member, listen: listenAt(at), peers: at === 0 ? [] : peers };
      const name = order.peer;
      let loaded!: (atMs: number) => void;
      const loadedMs = new Promise<number>((resolve) => (loaded = resolve));
      const child = forkPeers([order], (message) => {
        if (message.type === 'loaded') loaded(performance.now());
        else if (message.type === 'saw') sightings.note(name, message.subject, message.what);
      });
      return { name, process: child, loadedMs };
    },
    label: ({ process: child }, value) => void child.send({ label: value }),
  };
}
