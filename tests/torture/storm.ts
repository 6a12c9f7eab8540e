// Carries out the blows of a round. What it did to disks, wires and frozen peers is undone when it is over.

import { setTimeout as delay } from 'node:timers/promises';
import type { Wire } from './network.ts';
import { blowText, victimsOf } from './plan.ts';
import type { Blow, CutShape } from './plan.ts';
import type { Peer, Zone } from './zone.ts';

export interface Storm {
  /** What was done to whom, for people. */
  readonly told: readonly string[];
  readonly wrongs: readonly string[];
}

interface Running {
  readonly zone: Zone;
  readonly told: string[];
  readonly wrongs: string[];
  /** Disks that are full now. */
  readonly full: Set<number>;
}

/** Resolves when every blow is over; `interrupted` ends the waits. */
export function startStorm(
  zone: Zone,
  blows: readonly Blow[],
  interrupted: AbortSignal,
): { readonly storm: Storm; readonly over: Promise<unknown> } {
  const running: Running = { zone, told: [], wrongs: [], full: new Set() };
  const wait = (forMs: number): Promise<unknown> =>
    delay(forMs, undefined, { signal: interrupted });
  const over = Promise.all(
    blows.map(async (blow) => {
      await wait(blow.atMs);
      const victims = victimsOf(blow, await zone.leader());
      running.told.push(blowText(blow, victims));
      await strike(running, blow, victims, wait);
    }),
  );
  return { storm: running, over };
}

async function strike(
  running: Running,
  blow: Blow,
  victims: readonly number[],
  wait: (forMs: number) => Promise<unknown>,
): Promise<void> {
  const peers = victims.map((at) => running.zone.peers[at]!);
  switch (blow.kind) {
    case 'kill':
      await Promise.all(peers.map((peer) => peer.kill()));
      await wait(blow.forMs);
      await inTurn(peers, blow.staggerMs, wait, (peer) => comeBack(running, peer));
      return;
    case 'freeze':
      peers.forEach((peer) => peer.freeze());
      await wait(blow.forMs);
      peers.forEach((peer) => peer.thaw());
      return;
    case 'full-disk':
      return fillDisks(running, victims, () => wait(blow.forMs));
    case 'cut':
      return cutWires(running, wiresOf(blow.shape, blow.order, victims[0]!), () =>
        wait(blow.forMs),
      );
    case 'roll':
      for (const peer of peers) {
        await peer.end().catch((error: Error) => running.wrongs.push(error.message));
        await comeBack(running, peer);
      }
      return;
  }
}

async function inTurn(
  peers: readonly Peer[],
  staggerMs: number,
  wait: (forMs: number) => Promise<unknown>,
  act: (peer: Peer) => Promise<void>,
): Promise<void> {
  const acting: Promise<void>[] = [];
  for (const peer of peers) {
    acting.push(act(peer));
    await wait(staggerMs);
  }
  await Promise.all(acting);
}

/** Another blow may hit it while it starts, or its disk be full: then it comes back when all is made whole. */
async function comeBack({ zone, full }: Running, peer: Peer): Promise<void> {
  if (peer.isUp() || full.has(zone.peers.indexOf(peer))) return;
  await peer.revive().catch(() => undefined);
}

async function fillDisks(
  { zone, full }: Running,
  victims: readonly number[],
  hold: () => Promise<unknown>,
): Promise<void> {
  for (const at of victims) {
    full.add(at);
    await zone.peers[at]!.disk?.fill();
  }
  await hold();
  for (const at of victims) {
    await zone.peers[at]!.disk?.free();
    full.delete(at);
  }
}

async function cutWires(
  { zone }: Running,
  wires: readonly Wire[],
  hold: () => Promise<unknown>,
): Promise<void> {
  for (const wire of wires) await zone.network?.cut(wire);
  await hold();
  for (const wire of wires) await zone.network?.mend(wire);
}

/** Which ways are closed, seen from `victim`. */
function wiresOf(shape: CutShape, peers: readonly number[], victim: number): Wire[] {
  const others = peers.filter((peer) => peer !== victim);
  const out = others.map((to) => ({ from: victim, to }));
  const back = others.map((from) => ({ from, to: victim }));
  switch (shape) {
    case 'isolated':
      return [...out, ...back];
    case 'deaf':
      return back;
    case 'mute':
      return out;
    case 'pair':
      return [out[0]!, back[0]!];
    case 'all-apart':
      return peers.flatMap((from) => peers.filter((to) => to !== from).map((to) => ({ from, to })));
  }
}
