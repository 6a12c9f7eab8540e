// The state machine alone: commands a second, reads, fan-out, and how long a snapshot holds the event loop.

import { performance } from 'node:perf_hooks';

import { encodeCommand } from '../../consensus/store/command.ts';
import { createStateMachine } from '../../consensus/store/state-machine.ts';

const keys = 200_000;
const value = 'x'.repeat(2_000);
const keyOf = (i: number) => `/registry/pods/ns-${i % 50}/app-${(i * 7919) % keys}`;

function rate(count: number, work: (i: number) => void): number {
  const start = performance.now();
  for (let i = 0; i < count; i++) work(i);
  return Math.round(count / ((performance.now() - start) / 1000));
}

const machine = createStateMachine();
let index = 0;
const encodePut = (key: string, text: string) =>
  encodeCommand({
    type: 'transaction',
    transaction: { compare: [], success: [{ type: 'put', key, value: text }] },
  });

const insertsPerSecond = rate(keys, (i) => {
  machine.apply(++index, encodePut(keyOf(i), value));
});
const residentMb = Math.round(process.memoryUsage().rss / (1 << 20));
const small = 'x'.repeat(256);
const updatesPerSecond = rate(100_000, (i) => {
  machine.apply(++index, encodePut(keyOf(i), small));
});
const getsPerSecond = rate(1_000_000, (i) => {
  machine.view.get(keyOf(i % keys));
});

let compactWorstMs = 0;
for (let revision = 1_000; revision <= machine.view.revision(); revision += 1_000) {
  const start = performance.now();
  machine.apply(++index, encodeCommand({ type: 'compact', revision }));
  compactWorstMs = Math.max(compactWorstMs, performance.now() - start);
}

let start = performance.now();
const kvs = machine.view.range('/registry/pods/', '/registry/pods0').kvs.length;
const rangeKeysPerSecond = Math.round(kvs / ((performance.now() - start) / 1000));

let worstMs = 0;
let bytes = 0;
const chunks: Uint8Array[] = [];
start = performance.now();
let before = start;
for (const chunk of machine.snapshot()) {
  worstMs = Math.max(worstMs, performance.now() - before);
  bytes += chunk.length;
  chunks.push(chunk);
  before = performance.now();
}
const snapshotMs = Math.round(performance.now() - start);

const copy = createStateMachine();
start = performance.now();
const restoration = copy.restore();
for (const chunk of chunks) restoration.add(chunk);
restoration.finish(index);
const restoreMs = Math.round(performance.now() - start);

let told = 0;
const now = copy.view.revision();
const watcher = { events: () => void (told += 1), ended: () => {} };
for (let i = 0; i < 1_000; i++) copy.watch('/registry/pods/', '/registry/pods0', now, watcher);
for (let i = 0; i < 10_000; i++) copy.watch(`/other/${i}/`, `/other/${i}0`, now, watcher);
start = performance.now();
for (let i = 0; i < 500; i++) copy.apply(++index, encodePut(keyOf(i), small));
const eventsPerSecond = Math.round(told / ((performance.now() - start) / 1000));

console.log(
  JSON.stringify({
    bench: 'store',
    keys,
    insertsPerSecond,
    updatesPerSecond,
    getsPerSecond,
    rangeKeysPerSecond,
    residentMb,
    compactWorstMs: Math.round(compactWorstMs),
    snapshotMb: Math.round(bytes / (1 << 20)),
    snapshotMs,
    snapshotWorstChunkMs: Math.round(worstMs),
    restoreMs,
    watchers: 11_000,
    eventsPerSecond,
  }),
);
