// Runs a command beside a container: its user, environment and directory, in a session of its own.

import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import { failed, ok, SkeinError } from '../../../runtime/index.ts';
import type { Result } from '../../../runtime/index.ts';
import type { ExecOptions, ExecSession } from '../../objects/pod-streams.ts';
import { kill } from '../keeper/stray-processes.ts';
import type { ProcessConfig } from '../keeper/keeper-protocol.ts';
import {
  createTerminal,
  hasTerminal,
  noTerminal,
  resizeTerminal,
} from '../keeper/script-terminal.ts';
import type { UserIds } from './pod-user.ts';

/** The session ends with the command; `kill` ends all of it. */
export function execProcess(
  config: ProcessConfig,
  variables: Readonly<Record<string, string>>,
  user: UserIds | undefined,
  options: ExecOptions,
): Result<ExecSession> {
  if (options.command.length === 0) {
    return failed(new SkeinError('invalid', 'exec needs a command'));
  }
  if (options.tty && !hasTerminal()) {
    return failed(new SkeinError('unsupported', noTerminal));
  }
  const [program, ...rest] = options.tty ? createTerminal(options.command) : options.command;
  const child = spawn(program!, rest, {
    cwd: config.workingDirectory,
    env: { ...config.environment, ...variables, ...(options.tty ? { TERM: 'xterm' } : {}) },
    detached: true,
    stdio: ['pipe', 'pipe', 'pipe'],
    ...user,
  });
  // A command that ends before it has read its input is no failure of ours.
  child.stdin.on('error', () => {});
  if (!options.stdin && !options.tty) child.stdin.end();
  const exited = new Promise<Result<number>>((resolve) => {
    child.on('error', (error) => {
      const why = `exec: "${options.command[0]}": ${error.message}`;
      resolve(failed(new SkeinError('invalid', why, { program: program! }, error)));
    });
    child.on('close', (code, signal) => {
      resolve(ok(code ?? 128 + (signal === null ? 0 : constants.signals[signal])));
    });
  });
  return ok({
    stdin: child.stdin,
    stdout: child.stdout,
    stderr: child.stderr,
    resize: (columns, rows) => {
      if (options.tty && child.pid !== undefined) resizeTerminal(child.pid, columns, rows);
    },
    exited,
    kill: () => {
      if (child.pid !== undefined && child.exitCode === null) kill(-child.pid, 'SIGKILL');
    },
  });
}
