// Zones of whole replicas weather seeded storms, a run is its seed, and the checkers notice what is broken on purpose.

import { equal, notEqual, ok } from 'node:assert/strict';
import { failedZoneSeeds } from './failed-zone-seeds.ts';
import { plantedBugs } from './planted-bugs/index.ts';
import { formatZoneFailure } from './report.ts';
import { runZone } from './scenario.ts';
import type { ZoneReport } from './scenario.ts';

const freshSeeds = 200;
/** Seeds up to here are kept for those that failed and for planted bugs. */
const firstFreshSeed = 1_000_000;
/** A planted bug must be found within so many seeds. */
const searchedSeeds = 1_000;
// Real time is the machine's: virtual time bounds the run.
const patienceMs = 3_600_000;

/** Another set each day, or the one that SKEIN_SEED names. */
function baseSeed(): number {
  const named = process.env['SKEIN_SEED'] ?? '';
  const day = Math.floor(Date.now() / 86_400_000);
  return named === '' ? firstFreshSeed + day * freshSeeds : Number(named);
}

async function weather(seed: number): Promise<ZoneReport> {
  const report = await runZone({ seed });
  equal(report.wrongs.length, 0, formatZoneFailure(report));
  return report;
}

describe('a simulated zone', function () {
  this.timeout(patienceMs);

  const base = baseSeed();
  it(`keeps its promises through ${freshSeeds} storms, seeds ${base} and on`, async function () {
    let acknowledged = 0;
    let terms = 0;
    for (let seed = base; seed < base + freshSeeds; seed++) {
      const report = await weather(seed);
      acknowledged += report.clients.acknowledged;
      terms += report.terms;
    }
    // A simulation in which nothing happens proves nothing.
    ok(acknowledged > 30 * freshSeeds, `only ${acknowledged} operations were acknowledged`);
    this.test!.title += ` (${acknowledged} operations acknowledged, ${terms} terms)`;
  });

  for (const { seed, found } of failedZoneSeeds) {
    it(`weathers seed ${seed}, which once found: ${found}`, async () => {
      await weather(seed);
    });
  }

  it('replays a seed to the last event, and differs for another seed', async () => {
    const first = await runZone({ seed: 5 });
    equal((await runZone({ seed: 5 })).digest, first.digest);
    notEqual((await runZone({ seed: 6 })).digest, first.digest);
  });
});

describe('the checkers of a simulated zone find one that', function () {
  this.timeout(patienceMs);

  for (const { name, flaw, firstSeed } of plantedBugs) {
    it(name, async function () {
      for (let seed = firstSeed; seed < firstSeed + searchedSeeds; seed++) {
        const [wrong] = (await runZone({ seed, flaw })).wrongs;
        if (wrong === undefined) continue;
        this.test!.title += ` (${wrong.check}, seed ${seed})`;
        return;
      }
      ok(false, `not within ${searchedSeeds} seeds from ${firstSeed} on`);
    });
  }
});
