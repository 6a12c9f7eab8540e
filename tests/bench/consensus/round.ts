// One round: a load on one contender, what its processes used meanwhile, and whether it synced what it acknowledged.

import { readFileSync } from 'node:fs';
import type { Contender, Load, LoadAnswer } from './contender.ts';

export interface Round extends LoadAnswer {
  readonly perSecond: number;
  /** Cores kept busy: by the client, by the three members together, and by everything else on the machine. */
  readonly clientCores: number;
  readonly memberCores: number;
  readonly otherCores: number;
  /** Puts for each time that a majority synced; two syncs of three members, whichever two. */
  readonly putsPerSync: number;
}

const ticksPerSecond = 100;
/** Of three. */
const majority = 2;

/** Processor seconds of a process so far, from Linux; 0 elsewhere. */
function secondsOf(pid: number): number {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
    return (Number(fields[11]) + Number(fields[12])) / ticksPerSecond;
  } catch {
    return 0;
  }
}

/** Processor seconds of the whole machine so far, idle time left out. */
function secondsOfAll(): number {
  try {
    const [, ...fields] = readFileSync('/proc/stat', 'utf8').split('\n', 1)[0]!.split(/\s+/);
    const [user, nice, system, , , irq, softirq, steal] = fields.map(Number);
    return (user! + nice! + system! + irq! + softirq! + steal!) / ticksPerSecond;
  } catch {
    return 0;
  }
}

interface Counts {
  readonly client: number;
  readonly members: number;
  readonly all: number;
  readonly syncs: readonly number[];
}

async function count(contender: Contender): Promise<Counts> {
  return {
    syncs: await contender.syncs(),
    client: secondsOf(contender.clientPid),
    members: sum(contender.memberPids.map(secondsOf)),
    all: secondsOfAll(),
  };
}

/**
 * Rejects when no operation succeeded, and when a majority synced less than once a batch: closed loops have at most
 * one put of each client in a batch, so N puts of C clients are at least N / C batches one after the other, and before
 * each is answered two of the three members have synced it, not always the same two.
 */
export async function measure(contender: Contender, load: Load): Promise<Round> {
  const before = await count(contender);
  const answer = await contender.drive(load);
  const after = await count(contender);
  const what = `${contender.name}, ${load.kind} with ${load.clients} clients`;
  if (answer.operations === 0) throw new Error(`${what}: nothing succeeded: ${answer.failure}`);
  const syncs = (sum(after.syncs) - sum(before.syncs)) / majority;
  if (load.kind !== 'get' && syncs < answer.operations / load.clients) {
    throw new Error(
      `${what}: ${answer.operations} puts, yet a majority synced only ${syncs} times`,
    );
  }
  const client = after.client - before.client;
  const members = after.members - before.members;
  return {
    ...answer,
    perSecond: answer.operations / answer.seconds,
    clientCores: client / answer.seconds,
    memberCores: members / answer.seconds,
    otherCores: Math.max(0, after.all - before.all - client - members) / answer.seconds,
    putsPerSync: load.kind === 'get' ? 0 : answer.operations / syncs,
  };
}

const sum = (values: readonly number[]): number => values.reduce((all, each) => all + each, 0);
