// One seed, one run: a cluster comes up, weathers a storm under load, heals, and is judged.
//
//   boot --> storm and load --> heal --> converge --> quiet --> verdict

import { shuffled } from '../../runtime/index.ts';
import type { LogLine } from '../../runtime/index.ts';
import { call } from './api-client.ts';
import type { ApiAnswer, ApiCall } from './api-client.ts';
import {
  createJudge,
  judgePartition,
  judgeStarts,
  judgeStates,
  judgeWrites,
  watchLines,
} from './checkers.ts';
import type { Judge } from './checkers.ts';
import { createCluster } from './cluster.ts';
import type { Cluster } from './cluster.ts';
import { unmet } from './convergence.ts';
import { faultKinds, startStorm } from './faults.ts';
import type { ContainerWeather, FaultKind, Storm } from './faults.ts';
import { createHistory } from './history.ts';
import type { History } from './history.ts';
import { watchLeadership } from './leadership.ts';
import type { Leadership } from './leadership.ts';
import { noFaults } from './simulated-container-driver.ts';
import { judgeWatcher, startWatcher } from './watching.ts';
import type { ApiWatcher } from './watching.ts';
import { labelOf, startWorkload } from './workload.ts';
import type { Workload } from './workload.ts';

/** Times are virtual, ms. */
const bootMs = 30_000;
/** A healed zone is as it should be within this: backoffs of containers that crashed are the longest part. */
const convergeMs = 240_000;
/** Containers of the storm crash within this of their start. */
const crashWithinMs = 20_000;
const quietMs = 15_000;
const watchedPath = '/api/v1/namespaces/default/pods';
const idleMs = 30_000;

export interface ScenarioOptions {
  readonly seed: string | number;
  /** Default 10. */
  readonly peers?: number;
  /** So many of them are witnesses; default none. */
  readonly witnesses?: number;
  /** How long the storm lasts; default 1. */
  readonly minutes?: number;
  /** What can happen; default: some of all, by the seed. */
  readonly faults?: readonly FaultKind[];
}

export interface Report {
  readonly seed: string;
  readonly peers: number;
  readonly witnesses: number;
  readonly minutes: number;
  /** Empty for a run without a fault of Skein's. */
  readonly wrongs: readonly string[];
  readonly digest: string;
  readonly faults: Readonly<Record<string, number>>;
  readonly writes: {
    readonly acknowledged: number;
    readonly refused: number;
    readonly unknown: number;
  };
  readonly revisions: number;
  readonly terms: number;
  /** From healing until all was as desired; undefined when it never was. */
  readonly convergedMs: number | undefined;
  readonly virtualMs: number;
  readonly steps: number;
  readonly lines: readonly LogLine[];
}

interface Run {
  readonly cluster: Cluster;
  readonly judge: Judge;
  readonly history: History;
  readonly leadership: Leadership;
}

/** Rejects only when the simulator itself is at fault, or an event of the world threw. */
export async function runScenario(options: ScenarioOptions): Promise<Report> {
  const { seed, peers = 10, witnesses = 0, minutes = 1 } = options;
  const nodes = peers - witnesses;
  const weather: ContainerWeather = { ...noFaults };
  const cluster = createCluster({ seed, size: peers, witnesses, containerFaults: weather });
  const { simulation } = cluster;
  const judge = createJudge(() => cluster);
  const history = createHistory(judge.wrong);
  cluster.onUp((member, { store }) => history.follow(member.name, store));
  const leadership = watchLeadership(cluster, judge.wrong);
  watchLines(cluster, judge.wrong);
  const run: Run = { cluster, judge, history, leadership };

  const random = simulation.random.fork('scenario');
  const kinds = options.faults ?? shuffled(random, faultKinds).slice(0, 2 + random.integer(6));
  const deployments = Math.max(1, Math.floor(nodes / 2));
  let workload: Workload | undefined;
  let storm: Storm | undefined;
  let convergedMs: number | undefined;
  if (await boot(run, deployments)) {
    workload = startWorkload({
      cluster,
      random: random.fork('workload'),
      deployments,
      services: 3,
      // Three pods fit on a peer; a third of the room stays free for rollouts.
      maxReplicas: Math.floor((nodes * 2) / deployments),
      wrong: judge.wrong,
    });
    const watchers = [1, 2, 3].map((i) =>
      startWatcher(cluster, random.fork(`watcher ${i}`), watchedPath, judge.wrong),
    );
    Object.assign(weather, { crashChance: 0.2, crashWithinMs, hangChance: 0.2 });
    storm = startStorm({
      cluster,
      random: random.fork('storm'),
      kinds,
      pauseMs: [500, 8_000],
      onPartition: (groups, lastsMs, isInPlace) =>
        judgePartition(cluster, groups, lastsMs, isInPlace, judge.wrong),
    });
    await simulation.run({ untilMs: simulation.nowMs() + minutes * 60_000 });
    storm.heal();
    Object.assign(weather, noFaults);
    workload.stop();
    convergedMs = await settle(run, workload, watchers);
  }
  return {
    seed: String(seed),
    peers,
    witnesses,
    minutes,
    wrongs: judge.wrongs,
    digest: simulation.digest(),
    faults: storm?.counts() ?? {},
    writes: countFates(workload),
    revisions: history.newest(),
    terms: leadership.terms(),
    convergedMs,
    virtualMs: simulation.nowMs(),
    steps: simulation.steps(),
    lines: cluster.log.lines(),
  };
}

