// `npm run torture -- [--rounds N] [--seed TEXT] [--blows a,b] [--no-sandbox]`: three real peers through kills, freezes, full disks and cuts.
//
// Every round has a seed, made of --seed and its number; `--seed S --from N --rounds 1` plays round N alone.

import { once, setMaxListeners } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { abortWithin, createSystemRandom } from '../../runtime/index.ts';
import { blowKinds } from './plan.ts';
import type { BlowKind } from './plan.ts';
import { formatRound, formatSummary } from './report.ts';
import { playRound } from './round.ts';
import type { RoundReport } from './round.ts';
import { isInside, runInside, sandboxTrouble } from './sandbox.ts';
import { startZone } from './zone.ts';

/** What only the sandbox offers. */
const sandboxOnly: ReadonlySet<BlowKind> = new Set(['full-disk', 'cut']);
/** A round that takes longer hangs. */
const roundLimitMs = 120_000;

const { values: options } = parseArgs({
  options: {
    rounds: { type: 'string', default: '100' },
    from: { type: 'string', default: '1' },
    seed: { type: 'string' },
    blows: { type: 'string' },
    'no-sandbox': { type: 'boolean', default: false },
  },
});
const chosenSeed = options.seed ?? String(createSystemRandom().integer(1_000_000));
const from = Number(options.from);
const rounds = Number(options.rounds);

function kindsOf(isInSandbox: boolean): readonly BlowKind[] {
  const named = options.blows?.split(',');
  const kinds = blowKinds.filter(
    (kind) => (isInSandbox || !sandboxOnly.has(kind)) && (named?.includes(kind) ?? true),
  );
  if (kinds.length > 0) return kinds;
  throw new Error(`--blows ${options.blows}: name some of ${blowKinds.join(', ')}`);
}

/** Rejects with what went wrong in the round that was the last one. */
async function playAll(
  isInSandbox: boolean,
  directory: string,
  interrupt: AbortSignal,
  reports: RoundReport[],
): Promise<void> {
  const kinds = kindsOf(isInSandbox);
  const fallen: { readonly peer: number; readonly how: string }[] = [];
  const fell = (peer: number, how: string): void => void fallen.push({ peer, how });
  const zone = await startZone({ directory, isInSandbox, fell });
  let isWell = false;
  try {
    while (reports.length < rounds) {
      const report = await playRound({
        zone,
        seed: `${chosenSeed}-${from + reports.length}`,
        kinds,
        fallen: () => fallen.splice(0),
        interrupted: abortWithin(interrupt, roundLimitMs),
      });
      console.log(formatRound(report));
      if (report.wrongs.length > 0) throw new Error(report.wrongs.join('\n'));
      reports.push(report);
    }
    isWell = true;
  } finally {
    await zone.end(isWell || interrupt.aborted ? undefined : 'data');
  }
}

async function torture(isInSandbox: boolean): Promise<void> {
  const interrupt = new AbortController();
  // Rounds that are over listen until their limit would have passed.
  setMaxListeners(0, interrupt.signal);
  for (const signal of ['SIGINT', 'SIGTERM', 'disconnect']) {
    process.on(signal, () => interrupt.abort());
  }
  const directory = await mkdtemp(join(tmpdir(), 'skein-torture-'));
  const reports: RoundReport[] = [];
  let trouble: Error | undefined;
  try {
    await playAll(isInSandbox, directory, interrupt.signal, reports);
  } catch (error) {
    trouble = error as Error;
  }
  console.log(formatSummary(reports));
  if (trouble !== undefined) process.exitCode = 1;
  if (trouble === undefined || interrupt.signal.aborted) {
    return rm(directory, { recursive: true });
  }
  const at = from + reports.length;
  console.error(
    `round ${chosenSeed}-${at} failed: ${trouble.message}\n` +
      `again: npm run torture -- --seed ${chosenSeed} --from ${at} --rounds 1\n` +
      `logs and data of the peers: ${directory}`,
  );
}

const trouble = isInside() ? undefined : options['no-sandbox'] ? 'not wanted' : sandboxTrouble();
if (isInside()) {
  await torture(true);
  process.exit();
} else if (trouble !== undefined) {
  console.error(`without cut networks and full disks: ${trouble}`);
  await torture(false);
} else {
  const words = [...process.argv.slice(2), '--seed', chosenSeed];
  const inside = runInside(fileURLToPath(import.meta.url), words);
  for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => inside.disconnect());
  const [code] = (await once(inside, 'exit')) as [number | null];
  process.exitCode = code ?? 1;
}
