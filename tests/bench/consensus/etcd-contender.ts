// Three members of etcd with their own defaults, and a compiled client over eight connections; four processes.

import { endProcesses, startMembers, untilHealthy } from '../../conformance/etcd/etcd-member.ts';
import type { MemberPlan } from '../../conformance/etcd/etcd-member.ts';
import { somePorts } from '../../some-ports.ts';
import { keys, value } from './contender.ts';
import type { Contender, LoadAnswer } from './contender.ts';
import type { EtcdPrograms } from './etcd-install.ts';
import { startLineClient } from './line-client.ts';

const names = ['a', 'b', 'c'] as const;

export interface EtcdContender extends Contender {
  /** Ends all members and starts them on their data again. */
  readonly restart: () => Promise<void>;
}

export async function syncsOf(port: number): Promise<number> {
  const text = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
  const count = /^etcd_disk_wal_fsync_duration_seconds_count (\S+)/m.exec(text)?.[1];
  if (count === undefined) throw new Error('etcd does not say how often it synced');
  return Number(count);
}

/** Three, at free ports of loopback. */
export async function planMembers(): Promise<readonly MemberPlan[]> {
  const ports = await somePorts(2 * names.length);
  return names.map((name, at) => ({
    name,
    clientPort: ports[at]!,
    peerPort: ports[at + names.length]!,
  }));
}

export const endpointOf = ({ clientPort }: MemberPlan): string => `127.0.0.1:${clientPort}`;

/** Starts under `directory`. */
export async function startEtcd(programs: EtcdPrograms, directory: string): Promise<EtcdContender> {
  const plans = await planMembers();
  let members = startMembers(plans, directory);
  await untilHealthy(plans).catch(async (error: unknown) => {
    await endProcesses(members);
    throw error;
  });
  const client = startLineClient(programs.client, [
    plans.map(endpointOf).join(','),
    String(keys),
    String(value.length),
  ]);
  return {
    name: 'etcd',
    drive: ({ kind, clients, forMs }) => client.ask<LoadAnswer>(`${kind} ${clients} ${forMs}`),
    syncs: () => Promise.all(plans.map(({ clientPort }) => syncsOf(clientPort))),
    clientPid: client.process.pid!,
    get memberPids() {
      return members.map((member) => member.pid!);
    },
    restart: async () => {
      await endProcesses(members);
      members = startMembers(plans, directory);
      await untilHealthy(plans);
    },
    stop: () => endProcesses([client.process, ...members]),
  };
}