/** All peers, the namespace, and a Service for each Deployment to come. */
async function boot({ cluster, judge }: Run, deployments: number): Promise<boolean> {
  const { simulation } = cluster;
  const members = cluster.members();
  const nodes = members.filter(({ isWitness }) => !isWitness).length;
  for (const member of members) cluster.start(member);
  const isUp = await simulation.run({
    until: () =>
      cluster.up().length === members.length &&
      cluster.up()[0]!.life.peer.objects.view.list('Node').length === nodes,
    limitMs: bootMs,
  });
  if (!isUp) {
    judge.wrong(
      `only ${cluster
        .up()
        .map(({ name }) => name)
        .join(', ')} came up`,
    );
    return false;
  }
  const namespace = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'default' } };
  await must(cluster, judge, { method: 'POST', path: '/api/v1/namespaces', body: namespace });
  for (let i = 1; i <= deployments; i++) {
    await must(cluster, judge, {
      method: 'POST',
      path: '/api/v1/namespaces/default/services',
      body: {
        apiVersion: 'v1',
        kind: 'Service',
        metadata: { name: `front-d${i}` },
        spec: { selector: { app: labelOf(`d${i}`) }, ports: [{ port: 80, targetPort: 8080 }] },
      },
    });
  }
  return true;
}

async function must(cluster: Cluster, judge: Judge, asked: ApiCall): Promise<void> {
  let answer: ApiAnswer | undefined;
  void call(cluster, cluster.up()[0]!, asked).then((given) => (answer = given));
  await cluster.simulation.run({ until: () => answer !== undefined, limitMs: idleMs });
  if (answer?.status !== 201) {
    judge.wrong(`${asked.method} ${asked.path} gives ${answer?.status}: ${answer?.body?.message}`);
  }
}

/** Waits until all is as desired, and then that nothing changes any more. Returns how long the first took. */
async function settle(
  run: Run,
  workload: Workload,
  watchers: readonly ApiWatcher[],
): Promise<number | undefined> {
  const { cluster, judge, history, leadership } = run;
  const { simulation } = cluster;
  await simulation.run({ until: workload.isIdle, limitMs: idleMs });
  const healedMs = simulation.nowMs();
  let lookAtMs = 0;
  let left: readonly string[] = [];
  let desiredAtMs: number | undefined;
  const isConverged = await simulation.run({
    until: () => {
      if (simulation.nowMs() < lookAtMs) return false;
      lookAtMs = simulation.nowMs() + 250;
      left = unmet(cluster, leadership.duties());
      if (left.length > 0) desiredAtMs = undefined;
      else desiredAtMs ??= simulation.nowMs();
      // What started in the storm may still crash by itself.
      return left.length === 0 && simulation.nowMs() > healedMs + crashWithinMs;
    },
    limitMs: convergeMs,
  });
  const tookMs = (desiredAtMs ?? simulation.nowMs()) - healedMs;
  if (!isConverged) {
    for (const what of left) judge.wrong(`not healed after ${convergeMs / 1_000} s: ${what}`);
  }
  judgeWrites(history, workload, judge.wrong);
  judgeStates(cluster, workload, judge.wrong);
  judgeStarts(cluster, judge.wrong);
  if (!isConverged) return undefined;
  const before = history.newest();
  await simulation.run({ untilMs: simulation.nowMs() + quietMs });
  const written = history.newest() - before;
  if (written > 0) judge.wrong(`an idle zone wrote ${written} revisions in ${quietMs / 1_000} s`);
  for (const watcher of watchers) judgeWatcher(cluster, watcher, judge.wrong);
  for (const what of unmet(cluster, leadership.duties())) judge.wrong(`no longer: ${what}`);
  return tookMs;
}

function countFates(workload: Workload | undefined): Report['writes'] {
  const fates = (workload?.written() ?? []).map(({ fate }) => fate);
  const count = (which: string): number => fates.filter((fate) => fate === which).length;
  return {
    acknowledged: count('acknowledged'),
    refused: count('refused'),
    unknown: count('unknown'),
  };
}
