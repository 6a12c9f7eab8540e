// How long a zone takes no writes when its leader is killed under load: a three-voter Skein zone beside a three-member etcd.
//
//   node dist/tests/bench/failover.bench.js [--kills 30] [--quick]
//
// First each is put under full load for a minute, in which nobody may be elected. Then kills by turns.

import { mkdtemp, rm, statfs } from 'node:fs/promises';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { quantile } from './consensus/contender.ts';
import { prepareEtcd } from './consensus/etcd-install.ts';
import { measure } from './consensus/round.ts';
import type { Round } from './consensus/round.ts';
import { startEtcdRival } from './failover/etcd-rival.ts';
import type { Rival } from './failover/rival.ts';
import { startSkeinRival } from './failover/skein-rival.ts';

const { values: options } = parseArgs({
  options: { kills: { type: 'string' }, quick: { type: 'boolean' } },
});
const quick = options.quick === true;
const kills = Number(options.kills ?? (quick ? 3 : 30));
const fullLoad = { kind: 'put', clients: 256, forMs: quick ? 5_000 : 60_000 } as const;
/** Beside a kill. */
const clients = 64;
/** Under load before the kill. */
const beforeMs = 1_000;
/** Load goes on so long, or until its last operation gave up. */
const pressMs = 2_500;
const tmpfs = 0x01021994;

const say = (line: string): void => void process.stderr.write(`${line}\n`);

interface Calm {
  readonly round: Round;
  /** Elections that nobody's death called for. */
  readonly falseElections: number;
}

async function pressFully(rival: Rival): Promise<Calm> {
  const before = await rival.term();
  const round = await measure(rival, fullLoad);
  const falseElections = (await rival.term()) - before;
  say(`${rival.name}: ${Math.round(round.perSecond)} puts/s, ${falseElections} elections`);
  return { round, falseElections };
}

interface Kill {
  /** From the kill until a survivor acknowledged a write that was asked for after it. */
  readonly writesAgainMs: number;
  /** Terms it took: more than one when votes were split. */
  readonly terms: number;
}

async function killOne(rival: Rival): Promise<Kill> {
  const before = await rival.term();
  const pressing = rival.press(clients, pressMs);
  pressing.catch(() => undefined);
  await delay(beforeMs);
  if ((await rival.term()) !== before) say(`${rival.name}: an election before the kill`);
  const writesAgainMs = await rival.killLeader();
  const terms = (await rival.term()) - before;
  const { operations, failure } = await pressing;
  if (operations === 0) throw new Error(`${rival.name} was not under load: ${failure}`);
  await rival.revive();
  return { writesAgainMs, terms };
}

function figures(all: readonly Kill[]) {
  const sorted = all.map(({ writesAgainMs }) => Math.round(writesAgainMs)).sort((a, b) => a - b);
  return {
    kills: all.length,
    medianMs: quantile(sorted, 0.5),
    p90Ms: quantile(sorted, 0.9),
    p99Ms: quantile(sorted, 0.99),
    maxMs: sorted.at(-1) ?? 0,
    moreThanOneElection: all.filter(({ terms }) => terms > 1).length,
    all: sorted,
  };
}

async function run(directory: string, rivals: Rival[]): Promise<void> {
  const loadBefore = Number(loadavg()[0]!.toFixed(2));
  const programs = await prepareEtcd(directory, 'failover/etcd-failover.go');
  rivals.push(await startSkeinRival(directory));
  if (typeof programs === 'string') say(`etcd is not measured, Skein alone is: ${programs}`);
  else rivals.push(await startEtcdRival(programs, directory));
  const calm = new Map<Rival, Calm>();
  for (const rival of rivals) calm.set(rival, await pressFully(rival));
  const killed = new Map<Rival, Kill[]>(rivals.map((rival) => [rival, []]));
  for (let at = 0; at < kills; at++) {
    for (const rival of at % 2 === 0 ? rivals : rivals.toReversed()) {
      const kill = await killOne(rival);
      killed.get(rival)!.push(kill);
      say(
        `${rival.name}, kill ${at + 1}: ${kill.writesAgainMs.toFixed(0)} ms, ${kill.terms} terms`,
      );
    }
  }
  const result = rivals.map((rival) => {
    const { round, falseElections } = calm.get(rival)!;
    const underLoad = { putsPerSecond: Math.round(round.perSecond), falseElections };
    return [rival.name, { ...figures(killed.get(rival)!), ...underLoad }] as const;
  });
  for (const [name, { medianMs, p90Ms, maxMs, moreThanOneElection, falseElections }] of result) {
    console.log(
      `${name}: writes again after ${medianMs.toFixed(0)} ms (median), ${p90Ms.toFixed(0)} (p90), ` +
        `${maxMs.toFixed(0)} (most) of ${kills} kills, ${moreThanOneElection} of them with more than one ` +
        `election; ${falseElections} elections in ${fullLoad.forMs / 1000} s of full load`,
    );
  }
  const etcd = typeof programs === 'string' ? undefined : programs.version;
  const about = { bench: 'failover', etcd, clients, loadBefore };
  console.log(JSON.stringify({ ...about, ...Object.fromEntries(result) }));
}

const directory = await mkdtemp(join(tmpdir(), 'skein-failover-bench-'));
const rivals: Rival[] = [];
try {
  if ((await statfs(directory)).type === tmpfs) {
    throw new Error(`${tmpdir()} is in memory: set TMPDIR to a directory on a disk`);
  }
  await run(directory, rivals);
} finally {
  await Promise.all(rivals.map((rival) => rival.stop()));
  await rm(directory, { recursive: true });
}
