// Three real peers with a service: idle cost, then kill -9 of one peer after another, the leader every other time.
//
// node dist/tests/bench/flight.bench.js [rounds]

import { readFileSync } from 'node:fs';
import { get } from 'node:http';
import { performance } from 'node:perf_hooks';
import { setTimeout as delay } from 'node:timers/promises';
import { PEER_NAMES } from '../../cli/flight/flock.ts';
import {
  createNamespace,
  EXAMPLE,
  isReady,
  nodeOf,
  startCluster,
  threeReady,
  untilPods,
} from '../e2e/cluster.ts';
import type { Cluster, PeerName } from '../e2e/cluster.ts';

const rounds = Number(process.argv[2] ?? 10);
const idleMs = 60_000;
/** A started peer compiles and collects what starting left behind; it is idle after that. */
const settleMs = 150_000;
const startedAtMs = performance.now();
/** Every write makes a new object. */
let names = 0;

interface Round {
  readonly wasLeader: boolean;
  /** From the kill until a write is accepted at a survivor. */
  readonly writeMs: number;
  /** From the kill until three ready replicas are known, none on the dead peer. */
  readonly replicasMs: number;
  /** Requests at a survivor's service address that failed, and when the last one did, from the kill. */
  readonly failed: number;
  readonly lastFailureMs: number;
  readonly requests: number;
  /** From its start until the killed peer is Ready again. */
  readonly backMs: number;
}

const cluster = await startCluster();
try {
  const readyMs = performance.now() - startedAtMs;
  const applied = await cluster.skein('peer-1', ['apply', '-f', EXAMPLE]);
  if (applied.code !== 0) throw new Error(applied.err);
  await untilPods(cluster.at('peer-1'), threeReady(), 30_000);
  const idle = await measureIdle(cluster);
  const measured: Round[] = [];
  for (let at = 0; at < rounds; at++) {
    measured.push(await killOne(cluster, at % 2 === 0));
    console.error(`round ${at + 1}: ${JSON.stringify(measured.at(-1))}`);
  }
  const figures = (pick: (round: Round) => number) => spread(measured.map(pick));
  console.log(
    JSON.stringify({
      bench: 'flight',
      rounds,
      startOfThreeMs: Math.round(readyMs),
      idle,
      writeMs: figures(({ writeMs }) => writeMs),
      writeAfterLeaderMs: spread(
        measured.filter(({ wasLeader }) => wasLeader).map(({ writeMs }) => writeMs),
      ),
      replicasMs: figures(({ replicasMs }) => replicasMs),
      lastFailureMs: figures(({ lastFailureMs }) => lastFailureMs),
      failedRequests: measured.reduce((sum, { failed }) => sum + failed, 0),
      requests: measured.reduce((sum, { requests }) => sum + requests, 0),
      backMs: figures(({ backMs }) => backMs),
    }),
  );
} finally {
  await cluster.end();
}

function spread(values: readonly number[]): Readonly<Record<'median' | 'max', number>> {
  const sorted = [...values].sort((a, b) => a - b);
  return {
    median: Math.round(sorted[Math.floor(sorted.length / 2)] ?? 0),
    max: Math.round(sorted.at(-1) ?? 0),
  };
}

/** Resident memory at the end, CPU over the whole time, and what the log grew by. */
async function measureIdle({ flock, status }: Cluster): Promise<unknown> {
  const pids = PEER_NAMES.map((name) => flock.pidOf(name));
  await delay(settleMs);
  const before = pids.map(cpuMs);
  const revision = (await status('peer-1')).revision;
  await delay(idleMs);
  const percent = pids.map((pid, at) => ((cpuMs(pid) - before[at]!) / idleMs) * 100);
  return {
    seconds: idleMs / 1000,
    cpuPercent: percent.map((each) => Math.round(each * 100) / 100),
    residentMb: pids.map((pid) => Math.round(residentBytes(pid) / 1e6)),
    revisionsWritten: (await status('peer-1')).revision - revision,
  };
}

