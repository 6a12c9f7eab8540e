// What a person reads of a round, and of all of them.

import type { RoundReport } from './round.ts';

const total = (reports: readonly RoundReport[], pick: (report: RoundReport) => number): number =>
  reports.reduce((sum, report) => sum + pick(report), 0);

export function formatRound({ seed, blows, counts, healMs, tookMs, wrongs }: RoundReport): string {
  const verdict = wrongs.length === 0 ? 'nothing lost' : wrongs.join('; ');
  return (
    `${seed}: ${blows.join('; ')}: ${counts.done} writes acknowledged, ${counts.unknown} unknown, ` +
    `${counts.refused} refused, ${counts.reads} reads; whole ${healMs} ms after, ${tookMs} ms in all: ${verdict}`
  );
}

/** One line of JSON. */
export function formatSummary(reports: readonly RoundReport[]): string {
  const blows: Record<string, number> = {};
  for (const text of reports.flatMap((report) => report.blows)) {
    const kind = /^\S+( \(\S+\))?/.exec(text)?.[0] ?? text;
    blows[kind] = (blows[kind] ?? 0) + 1;
  }
  const heals = reports.map(({ healMs }) => healMs).sort((a, b) => a - b);
  return JSON.stringify({
    torture: 'rounds',
    rounds: reports.length,
    blows,
    acknowledged: total(reports, ({ counts }) => counts.done),
    unknown: total(reports, ({ counts }) => counts.unknown),
    refused: total(reports, ({ counts }) => counts.refused),
    conflicts: total(reports, ({ counts }) => counts.conflict),
    reads: total(reports, ({ counts }) => counts.reads),
    readsRefused: total(reports, ({ counts }) => counts.readsRefused),
    healMs: { median: heals[heals.length >> 1] ?? 0, max: heals.at(-1) ?? 0 },
    minutes: Number((total(reports, ({ tookMs }) => tookMs) / 60_000).toFixed(1)),
    wrong: total(reports, ({ wrongs }) => wrongs.length),
  });
}
