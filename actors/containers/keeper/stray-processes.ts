// Processes of a pod that left their process group: found by the mark in the environment they started with.

import { readdirSync, readFileSync } from 'node:fs';

/** Set for every process of an instance: `POD_UID/INSTANCE`. */
export const INSTANCE_VARIABLE = 'SKEIN_INSTANCE';

/** Forks can outrun one look at the process table; more than a few rounds means a fork bomb faster than we are. */
const ROUNDS = 8;

/** Kills every process whose mark starts with `mark`; Linux only, elsewhere the group has to do. */
export function killStrays(mark: string): void {
  if (process.platform !== 'linux') return;
  for (let round = 0; round < ROUNDS; round++) {
    const found = markedProcesses(mark);
    if (found.length === 0) return;
    for (const pid of found) kill(pid, 'SIGKILL');
  }
}

/** Pids of living processes with this mark, or one below it (`POD_UID/` finds all of a pod). */
export function markedProcesses(mark: string): readonly number[] {
  const wanted = `${INSTANCE_VARIABLE}=${mark}`;
  const found: number[] = [];
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name) || Number(name) === process.pid) continue;
    const variables = environmentOf(name);
    const isMarked = mark.endsWith('/')
      ? variables.some((variable) => variable.startsWith(wanted))
      : variables.includes(wanted);
    if (isMarked) found.push(Number(name));
  }
  return found;
}

/** Signals a process or, with a negative number, a group; one that is gone already is no error. */
export function kill(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    // EPERM is macOS' answer for a group of which only zombies are left.
    if (code !== 'ESRCH' && code !== 'EPERM') throw error;
  }
}

function environmentOf(pid: string): readonly string[] {
  try {
    return readFileSync(`/proc/${pid}/environ`, 'latin1').split('\0');
  } catch {
    // Gone, or of a user that is none of ours.
    return [];
  }
}
