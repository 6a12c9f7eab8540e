// Meshes alone, in all weathers: goals are met, a run is its seed, and the checkers notice what is broken on purpose.

import { equal, notEqual, ok } from 'node:assert/strict';
import { failedMeshSeeds } from './failed-mesh-seeds.ts';
import { plantedMeshBugs } from './planted-bugs.ts';
import { runMesh } from './run.ts';
import type { MeshReport, MeshRunOptions } from './run.ts';
import { meshScenarios } from './scenarios/index.ts';

/** Seeds up to here are kept for those that failed and for planted bugs. */
const firstFreshSeed = 1_000_000;
const seedsADay = 10;
// Real time is the machine's: virtual time bounds the run.
const patienceMs = 3_600_000;

/** Another set each day, or the one that SKEIN_SEED names. */
function baseSeed(): number {
  const named = process.env['SKEIN_SEED'] ?? '';
  const day = Math.floor(Date.now() / 86_400_000);
  return named === '' ? firstFreshSeed + day * seedsADay : Number(named);
}

const namesOf = (isLong: boolean): readonly string[] =>
  meshScenarios.filter((scenario) => (scenario.isLong === true) === isLong).map(({ name }) => name);

async function weather(options: MeshRunOptions): Promise<MeshReport> {
  const report = await runMesh(options);
  const { seed, peers } = options;
  const said = report.wrongs.map(({ check, sentence }) => `${check}: ${sentence}`).join('\n');
  const replay = `npm run simulate -- --mesh --seed ${seed} --peers ${peers} --scenario ${options.scenarios.join(',')}${options.isWan === true ? ' --wan' : ''}`;
  equal(report.wrongs.length, 0, `${said}\n${replay}`);
  return report;
}

describe('a world of meshes', function () {
  this.timeout(patienceMs);

  const base = baseSeed();
  const worlds: readonly (readonly [number, readonly string[], boolean])[] = [
    [3, namesOf(false), false],
    [10, namesOf(false), false],
    [30, namesOf(false), true],
    [
      100,
      ['idle', 'join', 'kill', 'freeze', 'cut', 'urgent-fact', 'any-fact', 'partition-half'],
      false,
    ],
    [10, namesOf(true), false],
  ];
  worlds.forEach(([peers, scenarios, isWan], at) => {
    const network = isWan ? 'WAN' : 'LAN';
    const through = scenarios.length > 8 ? `${scenarios.length} scenarios` : scenarios.join(', ');
    it(`of ${peers} on a ${network} keeps its promises through ${through}, seed ${base + at}`, async () => {
      const report = await weather({ seed: base + at, peers, scenarios, isWan });
      equal(report.rows.length, scenarios.length + 1);
    });
  });

  for (const { found, ...run } of failedMeshSeeds) {
    it(`weathers seed ${run.seed}, which once found: ${found}`, async () => {
      await weather(run);
    });
  }

  it('replays a seed to the last event, and differs for another seed', async () => {
    const run = { peers: 10, scenarios: ['kill', 'urgent-fact'] };
    const first = await runMesh({ ...run, seed: 5 });
    equal((await runMesh({ ...run, seed: 5 })).digest, first.digest);
    notEqual((await runMesh({ ...run, seed: 6 })).digest, first.digest);
  });
});

describe('the checkers of a world of meshes find one that', function () {
  this.timeout(patienceMs);

  for (const { name, flaw, peers, scenarios, finds } of plantedMeshBugs) {
    it(name, async function () {
      const { wrongs } = await runMesh({ seed: 1, peers, scenarios, flaw });
      const [wrong] = wrongs;
      ok(wrong !== undefined, 'nothing was found wrong');
      ok(finds.includes(wrong.check), `${wrong.check}: ${wrong.sentence}`);
      this.test!.title += ` (${wrong.check})`;
    });
  }
});
