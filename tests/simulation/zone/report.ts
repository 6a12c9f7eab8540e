// What a run of a zone was, in words: for people and for failing tests.

import { formatLines } from '../report.ts';
import type { ZoneReport } from './scenario.ts';

/** The last lines of the log that a failure shows. */
const shownLines = 40;

/** The one line that runs this again. */
export const zoneCommandOf = ({ seed, onlyFaults }: ZoneReport): string =>
  `npm run simulate -- --zone --seed ${seed}` +
  (onlyFaults === undefined ? '' : ` --faults ${onlyFaults.join(',')}`);

export function formatZoneReport(report: ZoneReport): string {
  const { plan, clients, wrongs, faults, convergedMs } = report;
  const storm = Object.entries(faults).map(([kind, count]) => `${count} ${kind}`);
  return [
    `seed ${report.seed}: ${plan.size} peers to begin with, ${seconds(report.virtualMs)} of virtual time, ${report.steps} steps`,
    `storm: ${storm.join(', ') || 'none'}${plan.isRecovered ? ', then a recovery from one survivor' : ''}`,
    `clients: ${clients.acknowledged} acknowledged, ${clients.refused} refused, ${clients.unknown} unknown, ` +
      `${clients.localReads} local reads, ${clients.increments} increments, ${report.renewals} leases granted or renewed`,
    `log: ${report.entries} entries, ${report.revisions} revisions, ${report.terms} terms, ${report.watchEvents} words to watchers`,
    convergedMs === undefined ? 'not together' : `together ${seconds(convergedMs)} after the storm`,
    `digest: ${report.digest}`,
    ...(wrongs.length === 0
      ? ['nothing wrong']
      : [
          'WRONG:',
          ...wrongs.map(
            ({ check, sentence, atMs }) => `  ${check}, at ${seconds(atMs)}: ${sentence}`,
          ),
          `again: ${zoneCommandOf(report)}`,
        ]),
  ].join('\n');
}

/** The report with the end of the log before it. */
export const formatZoneFailure = (report: ZoneReport): string =>
  `\n${formatLines(report.lines.slice(-shownLines))}\n${formatZoneReport(report)}`;

const seconds = (ms: number): string => `${(ms / 1_000).toFixed(1)} s`;
