// A terminal without native modules: script(1) holds the pty, stty(1) sets its size.

import { execFile } from 'node:child_process';
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';

export const terminalProgram = '/usr/bin/script';

export interface Terminal {
  /** What to run instead of the command itself. */
  readonly command: readonly string[];
  /** `pid` is that of the running command above. */
  readonly resize: (pid: number, columns: number, rows: number) => void;
}

/** Linux' script takes a shell line, the BSDs' takes the words. */
export function createTerminal(command: readonly string[]): Terminal {
  const isLinux = process.platform === 'linux';
  return {
    command: isLinux
      ? [terminalProgram, '-qefc', `exec ${command.map(quoted).join(' ')}`, '/dev/null']
      : [terminalProgram, '-q', '/dev/null', ...command],
    resize: (pid, columns, rows) => {
      const terminal = isLinux ? terminalOf(pid) : undefined;
      if (terminal === undefined) return;
      const size = ['cols', String(columns), 'rows', String(rows)];
      // A terminal that has gone needs no size.
      execFile('stty', ['-F', terminal, ...size], () => {});
    },
  };
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
