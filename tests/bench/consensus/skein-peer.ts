// One peer of the consensus benchmark, a process of its own: actor system, mesh, its replica of the log on disk.

import { writeFile } from 'node:fs/promises';
import { Session } from 'node:inspector/promises';
import { peerHealth } from '../../../actors/peer-health.ts';
import { nodeDisk, openZoneLog } from '../../../consensus/index.ts';
import type { StoreStatus, ZoneLog } from '../../../consensus/index.ts';
import { clock, random } from '../../mesh/libp2p-peers.ts';
import { startOrdered } from '../mesh-bench-peer.ts';
import type { PeerOrder } from '../mesh-bench-peer.ts';
import { drive } from './closed-loops.ts';
import type { Load, LoadAnswer } from './contender.ts';

/** The first message to the process; it answers with its addresses. */
export interface SkeinOrder {
  readonly mesh: PeerOrder;
  readonly directory: string;
  readonly isFounder: boolean;
}

/** What it can be asked for afterwards, one at a time, and what it answers. */
export interface Asks {
  readonly status: StoreStatus;
  readonly syncs: number;
  readonly drive: LoadAnswer;
  readonly 'start-profile': boolean;
  readonly 'stop-profile': boolean;
}

export interface Ask {
  readonly type: keyof Asks;
  readonly load?: Load;
  /** Where a profile goes. */
  readonly path?: string;
}

async function open({ mesh: order, directory, isFounder }: SkeinOrder) {
  const { system, mesh, transport } = await startOrdered(order);
  const zone = await openZoneLog({
    system,
    random,
    clock,
    disk: nodeDisk(),
    directory,
    domain: order.peer,
    isFounder,
    health: peerHealth(mesh, clock),
    joinThrough: () =>
      mesh
        .members()
        .filter(({ peer, status }) => peer !== mesh.self && status === 'alive')
        .map(({ peer }) => peer),
  });
  return { zone, addresses: transport.addresses() };
}

const inspector = new Session();

async function startProfile(): Promise<boolean> {
  inspector.connect();
  await inspector.post('Profiler.enable');
  await inspector.post('Profiler.start');
  return true;
}

async function stopProfile(path: string): Promise<boolean> {
  const { profile } = await inspector.post('Profiler.stop');
  inspector.disconnect();
  await writeFile(path, JSON.stringify(profile));
  return true;
}

async function answer({ store, diskStats }: ZoneLog, ask: Ask): Promise<Asks[keyof Asks]> {
  switch (ask.type) {
    case 'status':
      return store.status();
    case 'syncs':
      return diskStats().syncs;
    case 'drive':
      return await drive(store, ask.load!);
    case 'start-profile':
      return await startProfile();
    case 'stop-profile':
      return await stopProfile(ask.path!);
  }
}

if (process.argv[2] === 'replica') {
  process.on('disconnect', () => process.exit(0));
  process.once('message', (order: SkeinOrder) => {
    void open(order).then(({ zone, addresses }) => {
      process.on('message', (ask: Ask) => {
        void answer(zone, ask).then((message) => process.send?.({ answer: message }));
      });
      process.send?.({ answer: addresses });
    });
  });
}
