// What a keeper costs: memory, its start, and the time from a pod's configuration to its running process.

import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createProcessContainerDriver } from '../../actors/containers/process-container-driver.ts';
import { findKeeper } from '../../actors/containers/process/keeper-launcher.ts';
import { createRingLogger, createSystemClock } from '../../runtime/index.ts';
import type { Result } from '../../runtime/index.ts';

const PODS = 30;
const PARALLEL = 4;

function valueOf<T>(result: Result<T>): T {
  if (!result.ok) throw result.error;
  return result.value;
}

const directory = mkdtempSync(join(tmpdir(), 'skein-bench-'));
const clock = createSystemClock();
const driver = createProcessContainerDriver({
  directory,
  log: createRingLogger(clock),
  ...(process.platform === 'linux' ? { addressRange: '127.70.4.0/24' } : {}),
});
valueOf(await driver.open());

const keeperMs: number[] = [];
const podMs: number[] = [];

async function startPod(index: number): Promise<void> {
  const uid = `pod-${index}`;
  const beganMs = clock.monotonicMs();
  const config = { uid, name: uid, namespace: 'bench', hostname: uid, ports: [], graceMs: 1_000 };
  valueOf(await driver.runPod(config));
  keeperMs.push(clock.monotonicMs() - beganMs);
  const container = {
    podUid: uid,
    name: 'main',
    attempt: 0,
    image: '',
    command: ['sleep', '1000'],
  };
  const id = valueOf(
    await driver.createContainer({ ...container, environment: {}, workingDirectory: '' }),
  );
  valueOf(await driver.startContainer(id));
  podMs.push(clock.monotonicMs() - beganMs);
}

const beganMs = clock.monotonicMs();
// One after the other first: the latency of one pod; then a few at a time: how fast a peer fills.
for (let i = 0; i < PODS; i++) await startPod(i);
const sequentialMs = clock.monotonicMs() - beganMs;
const median = (values: readonly number[]): number =>
  Math.round([...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0);
const [keeperMedian, podMedian] = [median(keeperMs), median(podMs)];

const parallelBeganMs = clock.monotonicMs();
let next = PODS;
await Promise.all(
  Array.from({ length: PARALLEL }, async () => {
    while (next < 2 * PODS) await startPod(next++);
  }),
);
const parallelMs = clock.monotonicMs() - parallelBeganMs;

/** Kilobytes of a field of /proc/PID/smaps_rollup, in the middle of all keepers. */
function memoryOf(field: string): number {
  return median(
    Array.from({ length: PODS }, (_, i) => {
      const { living } = findKeeper(join(directory, 'pods', `pod-${i}`));
      const text = readFileSync(`/proc/${living?.pid}/smaps_rollup`, 'latin1');
      return Number(new RegExp(`^${field}:\\s+(\\d+)`, 'm').exec(text)?.[1] ?? 0);
    }),
  );
}

const memory =
  process.platform === 'linux'
    ? {
        keeperRssKb: memoryOf('Rss'),
        keeperPssKb: memoryOf('Pss'),
        keeperPrivateKb: memoryOf('Private_Dirty'),
      }
    : {};
for (let i = 0; i < 2 * PODS; i++) valueOf(await driver.removePod(`pod-${i}`));
await driver.close();
rmSync(directory, { recursive: true });
console.log(
  JSON.stringify({
    bench: 'keeper',
    pods: PODS,
    keeperStartMs: keeperMedian,
    podStartMs: podMedian,
    sequentialMs: Math.round(sequentialMs),
    parallel: PARALLEL,
    parallelMs: Math.round(parallelMs),
    ...memory,
  }),
);
