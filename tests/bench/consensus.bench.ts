// A three-voter Skein store against a three-member etcd: puts and linearizable gets, the same disk, the same rules.
//
//   node dist/tests/bench/consensus.bench.js [--quick] [--profile DIRECTORY]
//
// --profile measures nothing: it records Skein's leader and client at 256 clients as .cpuprofile files and sums them up.

import { mkdtemp, rm, statfs } from 'node:fs/promises';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { median } from './consensus/contender.ts';
import type { Contender, LoadKind } from './consensus/contender.ts';
import { startEtcd } from './consensus/etcd-contender.ts';
import type { EtcdContender } from './consensus/etcd-contender.ts';
import { prepareEtcd } from './consensus/etcd-install.ts';
import { measure } from './consensus/round.ts';
import type { Round } from './consensus/round.ts';
import { startSkein } from './consensus/skein-contender.ts';
import type { SkeinContender } from './consensus/skein-contender.ts';
import { whereTimeGoes } from './consensus/profile.ts';

const clientCounts = [1, 64, 256] as const;
const tmpfs = 0x01021994;

const { values: options } = parseArgs({
  options: { quick: { type: 'boolean' }, profile: { type: 'string' } },
});
const quick = options.quick === true;
const forMs = quick ? 600 : 2_000;
const roundCount = quick ? 2 : 5;

type Point = `${string} ${LoadKind} ${number}`;
const rounds = new Map<Point, Round[]>();

const say = (line: string): void => void process.stderr.write(`${line}\n`);

/** Each contender in turn, and whoever went first goes last the next time. */
async function measureAll(contenders: readonly Contender[], kind: LoadKind): Promise<void> {
  for (const clients of clientCounts) {
    for (let at = 0; at < roundCount; at++) {
      for (const contender of at % 2 === 0 ? contenders : contenders.toReversed()) {
        const point: Point = `${contender.name} ${kind} ${clients}`;
        const round = await measure(contender, { kind, clients, forMs });
        rounds.set(point, [...(rounds.get(point) ?? []), round]);
        say(`${point}: ${Math.round(round.perSecond)}/s, p50 ${round.p50Ms.toFixed(2)} ms`);
      }
    }
  }
}

const figure = (point: Point, pick: (round: Round) => number): number =>
  median((rounds.get(point) ?? []).map(pick));

function figures(point: Point) {
  const of = (pick: (round: Round) => number, digits = 2): number =>
    Number(figure(point, pick).toFixed(digits));
  return {
    perSecond: of((round) => round.perSecond, 0),
    p50Ms: of((round) => round.p50Ms),
    p99Ms: of((round) => round.p99Ms),
    clientCores: of((round) => round.clientCores),
    memberCores: of((round) => round.memberCores),
    otherCores: of((round) => round.otherCores),
    putsPerSync: of((round) => round.putsPerSync, 1),
    failed: (rounds.get(point) ?? []).reduce((sum, { failed }) => sum + failed, 0),
  };
}

const columns = [
  'perSecond',
  'p50Ms',
  'p99Ms',
  'clientCores',
  'memberCores',
  'otherCores',
] as const;
const heads = ['', 'per second', 'p50 ms', 'p99 ms', 'client', 'members', 'others', 'Skein/etcd'];

function table(contenders: readonly Contender[]): string {
  const rows = [heads];
  for (const kind of ['put', 'get'] as const) {
    for (const clients of clientCounts) {
      for (const { name } of contenders) {
        const point = figures(`${name} ${kind} ${clients}`);
        const rival = figure(`etcd ${kind} ${clients}`, ({ perSecond }) => perSecond);
        const ratio = name === 'etcd' || rival === 0 ? '' : (point.perSecond / rival).toFixed(2);
        const cells = columns.map((column) => String(point[column]));
        rows.push([`${kind}, ${clients} clients, ${name}`, ...cells, ratio]);
      }
    }
  }
  return rows
    .map(([head, ...cells]) => head!.padEnd(34) + cells.map((cell) => cell.padStart(11)).join(''))
    .join('\n');
}

async function compare(directory: string, started: Contender[]): Promise<void> {
  const loadBefore = loadavg()[0]!;
  const programs = await prepareEtcd(directory);
  let etcd: EtcdContender | undefined;
  if (typeof programs === 'string') say(`etcd is not measured, Skein alone is: ${programs}`);
  else started.push((etcd = await startEtcd(programs, directory)));
  started.push(await startSkein(directory, 'replica'), await startSkein(directory, 'request'));
  for (const contender of started) {
    await measure(contender, { kind: 'fill', clients: 256, forMs: 0 });
  }
  // etcd 3.4 reads slowly after a burst of writes until it is started again: it is measured at its best.
  await etcd?.restart();
  for (const contender of started) {
    await measure(contender, { kind: 'get', clients: 64, forMs });
  }
  await measureAll(started, 'get');
  await measureAll(started, 'put');
  const result = Object.fromEntries(
    [...rounds.keys()].map((point) => [point, figures(point)] as const),
  );
  console.log(table(started));
  console.log(
    'client, members, others: cores kept busy by the client, the three voters, all else.',
  );
  console.log(
    JSON.stringify({
      bench: 'consensus',
      etcd: typeof programs === 'string' ? undefined : programs.version,
      rounds: roundCount,
      forMs,
      loadBefore: Number(loadBefore.toFixed(2)),
      ...result,
    }),
  );
}

async function profile(directory: string, into: string, started: Contender[]): Promise<void> {
  const skein: SkeinContender = await startSkein(directory, 'replica');
  started.push(skein);
  await measure(skein, { kind: 'fill', clients: 256, forMs: 0 });
  for (const kind of ['put', 'get'] as const) {
    const work = () => measure(skein, { kind, clients: 256, forMs: 5_000 });
    await work();
    for (const who of ['leader', 'client'] as const) {
      const path = join(into, `${kind}-${who}.cpuprofile`);
      await (who === 'leader' ? skein.profileLeader(path, work) : skein.profileClient(path, work));
      console.log(`${kind}, 256 clients, ${who} (${path}):\n${await whereTimeGoes(path)}`);
    }
  }
}

const directory = await mkdtemp(join(tmpdir(), 'skein-consensus-bench-'));
const started: Contender[] = [];
try {
  if ((await statfs(directory)).type === tmpfs) {
    throw new Error(`${tmpdir()} is in memory: set TMPDIR to a directory on a disk`);
  }
  await (options.profile === undefined
    ? compare(directory, started)
    : profile(directory, options.profile, started));
} finally {
  await Promise.all(started.map((contender) => contender.stop()));
  await rm(directory, { recursive: true });
}
