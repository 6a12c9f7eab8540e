// Skein's store answers as etcd does, whatever is asked: the same random questions to both, every answer compared.

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { openLoneZone, untilItLeads, untilRecorded } from '../../consensus/lone-zone.ts';
import type { Contestant } from './contestant.ts';
import { play } from './duel.ts';
import type { Score } from './duel.ts';
import { useEtcd } from './etcd-oracle.ts';
import { createMachineContestant, createStoreContestant } from './skein-contestant.ts';
import { leases, sequence } from './steps.ts';
import type { Step } from './steps.ts';

/** SKEIN_SEED names one, or several as first-last, in its place. */
const usualSeeds = '1-8';
const sequencesPerSeed = 8;
/** Of them, with the first seed, to a whole zone log. */
const wholeSequences = 2;
/** A store compacts and restarts by itself, and chooses the ids of its leases. */
const onlyOfMachines: ReadonlySet<Step['type']> = new Set(['grant', 'compact', 'restart']);
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
    const { contestant: etcd, clear } = oracle();
    const compacted = await clear();
    // etcd keeps leases over runs.
    const run = ++runs;
    const leaseId = (lease: number): number => run * 10 + lease;
    const skein = createMachineContestant(compacted);
    await play({ etcd, skein, leaseId, compacted }, steps, score);
  };

  it('gives the same answers as a whole zone log on disk', async function () {
    const directory = await mkdtemp(join(tmpdir(), 'skein-lone-zone-'));
    const zone = await openLoneZone(directory);
    try {
      await untilItLeads(zone);
      await untilRecorded(zone);
      const { contestant: etcd } = oracle();
      const skein = createStoreContestant(zone.store);
      await sameRevision(etcd, skein);
      const granted = await Promise.all(
        leases.slice(0, 3).map(() => zone.store.grantLease(60_000)),
      );
      const ids = granted.map((lease) => (lease.ok ? lease.value.id : 0));
      for (const id of ids) await etcd.grant(id);
      const leaseId = (lease: number): number => ids[lease - 1] ?? 77;
      const score: Score = { answers: 0, events: 0 };
      const seed = seeds[0]!;
      for (const steps of fc.sample(sequence, { seed, numRuns: wholeSequences })) {
        const asks = steps.filter(({ type }) => !onlyOfMachines.has(type));
        await play({ etcd, skein, leaseId, compacted: 1 }, asks, score).catch((error: unknown) => {
          throw new Error(`${commandFor(seed)}\n${String(error)}`, { cause: error });
        });
      }
      this.test!.title += ` (${score.answers} answers, ${score.events} revisions watched)`;
    } finally {
      await zone.close();
      await rm(directory, { recursive: true });
    }
  });

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

/** Where a new store's revision is below the other's, it writes until it is there; below all keys that are asked for. */
async function sameRevision(etcd: Contestant, skein: Contestant): Promise<void> {
  for (;;) {
    const [theirs, ours] = [await etcd.revision(), await skein.revision()];
    if (theirs === ours) return;
    const put = { type: 'put', key: '/until-the-same', value: '' } as const;
    await (theirs < ours ? etcd : skein).transact({ compare: [], success: [put] });
  }
}

const commandFor = (seed: number): string =>
  `SKEIN_SEED=${seed} npx mocha --no-config --enable-source-maps ${compiled}`;

function complaint(
  seed: number,
  { counterexample, errorInstance }: fc.RunDetails<[Step[]]>,
): string {
  return [
    commandFor(seed),
    `the shortest sequence found: ${JSON.stringify(counterexample?.[0])}`,
    errorInstance instanceof Error ? errorInstance.message : String(errorInstance),
  ].join('\n');
}
