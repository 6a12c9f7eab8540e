// Clusters under loss, duplication, reordering, partitions, crashes, changes of members and
// snapshots: safety at every step, then liveness.

import { strict as assert } from 'node:assert';
import { raftRules } from '../../../consensus/raft/rules.ts';
import type { Rules } from '../../../consensus/raft/rules.ts';
import { runChaos } from './chaos.ts';
import type { ChaosOptions, ChaosResult } from './chaos.ts';

const steps = 1500;
const only = process.env['SKEIN_SEED'];
const count = Number(process.env['SKEIN_SEEDS'] ?? 300);
const seeds = only === undefined ? Array.from({ length: count }, (_, i) => i + 1) : [Number(only)];

function run(seed: number): ChaosResult {
  try {
    return runChaos(seed, { steps });
  } catch (error) {
    const file = 'dist/tests/consensus/raft/simulation.test.js';
    const command = `SKEIN_SEED=${seed} npx mocha --spec ${file}`;
    throw new Error(`${(error as Error).message}\n  replay: ${command}`, { cause: error });
  }
}

/** The first seed that notices the planted bug, and how. */
function firstCatch(options: Omit<ChaosOptions, 'steps'>, limit: number): string | undefined {
  for (let seed = 1; seed <= limit; seed++) {
    try {
      runChaos(seed, { steps, ...options });
    } catch (error) {
      return `seed ${seed}: ${(error as Error).message}`;
    }
  }
  return undefined;
}

describe('a simulated cluster', function () {
  this.timeout(120_000);

  it(`is safe at every step and live in the end (${seeds.length} seeds)`, function () {
    const total = { committed: 0, terms: 0, reads: 0, confs: 0 };
    for (const seed of seeds) {
      const result = run(seed);
      total.committed += result.committed;
      total.terms += result.terms;
      total.reads += result.reads;
      total.confs += result.confs;
    }
    // A simulation in which nothing happens proves nothing.
    this.test!.title += `: ${JSON.stringify(total)}`;
    assert.ok(total.committed > seeds.length * 5);
  });

  it('runs the same way for the same seed', () => {
    assert.deepEqual(run(seeds[0]!), run(seeds[0]!));
  });
});

describe('the checkers notice', function () {
  this.timeout(120_000);
  const broken = (change: Partial<Rules>): Omit<ChaosOptions, 'steps'> => ({
    rules: { ...raftRules, ...change },
  });
  const planted: readonly (readonly [string, Omit<ChaosOptions, 'steps'>])[] = [
    ['a second vote in a term', broken({ mayVoteFor: () => true })],
    ['a vote for a log that is behind', broken({ isUpToDate: () => true })],
    // Committing entries of earlier terms by counting needs figure 8 played out: see paper.test.ts.
    ['keeping entries that conflict with the leader', broken({ isConflict: () => false })],
    ['answers that do not wait for the disk', broken({ waitsForDisk: () => false })],
    ['reads served before a leader knows what is committed', broken({ mayServeReads: () => true })],
    ['a leader without a no-op', broken({ appendsNoop: false })],
    ['a shell that reports writes too early', { faults: { reportsTooEarly: true } }],
    ['a disk that forgets the vote', { faults: { forgetsHardState: true } }],
    ['a disk that keeps entries it should overwrite', { faults: { forgetsToCut: true } }],
  ];
  for (const [what, options] of planted) {
    it(what, function () {
      const caught = firstCatch(options, 1000);
      assert.ok(caught !== undefined, 'not caught within 1000 seeds');
      this.test!.title += ` (${caught.split('\n')[0]})`;
    });
  }
});