/** CPU time of a process so far: fields 14 and 15 of /proc/PID/stat, in ticks of 10 ms. */
function cpuMs(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
    .replace(/^.*\) /, '')
    .split(' ');
  return (Number(fields[11]) + Number(fields[12])) * 10;
}

/** Field 2 of /proc/PID/statm, in pages. */
function residentBytes(pid: number): number {
  return Number(readFileSync(`/proc/${pid}/statm`, 'utf8').split(' ')[1]) * 4_096;
}

/** One pod on each peer again, so that every death costs one. */
async function spreadPods({ skein, at }: Cluster): Promise<void> {
  for (const replicas of ['0', '3']) {
    const scaled = await skein('peer-1', ['scale', 'deploy/hello', '--replicas', replicas]);
    if (scaled.code !== 0) throw new Error(scaled.err);
    await untilPods(
      at('peer-1'),
      (pods) =>
        pods.length === Number(replicas) &&
        pods.every(isReady) &&
        new Set(pods.map(nodeOf)).size === Number(replicas),
      30_000,
    );
  }
}

async function killOne(cluster: Cluster, wantsLeader: boolean): Promise<Round> {
  await spreadPods(cluster);
  const { leader } = await cluster.status('peer-1');
  const victim = PEER_NAMES.find((name) => (name === leader) === wantsLeader)!;
  const survivors = PEER_NAMES.filter((name) => name !== victim);
  const witness = survivors[0]!;
  const front = (await cluster.status(witness)).fronts[0]!.address;
  const load = startLoad(front);
  const killedAtMs = performance.now();
  cluster.signal(victim, 'SIGKILL');
  load.mark(killedAtMs);
  const [writeMs, replicasMs] = await Promise.all([
    firstWrite(cluster, survivors, killedAtMs),
    untilPods(cluster.at(witness), threeReady([victim]), 30_000).then(
      () => performance.now() - killedAtMs,
    ),
  ]);
  const loaded = await load.stop();
  await cluster.flock.exited(victim);
  const restartedAtMs = performance.now();
  await cluster.flock.restartDead();
  const backMs = performance.now() - restartedAtMs;
  await untilPods(cluster.at(witness), threeReady(), 30_000);
  return { wasLeader: victim === leader, writeMs, replicasMs, ...loaded, backMs };
}

/** Clients that try again at once, as a person or a controller would. */
async function firstWrite(
  cluster: Cluster,
  survivors: readonly PeerName[],
  sinceMs: number,
): Promise<number> {
  for (;;) {
    for (const name of survivors) {
      try {
        await createNamespace(cluster.at(name), `round-${names++}`);
        return performance.now() - sinceMs;
      } catch {
        // Not yet: the time until one is accepted is what is measured.
      }
    }
  }
}

/** One request after another at a front, each on a connection of its own. */
function startLoad(front: string) {
  let markedAtMs = performance.now();
  let isOver = false;
  let requests = 0;
  let failed = 0;
  let lastFailureMs = 0;
  const once = (): Promise<boolean> =>
    new Promise((done) => {
      get(`http://${front}/`, { agent: false, timeout: 5_000 }, (response) => {
        response.resume();
        response.on('end', () => done(response.statusCode === 200));
        response.on('error', () => done(false));
      })
        .on('error', () => done(false))
        .on('timeout', function (this: { destroy: () => void }) {
          this.destroy();
        });
    });
  const running = (async () => {
    while (!isOver) {
      const begunAtMs = performance.now();
      const isAnswered = await once();
      requests++;
      if (isAnswered) continue;
      failed++;
      lastFailureMs = Math.max(lastFailureMs, begunAtMs - markedAtMs);
    }
  })();
  return {
    mark: (atMs: number) => (markedAtMs = atMs),
    stop: async () => {
      isOver = true;
      await running;
      return { requests, failed, lastFailureMs };
    },
  };
}
