// Skein's mesh beside Debian's serf, as many processes of each on loopback; then its messages, bytes and probes alone.
//
//   node dist/tests/bench/mesh.bench.js [--agents 30] [--rounds 3] [--kills 2] [--idle-seconds 30] [--alone] [--only PART]
//   node dist/tests/bench/mesh.bench.js --only crowd [--agents 100] [--idle-seconds 60]
//
// Each round is one life of each fleet, one after the other, and whoever lived first lives last the next time. --alone leaves
// serf out; --only runs one part: lives, traffic, probes; the crowd, 30 or as many peers at rest, runs only when it is asked for.

import { mkdtemp, rm } from 'node:fs/promises';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import type { Fleet } from './mesh/fleet.ts';
import { measureCrowd } from './mesh/crowd.ts';
import { live } from './mesh/life.ts';
import type { Life } from './mesh/life.ts';
import { measureProbes } from './mesh/probe-cost.ts';
import { createSerfFleet } from './mesh/serf-fleet.ts';
import { prepareSerf } from './mesh/serf-install.ts';
import { createSkeinFleet } from './mesh/skein-fleet.ts';
import { figures, table } from './mesh/table.ts';
import { measureTraffic } from './mesh/traffic.ts';

const { values: options } = parseArgs({
  options: {
    agents: { type: 'string', default: '30' },
    rounds: { type: 'string', default: '3' },
    kills: { type: 'string', default: '2' },
    'idle-seconds': { type: 'string', default: '30' },
    alone: { type: 'boolean', default: false },
    only: { type: 'string' },
  },
});
const size = Math.max(4, Number(options.agents));
const say = (line: string): void => void process.stderr.write(`${line}\n`);
const isWanted = (part: string): boolean => options.only === undefined || options.only === part;

async function compare(directory: string): Promise<ReadonlyMap<string, readonly Life[]>> {
  const serf = options.alone ? 'left out' : await prepareSerf(directory);
  if (typeof serf === 'string') say(`serf is not measured, Skein alone is: ${serf}`);
  else say(`serf ${serf.version}`);
  const lives = new Map<string, Life[]>();
  for (let round = 0; round < Number(options.rounds); round++) {
    // A fleet is new each time: nobody remembers the dead of the round before.
    const fleets: Fleet[] = [createSkeinFleet()];
    if (typeof serf !== 'string') fleets.push(createSerfFleet(serf));
    for (const { name } of fleets) lives.set(name, lives.get(name) ?? []);
    for (const fleet of round % 2 === 0 ? fleets : fleets.toReversed()) {
      const life = await live(fleet, {
        size,
        kills: Number(options.kills),
        idleMs: Number(options['idle-seconds']) * 1_000,
      });
      lives.get(fleet.name)!.push(life);
      say(`round ${round + 1}, ${fleet.name}: ${JSON.stringify(figures([life]))}`);
    }
  }
  return lives;
}

const rest = () =>
  measureCrowd({
    peers: size,
    measured: 6,
    crowds: 4,
    settleMs: 120_000,
    idleMs: Number(options['idle-seconds']) * 1_000,
  });

const directory = await mkdtemp(join(tmpdir(), 'skein-mesh-bench-'));
try {
  const loadBefore = Number(loadavg()[0]!.toFixed(2));
  const lives = isWanted('lives') ? await compare(directory) : new Map<string, readonly Life[]>();
  if (lives.size > 0) console.log(table(lives));
  const traffic = isWanted('traffic') ? await measureTraffic() : undefined;
  const probes = isWanted('probes') ? await measureProbes() : undefined;
  const crowd = options.only === 'crowd' ? await rest() : undefined;
  console.log(
    JSON.stringify({
      bench: 'mesh',
      agents: size,
      rounds: Number(options.rounds),
      loadBefore,
      ...Object.fromEntries([...lives].map(([name, all]) => [name, figures(all)])),
      traffic,
      probes,
      crowd,
    }),
  );
} finally {
  await rm(directory, { recursive: true });
}
process.exit(0);
