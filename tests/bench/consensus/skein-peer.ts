// One peer of the consensus benchmark, a process of its own: actor system, mesh, its replica of the log on disk.

import { writeFile } from 'node:fs/promises';
import { Session } from 'node:inspector/promises';
import { peerHealth } from '../../../actors/peer-health.ts';
import { nodeDisk, openZoneLog } from '../../../consensus/index.ts';
import type { StoreStatus, ZoneLog } from '../../../consensus/index.ts';
import type { ActorSystem } from '../../../runtime/index.ts';
import { clock, random } from '../../mesh/libp2p/libp2p-peers.ts';
import { startOrdered } from '../mesh-bench-peer.ts';
import type { PeerOrder } from '../mesh-bench-peer.ts';
import { fanOut } from '../fan-out/store-watchers.ts';
import type { FanOutAnswer, FanOutLoad } from '../fan-out/store-watchers.ts';
import { drive, operateOn } from './closed-loops.ts';
import type { Load, LoadAnswer } from './contender.ts';
import { driveAll, firstPut } from './many-doors.ts';
import type { FirstPut } from './many-doors.ts';
import { askAtDoor, openDoor } from './store-door.ts';

/** The first message to the process; it answers with its addresses. */
export interface SkeinOrder {
  readonly mesh: PeerOrder;
  readonly directory: string;
  readonly isFounder: boolean;
  /** Has no replica: reaches the store at another peer's door. */
  readonly isGuest: boolean;
}

/** What it can be asked for afterwards, one at a time, and what it answers. */
export interface Asks {
  readonly status: StoreStatus;
  readonly syncs: number;
  readonly drive: LoadAnswer;
  readonly 'first-put': FirstPut;
  readonly 'fan-out': FanOutAnswer;
  readonly 'start-profile': boolean;
  readonly 'stop-profile': boolean;
}

export interface Ask {
  readonly type: keyof Asks;
  readonly load?: Load;
  readonly fanOut?: FanOutLoad;
  /** At whose door a guest drives. */
  readonly at?: string;
  /** At whose doors a guest drives at once, or asks until one of them has done its put. */
  readonly doors?: readonly string[];
  /** Where a profile goes. */
  readonly path?: string;
}

interface Opened {
  readonly system: ActorSystem;
  readonly zone: ZoneLog | undefined;
  readonly addresses: readonly string[];
}

async function open({ mesh: order, directory, isFounder, isGuest }: SkeinOrder): Promise<Opened> {
  const { system, mesh, transport } = await startOrdered(order);
  const addresses = transport.addresses();
  if (isGuest) return { system, zone: undefined, addresses };
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
  openDoor(system, zone.store);
  return { system, zone, addresses };
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

async function answer({ system, zone }: Opened, ask: Ask): Promise<Asks[keyof Asks]> {
  switch (ask.type) {
    case 'status':
      return zone!.store.status();
    case 'syncs':
      return zone!.diskStats().syncs;
    case 'drive':
      if (ask.doors !== undefined) {
        return await driveAll(
          ask.doors.map((door) => askAtDoor(system, door)),
          ask.load!,
        );
      }
      return await drive(
        zone === undefined ? askAtDoor(system, ask.at!) : operateOn(zone.store),
        ask.load!,
      );
    case 'fan-out':
      return await fanOut(zone!.store, ask.fanOut!);
    case 'first-put':
      return await firstPut(ask.doors!.map((door) => askAtDoor(system, door)));
    case 'start-profile':
      return await startProfile();
    case 'stop-profile':
      return await stopProfile(ask.path!);
  }
}

if (process.argv[2] === 'replica') {
  process.on('disconnect', () => process.exit(0));
  process.once('message', (order: SkeinOrder) => {
    void open(order).then((opened) => {
      process.on('message', (ask: Ask) => {
        void answer(opened, ask).then((message) => process.send?.({ answer: message }));
      });
      process.send?.({ answer: opened.addresses });
    });
  });
}
