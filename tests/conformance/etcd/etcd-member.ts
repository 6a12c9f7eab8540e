// Members of etcd as processes on loopback: ports, flags, health and end.

import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { etcdAt } from './debian-etcd.ts';

/** How long members may take to elect a leader. */
const startLimitMs = 30_000;

export interface MemberPlan {
  readonly name: string;
  readonly clientPort: number;
  readonly peerPort: number;
}

export const url = (port: number): string => `http://127.0.0.1:${port}`;

/** Without `flags`, defaults for all that decides durability and speed. */
export function startMember(
  { name, clientPort, peerPort }: MemberPlan,
  plans: readonly MemberPlan[],
  directory: string,
  flags: readonly string[] = [],
): ChildProcess {
  const settings = {
    name,
    'data-dir': join(directory, `etcd-${name}`),
    'listen-client-urls': url(clientPort),
    'advertise-client-urls': url(clientPort),
    'listen-peer-urls': url(peerPort),
    'initial-advertise-peer-urls': url(peerPort),
    'initial-cluster': plans.map((each) => `${each.name}=${url(each.peerPort)}`).join(','),
    'log-level': 'error',
    logger: 'zap',
  };
  const args = Object.entries(settings).map(([flag, setting]) => `--${flag}=${setting}`);
  return spawn(etcdAt, [...args, ...flags], { stdio: 'ignore' });
}

/** One process a member under `directory`. */
export const startMembers = (
  plans: readonly MemberPlan[],
  directory: string,
  flags: readonly string[] = [],
): ChildProcess[] => plans.map((plan) => startMember(plan, plans, directory, flags));

/** Until every member says that it has a leader. */
export async function untilHealthy(plans: readonly MemberPlan[]): Promise<void> {
  const limit = Date.now() + startLimitMs;
  for (const { name, clientPort } of plans) {
    for (;;) {
      const reply = await fetch(`${url(clientPort)}/health`).catch(() => undefined);
      if (reply?.ok === true) break;
      if (Date.now() > limit) throw new Error(`etcd ${name} did not become healthy`);
      await delay(100);
    }
  }
}

/** Ends processes by their ids and waits until they are gone. */
export async function endProcesses(
  processes: readonly ChildProcess[],
  signal: 'SIGTERM' | 'SIGKILL' = 'SIGTERM',
): Promise<void> {
  const running = processes.filter((each) => each.exitCode === null && each.signalCode === null);
  const ends = running.map((each) => once(each, 'exit'));
  running.forEach((each) => each.kill(signal));
  await Promise.all(ends);
}
