// What clients of a zone see through a storm is what one store would have shown them, and the proof can fail.

import assert from 'node:assert/strict';
import { checkHistory } from '../../linearizability/checker.ts';
import type { Verdict } from '../../linearizability/checker.ts';
import { keyed } from '../../linearizability/model.ts';
import { registerModel } from '../../linearizability/register-model.ts';
import { plantedBugs } from './planted-bugs.ts';
import { weatherStorm } from './zone-clients.ts';
import type { StormOptions, ZoneOperation } from './zone-clients.ts';
import { createZone } from './zone.ts';

/** A list that does not depend on the day; SKEIN_SEED names one, or several as first-last, in its place. */
const usualSeeds = '500-529';
const compiled = 'dist/tests/consensus/replica/linearizability.test.js';
const model = keyed(registerModel);

interface Run {
  readonly history: readonly ZoneOperation[];
  readonly verdict: Verdict<ZoneOperation['input'], unknown>;
}

async function run(seed: number, options: StormOptions = {}): Promise<Run> {
  const history = await weatherStorm(createZone(seed), options);
  return { history, verdict: checkHistory(model, history) };
}

/** What to type to see it again, and where the order ended. */
function complaint(seed: number, { history, verdict }: Run): string {
  const command = `SKEIN_SEED=${seed} npx mocha --no-config ${compiled} -g 'is linearizable'`;
  if (verdict.type !== 'not-linearizable') return `${verdict.type}: ${command}`;
  const tail = verdict.order.slice(-8).map((operation) => `  ${JSON.stringify(operation)}`);
  return [
    `${verdict.key} is not linearizable: ${command}`,
    `${verdict.order.length} of its operations are in order, the last are`,
    ...tail,
    `after which this one cannot return: ${JSON.stringify(verdict.stuck)}`,
    `(${history.length} operations in all)`,
  ].join('\n');
}

function seedsOf(text: string): number[] {
  const [first, last] = text.split('-').map(Number) as [number, number?];
  return Array.from({ length: (last ?? first) - first + 1 }, (_, at) => first + at);
}

describe('the store of a zone', function () {
  this.timeout(120_000);
  const asked = process.env['SKEIN_SEED'] ?? '';
  const seeds = seedsOf(asked === '' ? usualSeeds : asked);

  it('is linearizable through crashes, pauses, loss and partitions', async function () {
    if (asked !== '') this.timeout(0);
    let operations = 0;
    let unknown = 0;
    for (const seed of seeds) {
      const judged = await run(seed);
      assert.equal(judged.verdict.type, 'linearizable', complaint(seed, judged));
      operations += judged.history.length;
      unknown += judged.history.filter(({ returned }) => returned === undefined).length;
    }
    assert.ok(operations > 200 * seeds.length, `only ${operations} operations`);
    this.test!.title += ` (${seeds.length} seeds, ${operations} operations, ${unknown} unknown)`;
  });
});

describe('the store of a zone, simulated', function () {
  this.timeout(120_000);

  it('gives the same history for the same seed', async () => {
    const first = await weatherStorm(createZone(7));
    const second = await weatherStorm(createZone(7));
    assert.deepEqual(second, first);
  });

  for (const { name, wrap } of plantedBugs) {
    it(`is found out when it ${name}`, async function () {
      for (const seed of seedsOf(usualSeeds)) {
        const { verdict } = await run(seed, { wrap });
        assert.notEqual(verdict.type, 'undecided');
        if (verdict.type === 'linearizable') continue;
        this.test!.title += ` (seed ${seed})`;
        return;
      }
      assert.fail(`no history of the seeds ${usualSeeds} shows it`);
    });
  }
});
