// What whole peers of one zone cost while nothing happens: `skein up` and `join` on loopback, no pods.
//
//   node dist/tests/bench/idle.bench.js [--peers 10] [--settle-seconds 150] [--seconds 60] [--program FILE]
//
// --program measures another build: its dist/cli/main.js.

import { mkdtempSync, rmSync } from 'node:fs';
import { loadavg, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { startChild } from '../../cli/flight/child-peer.ts';
import type { ChildPeer } from '../../cli/flight/child-peer.ts';
import { skein } from '../e2e/cluster.ts';
import { somePorts } from '../some-ports.ts';
import { median } from './consensus/contender.ts';
import { idleCost } from './mesh/idle.ts';
import type { IdleCost } from './mesh/idle.ts';

const { values: options } = parseArgs({
  options: {
    peers: { type: 'string', default: '10' },
    /** A started peer compiles and collects what starting left behind; it is idle after that. */
    'settle-seconds': { type: 'string', default: '150' },
    seconds: { type: 'string', default: '60' },
    program: { type: 'string', default: 'dist/cli/main.js' },
  },
});
const size = Math.max(1, Number(options.peers));
/** Peers that join at once: more would wait for each other's start on few cores. */
const AT_ONCE = 3;

const directory = mkdtempSync(join(tmpdir(), 'skein-idle-'));
const ports = await somePorts(2 * size);
const peers: ChildPeer[] = [];

function start(at: number, token?: string): ChildPeer {
  const name = `peer-${at + 1}`;
  const peer = startChild({
    name,
    program: resolve(options.program),
    words: [
      ...(token === undefined ? ['up'] : ['join', `127.0.0.1:${ports[0]}`, '--token=-']),
      `--name=${name}`,
      `--data=${join(directory, name)}`,
      `--mesh-listen=127.0.0.1:${ports[2 * at]}`,
      `--api-listen=127.0.0.1:${ports[2 * at + 1]}`,
    ],
    logFile: join(directory, `${name}.log`),
    ...(token === undefined ? {} : { input: token }),
  });
  peers.push(peer);
  return peer;
}

const worst = (costs: readonly IdleCost[], field: keyof IdleCost) => {
  const values = costs.map((cost) => cost[field]);
  const rounded = (value: number): number => Math.round(value * 100) / 100;
  return { median: rounded(median(values)), max: rounded(Math.max(...values)) };
};

try {
  const first = start(0);
  const { kubeconfig } = await first.ready;
  const uses = String(Math.max(1, size - 1));
  const token = await skein(['token', 'create', '--uses', uses, '--kubeconfig', kubeconfig]);
  if (token.code !== 0) throw new Error(token.err);
  for (let at = 1; at < size; at += AT_ONCE) {
    const some = Array.from({ length: Math.min(AT_ONCE, size - at) }, (_, i) =>
      start(at + i, token.out.trim()),
    );
    await Promise.all(some.map(({ ready }) => ready));
  }
  await delay(Number(options['settle-seconds']) * 1_000);
  const loadBefore = loadavg()[0];
  const costs = await idleCost(
    peers.map(({ pid }) => pid),
    Number(options.seconds) * 1_000,
  );
  console.log(
    JSON.stringify({
      bench: 'idle',
      peers: size,
      loadBefore,
      cpuPercent: worst(costs, 'cpuPercent'),
      residentMb: worst(costs, 'residentMb'),
      proportionalMb: worst(costs, 'proportionalMb'),
    }),
  );
} finally {
  await Promise.all(peers.map((peer) => peer.stop()));
  rmSync(directory, { recursive: true, force: true });
}
process.exit(0);
