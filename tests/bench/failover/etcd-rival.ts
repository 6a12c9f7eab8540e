// Three members of etcd; two compiled clients that know all of them, one for load, one after a kill.

import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { value } from '../consensus/contender.ts';
import type { LoadAnswer } from '../consensus/contender.ts';
import {
  end,
  freePorts,
  startMember,
  startMembers,
  syncsOf,
  untilHealthy,
  url,
} from '../consensus/etcd-contender.ts';
import type { EtcdPrograms } from '../consensus/etcd-install.ts';
import type { FirstPut } from '../consensus/many-doors.ts';
import type { Rival } from './rival.ts';

const leaderLimitMs = 20_000;

interface Status {
  readonly header: { readonly member_id: string };
  readonly leader?: string;
  readonly raftTerm: string;
}

/** As the member sees it; undefined when it does not answer. */
async function statusAt(port: number): Promise<Status | undefined> {
  try {
    const reply = await fetch(`${url(port)}/v3/maintenance/status`, { method: 'POST', body: '{}' });
    return (await reply.json()) as Status;
  } catch {
    return undefined;
  }
}

/** Which of `ports` leads, as it says itself. */
async function leaderAmong(ports: readonly number[]): Promise<number> {
  const limitMs = Date.now() + leaderLimitMs;
  for (;;) {
    const all = await Promise.all(ports.map(statusAt));
    const at = all.findIndex(
      (status) => status?.leader !== undefined && status.leader === status.header.member_id,
    );
    if (at >= 0) return ports[at]!;
    if (Date.now() > limitMs) throw new Error('no member of etcd leads');
    await delay(20);
  }
}

/** One line to it, one line back. */
function startClient(program: string, endpoints: readonly string[]) {
  const client = spawn(program, [endpoints.join(','), String(value.length)], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const lines = createInterface(client.stdout)[Symbol.asyncIterator]();
  const ask = async <T>(order: string): Promise<T> => {
    client.stdin.write(`${order}\n`);
    const line = await lines.next();
    if (line.done === true) throw new Error("etcd's client ended");
    return JSON.parse(line.value) as T;
  };
  return { process: client as ChildProcess, ask };
}

/** Starts under `directory`. */
export async function startEtcdRival(programs: EtcdPrograms, directory: string): Promise<Rival> {
  const ports = await freePorts(6);
  const members = startMembers(programs, directory, ports);
  await untilHealthy(ports).catch(async (error: unknown) => {
    await end(members);
    throw error;
  });
  const clientPorts = ports.slice(0, 3);
  const endpoint = (port: number): string => `127.0.0.1:${port}`;
  const presser = startClient(programs.client, clientPorts.map(endpoint));
  const prober = startClient(programs.client, clientPorts.map(endpoint));
  let killedAt: number | undefined;
  const press: Rival['press'] = (clients, forMs) =>
    presser.ask<LoadAnswer>(`press ${clients} ${forMs}`);
  const survivors = (): number[] => clientPorts.filter((_, at) => at !== killedAt);
  return {
    name: 'etcd',
    press,
    drive: ({ clients, forMs }) => press(clients, forMs),
    syncs: () => Promise.all(clientPorts.map(syncsOf)),
    clientPid: presser.process.pid!,
    get memberPids() {
      return members.map((member) => member.pid!);
    },
    term: async () => {
      const leader = await leaderAmong(survivors());
      return Number((await statusAt(leader))?.raftTerm);
    },
    killLeader: async () => {
      killedAt = clientPorts.indexOf(await leaderAmong(clientPorts));
      const killed = members[killedAt]!;
      const gone = once(killed, 'exit');
      const atMs = Date.now();
      killed.kill('SIGKILL');
      const asked = survivors();
      const first = await prober.ask<FirstPut>(`first-put ${asked.map(endpoint).join(',')}`);
      await gone;
      await leaderAmong(asked);
      return first.atMs - atMs;
    },
    revive: async () => {
      if (killedAt === undefined) return;
      members[killedAt] = startMember(programs, directory, ports, killedAt);
      killedAt = undefined;
      await untilHealthy(ports);
    },
    stop: () => end([presser.process, prober.process, ...members]),
  };
}
