// What the processes of pods do: their use of the machine, and sockets that listen where they should not.

import type { ContainerUsage, WildcardListener } from '../container-driver.ts';
import type { KeptPod } from './kept-pod.ts';
import { processesOf, socketInodes, wildcardSockets } from './process-table.ts';

interface Owner {
  readonly podUid: string;
  readonly name: string;
}

/** Sums over the processes of each running container. Processes that end without being waited for leave the sum; it never falls. */
export function createUsageMeter(): (pods: readonly KeptPod[]) => Promise<ContainerUsage[]> {
  let before = new Map<number, number>();
  return async (pods) => {
    const owners = ownersByLeader(pods);
    const sums = new Map([...owners.keys()].map((leader) => [leader, { cpuMs: 0, bytes: 0 }]));
    for (const { leader, cpuMs, memoryBytes } of await processesOf(new Set(owners.keys()))) {
      const sum = sums.get(leader)!;
      sum.cpuMs += cpuMs;
      sum.bytes += memoryBytes;
    }
    const next = new Map<number, number>();
    const usage = [...owners].map(([leader, owner]) => {
      const sum = sums.get(leader)!;
      const cpuMs = Math.max(sum.cpuMs, before.get(leader) ?? 0);
      next.set(leader, cpuMs);
      return { ...owner, cpuMs, memoryBytes: sum.bytes };
    });
    before = next;
    return usage;
  };
}

/** Looks at the table of listening sockets first: on most machines nothing listens on all addresses for long. */
export async function findWildcardListeners(
  pods: readonly KeptPod[],
): Promise<readonly WildcardListener[]> {
  const sockets = new Map(wildcardSockets('self').map(({ inode, port }) => [inode, port]));
  if (sockets.size === 0) return [];
  const owners = ownersByLeader(pods);
  const found: WildcardListener[] = [];
  for (const { pid, leader } of await processesOf(new Set(owners.keys()))) {
    for (const inode of socketInodes(pid)) {
      const port = sockets.get(inode);
      if (port !== undefined) found.push({ podUid: owners.get(leader)!.podUid, port, pid });
    }
  }
  return found;
}

function ownersByLeader(pods: readonly KeptPod[]): Map<number, Owner> {
  return new Map(
    pods.flatMap((pod) =>
      pod.leaders().map(({ pid, name }): [number, Owner] => [pid, { podUid: pod.uid, name }]),
    ),
  );
}
