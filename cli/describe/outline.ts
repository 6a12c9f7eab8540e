// A description as an outline: labels and values, aligned, with sections below.

import { cellText, formatTable } from '../output/table.ts';

/** A value may have lines of its own; a section is a label with an outline below it. */
export type Line = readonly [label: string, value: string | readonly Line[]];

const INDENT = '  ';

const indented = (text: string): string =>
  text
    .split('\n')
    .map((line) => (line === '' ? line : INDENT + line))
    .join('\n');

/** Labels of one level are aligned among themselves. */
export function formatOutline(lines: readonly Line[]): string {
  const plain = lines.filter(([, value]) => typeof value === 'string');
  const width = Math.max(0, ...plain.map(([label]) => label.length)) + 3;
  return lines
    .map(([label, value]) => {
      if (typeof value !== 'string') return `${label}:\n${indented(formatOutline(value))}`;
      const [first = '', ...rest] = value.split('\n');
      const head = `${`${label}:`.padEnd(width)}${first}`.trimEnd();
      return `${[head, ...rest.map((line) => ' '.repeat(width) + line)].join('\n')}\n`;
    })
    .join('');
}

/** A table below a title, indented. */
export const formatSection = (title: string, rows: readonly (readonly string[])[]): string =>
  `${title}:\n${indented(formatTable(rows))}`;

/** `key=value` lines, or <none>. */
export function mapText(map: Readonly<Record<string, unknown>> | undefined): string {
  const entries = Object.entries(map ?? {});
  return entries.length === 0
    ? '<none>'
    : entries.map(([key, value]) => `${key}=${String(value)}`).join('\n');
}

export const orNone = cellText;

/** How long ago, in one unit: 12s, 5m, 3h, 4d. */
export function ageText(time: string | undefined, nowMs: number): string {
  const at = Date.parse(time ?? '');
  if (Number.isNaN(at)) return '<unknown>';
  const seconds = Math.max(0, Math.round((nowMs - at) / 1_000));
  if (seconds < 120) return `${seconds}s`;
  if (seconds < 7_200) return `${Math.floor(seconds / 60)}m`;
  if (seconds < 172_800) return `${Math.floor(seconds / 3_600)}h`;
  return `${Math.floor(seconds / 86_400)}d`;
}

/** What a kind has to tell: facts below its metadata, and tables below those. */
export interface Description {
  readonly facts: readonly Line[];
  /** Sections; '' for those that are empty. */
  readonly sections: readonly string[];
}
