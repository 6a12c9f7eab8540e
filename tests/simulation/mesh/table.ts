// What was measured, a line for each scenario: columns that stay where they are.

import type { MeshRow } from './run.ts';

interface Column {
  readonly name: string;
  readonly width: number;
  readonly cell: (row: MeshRow) => string;
}

const seconds = (ms: number | undefined): string =>
  ms === undefined ? '-' : (ms / 1_000).toFixed(2);

const columns: readonly Column[] = [
  { name: 'peers', width: 6, cell: ({ peers }) => String(peers) },
  { name: 'net', width: 4, cell: ({ isWan }) => (isWan ? 'wan' : 'lan') },
  { name: 'scenario', width: 16, cell: ({ scenario }) => scenario },
  { name: '99% s', width: 7, cell: ({ to99Ms }) => seconds(to99Ms) },
  { name: '100% s', width: 7, cell: ({ to100Ms }) => seconds(to100Ms) },
  { name: 'wronged', width: 8, cell: ({ falseSuspicions }) => String(falseSuspicions) },
  { name: 'buried', width: 7, cell: ({ falseDeaths }) => String(falseDeaths) },
  { name: 'B/s', width: 7, cell: ({ traffic }) => traffic.all.bytes.toFixed(0) },
  { name: 'probes', width: 7, cell: ({ traffic }) => traffic.kinds.probes.bytes.toFixed(0) },
  { name: 'members', width: 8, cell: ({ traffic }) => traffic.kinds.membership.bytes.toFixed(0) },
  { name: 'facts', width: 7, cell: ({ traffic }) => traffic.kinds.facts.bytes.toFixed(0) },
  { name: 'hints', width: 7, cell: ({ traffic }) => traffic.kinds.hints.bytes.toFixed(0) },
  { name: 'msg/s', width: 7, cell: ({ traffic }) => traffic.all.messages.toFixed(1) },
  { name: 'links', width: 9, cell: ({ links }) => `${links.mean.toFixed(1)}/${links.max}` },
  { name: 'lasted s', width: 9, cell: ({ virtualMs }) => (virtualMs / 1_000).toFixed(0) },
];

const line = (cells: readonly string[]): string =>
  cells
    .map((cell, at) => cell.padEnd(columns[at]!.width))
    .join(' ')
    .trimEnd();

/** Times in seconds of virtual time; bytes and messages sent by each peer in a second. */
export const formatHeader = (): string => line(columns.map(({ name }) => name));

export const formatRow = (row: MeshRow): string => line(columns.map(({ cell }) => cell(row)));
