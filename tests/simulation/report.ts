// What a run was, in words: for people and for failing tests.

import type { LogLine } from '../../runtime/index.ts';
import type { Report } from './scenario.ts';

/** The one line that runs this again. */
export const commandOf = ({ seed, peers, witnesses, minutes }: Report): string =>
  `npm run simulate -- --seed ${seed} --peers ${peers}${
    witnesses > 0 ? ` --witnesses ${witnesses}` : ''
  } --minutes ${minutes}`;

export function formatReport(report: Report): string {
  const { seed, peers, virtualMs, faults, writes, revisions, terms, wrongs, steps } = report;
  const storm = Object.entries(faults).map(([kind, count]) => `${count} ${kind}`);
  const healed =
    report.convergedMs === undefined
      ? 'not healed'
      : `${seconds(report.convergedMs)} after healing`;
  return [
    `seed ${seed}: ${peers} peers, ${seconds(virtualMs)} of virtual time, ${steps} steps`,
    `storm: ${storm.join(', ') || 'none'}`,
    `writes: ${writes.acknowledged} acknowledged, ${writes.refused} refused, ${writes.unknown} unknown; ` +
      `${revisions} revisions, ${terms} terms`,
    `as desired: ${healed}`,
    `digest: ${report.digest}`,
    ...(wrongs.length === 0
      ? ['nothing wrong']
      : ['WRONG:', ...wrongs.map((what) => `  ${what}`), `again: ${commandOf(report)}`]),
  ].join('\n');
}

export const formatLines = (lines: readonly LogLine[]): string =>
  lines
    .map(({ wallMs, level, message, fields }) => {
      const { peer, actor, ...rest } = fields;
      const time = new Date(wallMs).toISOString().slice(14, 23);
      const more = Object.entries(rest).map(([key, value]) => `${key}=${value}`);
      return `${time} ${level.padEnd(5)} ${peer ?? 'world'} ${actor ?? ''} ${message} ${more.join(' ')}`;
    })
    .join('\n');

const seconds = (ms: number): string => `${(ms / 1_000).toFixed(1)} s`;
