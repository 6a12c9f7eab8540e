// Three whole peers that can be tormented: each with its process, its disk, its wires and a door for clients.

import { mkdirSync } from 'node:fs';
import { cp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { podWorkDirectory } from '../../actors/host-machine.ts';
import { readKubeconfig } from '../../cli/kubeconfig.ts';
import { somePorts } from '../some-ports.ts';
import { createDoor } from './door.ts';
import type { Door } from './door.ts';
import { layNetwork } from './network.ts';
import type { Network } from './network.ts';
import { createPeerProcess } from './peer-process.ts';
import type { PeerProcess } from './peer-process.ts';
import { mountSmallDisk } from './small-disk.ts';
import type { SmallDisk } from './small-disk.ts';
import type { PeerOrder } from './torture-peer.ts';

export const peerCount = 3;

export interface Peer extends PeerProcess {
  readonly door: Door;
  /** Absent outside the sandbox. */
  readonly disk: SmallDisk | undefined;
  /** Starts it again on what it has. Rejects as `start`. */
  readonly revive: () => Promise<void>;
}

export interface Zone {
  readonly peers: readonly Peer[];
  /** Absent outside the sandbox. */
  readonly network: Network | undefined;
  /** The peer that leads, as the others see it. */
  readonly leader: () => Promise<number | undefined>;
  /** Kills all that is left. What peers had on their disks is kept beside their logs, if that is wanted. */
  readonly end: (keep?: 'data') => Promise<void>;
}

export interface ZoneOptions {
  /** Logs and mounts go there. */
  readonly directory: string;
  readonly isInSandbox: boolean;
  /** A peer ended, and nobody here ended it. */
  readonly fell: (peer: number, how: string) => void;
}

interface Place {
  readonly host: string;
  readonly meshPort: number;
  readonly apiPort: number;
}

async function placesOf(network: Network | undefined): Promise<readonly Place[]> {
  const all = Array.from({ length: peerCount }, (_, peer) => peer);
  if (network !== undefined) {
    return all.map((peer) => ({ host: network.addressOf(peer), meshPort: 7460, apiPort: 7461 }));
  }
  const ports = await somePorts(2 * peerCount);
  return all.map((peer) => ({
    host: '127.0.0.1',
    meshPort: ports[peer]!,
    apiPort: ports[peerCount + peer]!,
  }));
}

const nameOf = (peer: number): string => `peer-${peer + 1}`;

const orderOf = (peer: number, directory: string, place: Place): PeerOrder => ({
  name: nameOf(peer),
  dataDirectory: join(directory, nameOf(peer), 'data'),
  meshListen: { host: place.host, port: place.meshPort },
  apiListen: { host: place.host, port: place.apiPort },
  labels: { 'topology.kubernetes.io/zone': `rack-${peer + 1}` },
  taints: [],
});

/** Founds it; resolves when all three are Ready. */
export async function startZone({ directory, isInSandbox, fell }: ZoneOptions): Promise<Zone> {
  const network = isInSandbox ? await layNetwork(peerCount) : undefined;
  const places = await placesOf(network);
  const processes: PeerProcess[] = [];
  const doors: Door[] = [];
  const disks: SmallDisk[] = [];
  /** What peers keep outside their data directory, and leave there when they are killed. */
  const outside: string[] = [];
  const end: Zone['end'] = async (keep) => {
    doors.forEach((door) => door.close());
    await Promise.all(processes.map((each) => each.kill()));
    for (const disk of disks) {
      if (keep === 'data') await cp(disk.path, `${disk.path}-kept`, { recursive: true });
      await disk.unmount();
    }
    for (const place of outside) await rm(place, { recursive: true, force: true });
  };
  try {
    const peers: Peer[] = [];
    let joining: PeerOrder['join'];
    for (const [at, place] of places.entries()) {
      const own = join(directory, nameOf(at));
      mkdirSync(own, { recursive: true });
      const disk = isInSandbox ? await mountSmallDisk(own) : undefined;
      if (disk !== undefined) disks.push(disk);
      const peer = createPeerProcess({
        name: nameOf(at),
        logFile: join(directory, `${nameOf(at)}.log`),
        inside: network?.inside(at) ?? [],
        fell: (how) => fell(at, how),
      });
      processes.push(peer);
      const order = orderOf(at, directory, place);
      const ready = await peer.start({
        ...order,
        ...(joining === undefined ? { zone: 'home' } : { join: joining }),
      });
      outside.push(podWorkDirectory(ready.peerId, join(order.dataDirectory, 'pods')));
      const [access] = readKubeconfig(ready.kubeconfig).peers;
      const door = createDoor({ ...access!, name: nameOf(at) });
      doors.push(door);
      joining ??= {
        address: `${place.host}:${place.meshPort}`,
        token: await door.createToken(peerCount - 1),
      };
      const revive = async (): Promise<void> => void (await peer.start(order));
      peers.push({ ...peer, door, disk, revive });
    }
    return { peers, network, leader: () => leaderOf(peers), end };
  } catch (error) {
    await end();
    throw error;
  }
}

async function leaderOf(peers: readonly Peer[]): Promise<number | undefined> {
  const told = await Promise.allSettled(peers.map(({ door }) => door.status()));
  for (const each of told) {
    if (each.status === 'rejected') continue;
    const at = peers.findIndex(({ name }) => name === each.value.leader);
    if (at >= 0) return at;
  }
  return undefined;
}
