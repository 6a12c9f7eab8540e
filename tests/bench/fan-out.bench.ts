// A put and its event at 1,000 watchers: at a peer of a Skein zone of three voters, and at a client of a three-member etcd.
//
//   node dist/tests/bench/fan-out.bench.js [--quick]

import { mkdtemp, rm, statfs } from 'node:fs/promises';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { endProcesses, startMembers, untilHealthy } from '../conformance/etcd/etcd-member.ts';
import { median, value } from './consensus/contender.ts';
import { endpointOf, planMembers } from './consensus/etcd-contender.ts';
import { prepareEtcd } from './consensus/etcd-install.ts';
import { startLineClient } from './consensus/line-client.ts';
import { startSkein } from './consensus/skein-contender.ts';
import type { FanOutAnswer, FanOutLoad } from './fan-out/store-watchers.ts';

const { values: options } = parseArgs({ options: { quick: { type: 'boolean' } } });
const roundCount = options.quick === true ? 2 : 7;
const load: FanOutLoad = { watchers: 1_000, events: options.quick === true ? 50 : 200 };
const tmpfs = 0x01021994;

interface Watched {
  readonly name: string;
  readonly fanOut: (load: FanOutLoad) => Promise<FanOutAnswer>;
  readonly stop: () => Promise<void>;
}

async function startWatchedEtcd(program: string, directory: string): Promise<Watched> {
  const plans = await planMembers();
  const members = startMembers(plans, directory);
  await untilHealthy(plans).catch(async (error: unknown) => {
    await endProcesses(members);
    throw error;
  });
  const words = [plans.map(endpointOf).join(','), String(value.length)];
  const client = startLineClient(program, words);
  return {
    name: 'etcd',
    fanOut: ({ watchers, events }) => client.ask<FanOutAnswer>(`${watchers} ${events}`),
    stop: () => endProcesses([client.process, ...members]),
  };
}

async function run(directory: string, all: Watched[]): Promise<void> {
  const loadBefore = Number(loadavg()[0]!.toFixed(2));
  const programs = await prepareEtcd(directory, 'fan-out/etcd-watchers.go');
  all.push(await startSkein(directory, 'replica'));
  if (typeof programs === 'string') console.error(`etcd is not measured: ${programs}`);
  else all.push(await startWatchedEtcd(programs.client, directory));
  const rounds = new Map<Watched, FanOutAnswer[]>(all.map((each) => [each, []]));
  // Nobody is measured while its code is compiled.
  for (const each of all) await each.fanOut(load);
  for (let at = 0; at < roundCount; at++) {
    for (const each of at % 2 === 0 ? all : all.toReversed()) {
      const answer = await each.fanOut(load);
      rounds.get(each)!.push(answer);
      console.error(
        `${each.name}: p50 ${answer.p50Ms.toFixed(2)}, p99 ${answer.p99Ms.toFixed(2)} ms`,
      );
    }
  }
  const result = all.map(({ name }, at) => {
    const of = (pick: (answer: FanOutAnswer) => number): number =>
      Number(median(rounds.get(all[at]!)!.map(pick)).toFixed(2));
    const figures = {
      p50Ms: of(({ p50Ms }) => p50Ms),
      p99Ms: of(({ p99Ms }) => p99Ms),
      lastP50Ms: of(({ lastP50Ms }) => lastP50Ms),
      lastMaxMs: of(({ lastMaxMs }) => lastMaxMs),
      spreadP50Ms: of(({ spreadP50Ms }) => spreadP50Ms),
    };
    return [name, figures] as const;
  });
  for (const [name, { p50Ms, p99Ms, lastP50Ms, lastMaxMs, spreadP50Ms }] of result) {
    console.log(
      `${name}: from a put to its event at each of ${load.watchers} watchers p50 ${p50Ms} ms, p99 ${p99Ms} ms; ` +
        `at the last of them ${lastP50Ms} ms (median), ${lastMaxMs} ms (most), ${spreadP50Ms} ms after the first`,
    );
  }
  const about = { bench: 'fan-out', ...load, rounds: roundCount, loadBefore };
  console.log(JSON.stringify({ ...about, ...Object.fromEntries(result) }));
}

const directory = await mkdtemp(join(tmpdir(), 'skein-fan-out-bench-'));
const all: Watched[] = [];
try {
  if ((await statfs(directory)).type === tmpfs) {
    throw new Error(`${tmpdir()} is in memory: set TMPDIR to a directory on a disk`);
  }
  await run(directory, all);
} finally {
  await Promise.all(all.map((each) => each.stop()));
  await rm(directory, { recursive: true });
}
