// A terminal without native modules: script(1) holds the pty, stty(1) sets its size.

import { execFile } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';

const terminalProgram = '/usr/bin/script';

/** Whether this machine can give a terminal. */
export const hasTerminal = (): boolean => existsSync(terminalProgram);

export const noTerminal = `no terminal on this machine: ${terminalProgram} is missing; install util-linux or do without tty`;

const isLinux = process.platform === 'linux';

/** What to run instead of the command itself. Linux' script takes a shell line, the BSDs' takes the words. */
export const createTerminal = (command: readonly string[]): readonly string[] =>
  isLinux
    ? [terminalProgram, '-qefc', `exec ${command.map(quoted).join(' ')}`, '/dev/null']
    : [terminalProgram, '-q', '/dev/null', ...command];

/** script takes a moment to make its terminal, and clients tell its size at once: looks for it, and their distance. */
const RESIZE_TRIES = 20;
const RESIZE_AGAIN_MS = 50;

/** The newest size of terminals that are not there yet, by pid. */
const wanted = new Map<number, readonly [columns: number, rows: number]>();

/** `pid` is that of the running command above. */
export function resizeTerminal(pid: number, columns: number, rows: number): void {
  if (!isLinux) return;
  wanted.set(pid, [columns, rows]);
  applySize(pid, RESIZE_TRIES);
}

function applySize(pid: number, tries: number): void {
  const size = wanted.get(pid);
  // A later size was set meanwhile.
  if (size === undefined) return;
  const terminal = terminalOf(pid);
  if (terminal === undefined && tries > 1) {
    setTimeout(() => applySize(pid, tries - 1), RESIZE_AGAIN_MS).unref();
    return;
  }
  wanted.delete(pid);
  if (terminal === undefined) return;
  const words = ['cols', String(size[0]), 'rows', String(size[1])];
  // A terminal that has gone needs no size.
  execFile('stty', ['-F', terminal, ...words], () => {});
}

/** One word for a POSIX shell. */
export function quoted(word: string): string {
  return `'${word.replaceAll("'", `'\\''`)}'`;
}

/** The terminal of the command that script runs: the standard input of its child. */
function terminalOf(scriptPid: number): string | undefined {
  for (const pid of childrenOf(scriptPid)) {
    try {
      const target = readlinkSync(`/proc/${pid}/fd/0`);
      if (target.startsWith('/dev/pts/')) return target;
    } catch {
      // Gone meanwhile: look at the next.
    }
  }
  return undefined;
}

function childrenOf(pid: number): readonly string[] {
  try {
    return readdirSync(`/proc/${pid}/task`).flatMap((task) =>
      readFileSync(`/proc/${pid}/task/${task}/children`, 'latin1').trim().split(' '),
    );
  } catch {
    // script has ended.
    return [];
  }
}
