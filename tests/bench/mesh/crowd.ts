// What one peer of a large cluster costs at rest: a few in a process each, the others together in a few processes.
//
// A hundred processes would need more than two cores' worth of wake-ups; to those who are measured it makes no difference where
// the others run.

import { setTimeout as delay } from 'node:timers/promises';
import { median } from '../consensus/contender.ts';
import { createTestAuthority } from '../../mesh/libp2p/libp2p-peers.ts';
import { newMember } from '../mesh-bench-peer.ts';
import type { PeerOrder } from '../mesh-bench-peer.ts';
import { addressOf, end } from './fleet.ts';
import { idleCost } from './idle.ts';
import type { IdleCost } from './idle.ts';
import { forkPeers } from './peer-start.ts';
import { createSightings } from './sightings.ts';

const SUBNET = 11;
const MESH_PORT = 7461;
const FORM_LIMIT_MS = 300_000;

export interface CrowdOptions {
  readonly peers: number;
  /** In a process each, and measured. */
  readonly measured: number;
  /** Processes that hold the others. */
  readonly crowds: number;
  /** Links are made and code is compiled for a while after all see all. */
  readonly settleMs: number;
  readonly idleMs: number;
}

export interface CrowdCost {
  readonly formMs: number;
  readonly median: IdleCost;
  readonly worst: IdleCost;
}

export async function measureCrowd(options: CrowdOptions): Promise<CrowdCost> {
  const { peers, measured, crowds, settleMs, idleMs } = options;
  const authority = createTestAuthority();
  const listenAt = (at: number): string => `${addressOf(SUBNET, at)}:${MESH_PORT}`;
  const members = Array.from({ length: peers }, () => newMember(authority));
  const first = [{ peer: members[0]!.peer, addresses: [listenAt(0)] }];
  const orders = members.map((member, at): PeerOrder => ({
    ...member,
    listen: listenAt(at),
    peers: at === 0 ? [] : first,
  }));
  // The one that all others are told of is not measured: it has a link more for each of them at first.
  const alone = orders.slice(1, measured + 1).map((order) => [order]);
  const others = [orders[0]!, ...orders.slice(measured + 1)];
  const together = Array.from({ length: crowds }, (_, i) =>
    others.filter((_order, at) => at % crowds === i),
  );
  const sightings = createSightings();
  const start = (some: readonly PeerOrder[]) => {
    const child = forkPeers(some, (message) => {
      if (message.type !== 'saw') return;
      const { observer, subject, what } = message;
      sightings.note(observer, subject, what);
    });
    return { name: some[0]!.peer, process: child, loadedMs: Promise.resolve(0) };
  };
  const isSeen = (by: PeerOrder, subject: PeerOrder): boolean =>
    by === subject ||
    sightings.holds(by.peer, subject.peer, 'alive') ||
    sightings.holds(by.peer, subject.peer, 'suspect');
  const processes: ReturnType<typeof start>[] = [];
  const startMs = performance.now();
  try {
    const started: PeerOrder[] = [];
    for (const some of [...together, ...alone]) {
      processes.push(start(some));
      started.push(...some);
      const allSeeAll = (): boolean =>
        started.every((by) => started.every((subject) => isSeen(by, subject)));
      await sightings.until(allSeeAll, FORM_LIMIT_MS, `all ${started.length} see all`);
    }
    const formMs = performance.now() - startMs;
    await delay(settleMs);
    const pids = processes.slice(together.length).map(({ process: child }) => child.pid!);
    const costs = await idleCost(pids, idleMs);
    const over = (pick: (values: number[]) => number): IdleCost => ({
      cpuPercent: pick(costs.map(({ cpuPercent }) => cpuPercent)),
      residentMb: pick(costs.map(({ residentMb }) => residentMb)),
      proportionalMb: pick(costs.map(({ proportionalMb }) => proportionalMb)),
    });
    return { formMs, median: over(median), worst: over((values) => Math.max(...values)) };
  } finally {
    await end(processes);
  }
}
