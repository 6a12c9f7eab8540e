// What clients of a zone see through a storm is what one store would have shown them, and the proof can fail.

import assert from 'node:assert/strict';
import type { Store } from '../../../consensus/index.ts';
import { ok } from '../../../runtime/index.ts';
import { checkHistory } from '../../linearizability/checker.ts';
import type { Verdict } from '../../linearizability/checker.ts';
import { keyed } from '../../linearizability/model.ts';
import { registerModel } from '../../linearizability/register-model.ts';
import { weatherStorm } from './zone-clients.ts';
import type { StormOptions, ZoneOperation } from './zone-clients.ts';
import { createZone } from './zone.ts';

/** Fresh ground: a list that does not depend on the day; SKEIN_SEED replays one. */
const seeds = Array.from({ length: 30 }, (_, at) => 500 + at);
/** Seeds within which each planted bug must be found. */
const seedsToBite = 15;
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
  const command = `SKEIN_SEED=${seed} npx mocha --no-config dist/tests/consensus/replica/linearizability.test.js`;
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

describe('the store of a zone', function () {
  this.timeout(120_000);
  const asked = process.env['SKEIN_SEED'] ?? '';

  it('is linearizable through crashes, loss and partitions', async () => {
    const count = { operations: 0, unknown: 0 };
    for (const seed of asked === '' ? seeds : [Number(asked)]) {
      const judged = await run(seed);
      assert.equal(judged.verdict.type, 'linearizable', complaint(seed, judged));
      count.operations += judged.history.length;
      count.unknown += judged.history.filter(({ returned }) => returned === undefined).length;
    }
    console.log(count);
  });
});
