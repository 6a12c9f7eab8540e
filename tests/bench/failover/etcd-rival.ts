// Three members of etcd; two compiled clients that know all of them, one for load, one after a kill.

import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import {
  endProcesses,
  startMember,
  startMembers,
  untilHealthy,
  url,
} from '../../conformance/etcd/etcd-member.ts';
import type { MemberPlan } from '../../conformance/etcd/etcd-member.ts';
import { value } from '../consensus/contender.ts';
import type { LoadAnswer } from '../consensus/contender.ts';
import { endpointOf, planMembers, syncsOf } from '../consensus/etcd-contender.ts';
import type { EtcdPrograms } from '../consensus/etcd-install.ts';
import { startLineClient } from '../consensus/line-client.ts';
import type { FirstPut } from '../consensus/many-doors.ts';
import type { Rival } from './rival.ts';

const leaderLimitMs = 20_000;

interface Status {
  readonly header: { readonly member_id: string };
  readonly leader?: string;
  readonly raftTerm: string;
}

/** As the member sees it; undefined when it does not answer. */
async function statusAt({ clientPort }: MemberPlan): Promise<Status | undefined> {
  try {
    const request = { method: 'POST', body: '{}' };
    const reply = await fetch(`${url(clientPort)}/v3/maintenance/status`, request);
    return (await reply.json()) as Status;
  } catch {
    return undefined;
  }
}

/** Which of them leads, as it says itself. */
async function leaderAmong(plans: readonly MemberPlan[]): Promise<MemberPlan> {
  const limitMs = Date.now() + leaderLimitMs;
  for (;;) {
    const all = await Promise.all(plans.map(statusAt));
    const at = all.findIndex(
      (status) => status?.leader !== undefined && status.leader === status.header.member_id,
    );
    if (at >= 0) return plans[at]!;
    if (Date.now() > limitMs) throw new Error('no member of etcd leads');
    await delay(20);
  }
}

/** Starts under `directory`. */
export async function startEtcdRival(programs: EtcdPrograms, directory: string): Promise<Rival> {
  const plans = await planMembers();
  const members = startMembers(plans, directory);
  await untilHealthy(plans).catch(async (error: unknown) => {
    await endProcesses(members);
    throw error;
  });
  const words = [plans.map(endpointOf).join(','), String(value.length)];
  const presser = startLineClient(programs.client, words);
  const prober = startLineClient(programs.client, words);
  let killed: MemberPlan | undefined;
  const survivors = (): MemberPlan[] => plans.filter((plan) => plan !== killed);
  const press: Rival['press'] = (clients, forMs) =>
    presser.ask<LoadAnswer>(`press ${clients} ${forMs}`);
  return {
    name: 'etcd',
    press,
    drive: ({ clients, forMs }) => press(clients, forMs),
    syncs: () => Promise.all(plans.map(({ clientPort }) => syncsOf(clientPort))),
    clientPid: presser.process.pid!,
    get memberPids() {
      return members.map((member) => member.pid!);
    },
    term: async () => Number((await statusAt(await leaderAmong(survivors())))?.raftTerm),
    killLeader: async () => {
      killed = await leaderAmong(plans);
      const member = members[plans.indexOf(killed)]!;
      const gone = once(member, 'exit');
      const atMs = Date.now();
      member.kill('SIGKILL');
      const asked = survivors().map(endpointOf).join(',');
      const first = await prober.ask<FirstPut>(`first-put ${asked}`);
      await gone;
      await leaderAmong(survivors());
      return first.atMs - atMs;
    },
    revive: async () => {
      if (killed === undefined) return;
      members[plans.indexOf(killed)] = startMember(killed, plans, directory);
      killed = undefined;
      await untilHealthy(plans);
    },
    stop: () => endProcesses([presser.process, prober.process, ...members]),
  };
}
