// Three members of etcd with their own defaults, and a compiled client over eight connections; four processes.

import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import {
  endProcesses,
  freePorts,
  startMembers,
  untilHealthy,
} from '../../conformance/etcd/etcd-member.ts';
import type { MemberPlan } from '../../conformance/etcd/etcd-member.ts';
import { keys, value } from './contender.ts';
import type { Contender, LoadAnswer } from './contender.ts';
import type { EtcdPrograms } from './etcd-install.ts';

const names = ['a', 'b', 'c'] as const;

export interface EtcdContender extends Contender {
  /** Ends all members and starts them on their data again. */
  readonly restart: () => Promise<void>;
}

async function syncsOf(port: number): Promise<number> {
  const text = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
  const count = /^etcd_disk_wal_fsync_duration_seconds_count (\S+)/m.exec(text)?.[1];
  if (count === undefined) throw new Error('etcd does not say how often it synced');
  return Number(count);
}

/** Starts under `directory`. */
export async function startEtcd(programs: EtcdPrograms, directory: string): Promise<EtcdContender> {
  const ports = await freePorts(6);
  const plans = names.map((name, at): MemberPlan => ({
    name,
    clientPort: ports[at]!,
    peerPort: ports[at + 3]!,
  }));
  let members = startMembers(plans, directory);
  await untilHealthy(plans).catch(async (error: unknown) => {
    await endProcesses(members);
    throw error;
  });
  const endpoints = ports.slice(0, 3).map((port) => `127.0.0.1:${port}`);
  const client = spawn(programs.client, [endpoints.join(','), String(keys), String(value.length)], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const lines = createInterface(client.stdout)[Symbol.asyncIterator]();
  return {
    name: 'etcd',
    drive: async ({ kind, clients, forMs }) => {
      client.stdin.write(`${kind} ${clients} ${forMs}\n`);
      const line = await lines.next();
      if (line.done === true) throw new Error("etcd's client ended");
      return JSON.parse(line.value) as LoadAnswer;
    },
    syncs: () => Promise.all(ports.slice(0, 3).map(syncsOf)),
    clientPid: client.pid!,
    get memberPids() {
      return members.map((member) => member.pid!);
    },
    restart: async () => {
      await endProcesses(members);
      members = startMembers(plans, directory);
      await untilHealthy(plans);
    },
    stop: () => endProcesses([client, ...members]),
  };
}
