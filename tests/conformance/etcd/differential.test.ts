// Skein's store answers as etcd does, whatever is asked: the same random questions to both, every answer compared.

import * as fc from 'fast-check';
import { play } from './duel.ts';
import type { Score } from './duel.ts';
import { useEtcd } from './etcd-oracle.ts';
import { createMachineContestant } from './skein-contestant.ts';
import { sequence } from './steps.ts';
import type { Step } from './steps.ts';

/** SKEIN_SEED names one, or several as first-last, in its place. */
const usualSeeds = '1-5';
const sequencesPerSeed = 8;
const compiled = 'dist/tests/conformance/etcd/differential.test.js';
/** Each seed has time to be made shorter when it fails. */
const seedLimitMs = 60_000;

function seedsOf(text: string): number[] {
  const [first, last] = text.split('-').map(Number) as [number, number?];
  return Array.from({ length: (last ?? first) - first + 1 }, (_, at) => first + at);
}

describe('the store beside etcd', function () {
  const oracle = useEtcd();
  const asked = process.env['SKEIN_SEED'] ?? '';
  const seeds = seedsOf(asked === '' ? usualSeeds : asked);
  this.timeout(seeds.length * seedLimitMs);
  let runs = 0;

  const compare = async (steps: readonly Step[], score: Score): Promise<void> => {
    const { contestant: etcd, revision: compacted } = await oracle().clear();
    // etcd keeps leases over runs.
    const run = ++runs;
    const leaseId = (lease: number): number => run * 10 + lease;
    const skein = createMachineContestant(compacted);
    await play({ etcd, skein, leaseId, compacted }, steps, score);
  };

  it('gives the same answers, errors and events', async function () {
    const score: Score = { answers: 0, events: 0 };
    for (const seed of seeds) {
      const property = fc.asyncProperty(sequence, (steps) => compare(steps, score));
      const details = await fc.check(property, {
        seed,
        numRuns: sequencesPerSeed,
        interruptAfterTimeLimit: seedLimitMs,
        markInterruptAsFailure: true,
      });
      if (details.failed) throw new Error(complaint(seed, details));
    }
    this.test!.title += ` (${seeds.length} seeds, ${score.answers} answers, ${score.events} revisions watched)`;
  });
});

function complaint(
  seed: number,
  { counterexample, errorInstance }: fc.RunDetails<[Step[]]>,
): string {
  return [
    `SKEIN_SEED=${seed} npx mocha --no-config --enable-source-maps ${compiled}`,
    `the shortest sequence found: ${JSON.stringify(counterexample?.[0])}`,
    errorInstance instanceof Error ? errorInstance.message : String(errorInstance),
  ].join('\n');
}
