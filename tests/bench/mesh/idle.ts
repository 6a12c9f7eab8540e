// What processes cost while nothing happens, from Linux's /proc.

import { readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';

const TICKS_PER_SECOND = 100;

export interface IdleCost {
  /** Of one core. */
  readonly cpuPercent: number;
  readonly residentMb: number;
  /** Of what it shares with others, like its program, its part only. */
  readonly proportionalMb: number;
}

/** Of each process over `forMs`; memory at the end. */
export async function idleCost(
  pids: readonly number[],
  forMs: number,
): Promise<readonly IdleCost[]> {
  const startMs = performance.now();
  const before = pids.map(cpuSeconds);
  await delay(forMs);
  const seconds = (performance.now() - startMs) / 1_000;
  return pids.map((pid, i) => ({
    cpuPercent: ((cpuSeconds(pid) - before[i]!) / seconds) * 100,
    residentMb: kilobytes(pid, 'Rss') / 1_000,
    proportionalMb: kilobytes(pid, 'Pss') / 1_000,
  }));
}

function cpuSeconds(pid: number): number {
  const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
}

function kilobytes(pid: number, field: 'Rss' | 'Pss'): number {
  const text = readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8');
  return (Number(new RegExp(`^${field}:\\s+(\\d+) kB`, 'm').exec(text)?.[1]) * 1_024) / 1_000;
}
