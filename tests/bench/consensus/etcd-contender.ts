// Three members of etcd with their own defaults, and a compiled client over eight connections; four processes.

import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { keys, value } from './contender.ts';
import type { Contender, LoadAnswer } from './contender.ts';
import type { EtcdPrograms } from './etcd-install.ts';

/** How long three members may take to elect a leader. */
const startLimitMs = 30_000;
const names = ['a', 'b', 'c'] as const;

export interface EtcdContender extends Contender {
  /** Ends all members and starts them on their data again. */
  readonly restart: () => Promise<void>;
}

/** Free ports of loopback, all different. */
export async function freePorts(count: number): Promise<number[]> {
  const servers = await Promise.all(
    Array.from({ length: count }, async () => {
      const server = createServer().listen(0, '127.0.0.1');
      await once(server, 'listening');
      return server;
    }),
  );
  const ports = servers.map((server) => (server.address() as AddressInfo).port);
  servers.forEach((server) => server.close());
  return ports;
}

export const url = (port: number): string => `http://127.0.0.1:${port}`;

/** Defaults for all that decides durability and speed. */
export function startMember(
  { etcd }: EtcdPrograms,
  directory: string,
  ports: readonly number[],
  at: number,
): ChildProcess {
  const name = names[at]!;
  const [clients, peers] = [url(ports[at]!), url(ports[at + 3]!)];
  const flags = {
    name,
    'data-dir': join(directory, `etcd-${name}`),
    'listen-client-urls': clients,
    'advertise-client-urls': clients,
    'listen-peer-urls': peers,
    'initial-advertise-peer-urls': peers,
    'initial-cluster': names.map((each, i) => `${each}=${url(ports[i + 3]!)}`).join(','),
    'log-level': 'error',
    logger: 'zap',
  };
  const args = Object.entries(flags).map(([flag, setting]) => `--${flag}=${setting}`);
  return spawn(etcd, args, { stdio: 'ignore' });
}

export const startMembers = (
  programs: EtcdPrograms,
  directory: string,
  ports: readonly number[],
): ChildProcess[] => names.map((_, at) => startMember(programs, directory, ports, at));

/** SIGTERM; resolves when they are gone. */
export async function end(processes: readonly ChildProcess[]): Promise<void> {
  const running = processes.filter((each) => each.exitCode === null && each.signalCode === null);
  const ends = running.map((each) => once(each, 'exit'));
  running.forEach((each) => each.kill('SIGTERM'));
  await Promise.all(ends);
}

export async function syncsOf(port: number): Promise<number> {
  const text = await (await fetch(`${url(port)}/metrics`)).text();
  const count = /^etcd_disk_wal_fsync_duration_seconds_count (\S+)/m.exec(text)?.[1];
  if (count === undefined) throw new Error('etcd does not say how often it synced');
  return Number(count);
}

/** Until every member says that it has a leader. */
export async function untilHealthy(ports: readonly number[]): Promise<void> {
  const limit = Date.now() + startLimitMs;
  for (const port of ports.slice(0, 3)) {
    for (;;) {
      const reply = await fetch(`${url(port)}/health`).catch(() => undefined);
      if (reply?.ok === true) break;
      if (Date.now() > limit) throw new Error(`etcd at port ${port} did not become healthy`);
      await delay(100);
    }
  }
}

/** Starts under `directory`. */
export async function startEtcd(programs: EtcdPrograms, directory: string): Promise<EtcdContender> {
  const ports = await freePorts(6);
  let members = startMembers(programs, directory, ports);
  await untilHealthy(ports).catch(async (error: unknown) => {
    await end(members);
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
      await end(members);
      members = startMembers(programs, directory, ports);
      await untilHealthy(ports);
    },
    stop: () => end([client, ...members]),
  };
}
