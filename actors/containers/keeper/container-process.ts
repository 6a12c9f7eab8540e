// One instance of a container as a process group under the keeper.
//
//   start --> running --SIGTERM--> ending --grace over: SIGKILL--> (exit seen)
//     |          \_________________________________________________/   |
//     | cannot start                                        group and strays killed
//     v                                                                v
//   exited (StartError)                        output read to its end --> exit on disk --> exited

import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { existsSync } from 'node:fs';
import { constants } from 'node:os';
import { join } from 'node:path';
import type { ContainerExit } from '../container-driver.ts';
import type { KeeperConfig, ProcessConfig, StartRecord } from './keeper-protocol.ts';
import { openLogFile } from './log-file.ts';
import type { LogFile } from './log-file.ts';
import { identityOf } from './process-identity.ts';
import { writeRecord } from './record-file.ts';
import { createAttachments } from './attachments.ts';
import type { Attachment, AttachedOutput } from './attachments.ts';
import { createTerminal } from './script-terminal.ts';
import { INSTANCE_VARIABLE, kill, killStrays } from './stray-processes.ts';

/** A process that escaped every kill may hold the pipes open: after this its output is no longer waited for. */
const OUTPUT_WAIT_MS = 1_000;

/** What Kubernetes shows for a container whose program could not be started. */
const START_ERROR_CODE = 128;

export interface ContainerProcess {
  readonly startedAtMs: number;
  /** SIGTERM now, SIGKILL after `graceMs`; a later call can only shorten the wait. */
  readonly stop: (graceMs: number) => void;
  /** SIGKILL now; `reason` replaces Error in the exit when given. */
  readonly kill: (reason?: string) => void;
  /** Undefined for one that has not started. */
  readonly attach: (output: AttachedOutput, stdin: boolean) => Attachment | undefined;
}

/** `exited` is called once, after the exit is on the disk, also when it could not be started. */
export function startContainerProcess(
  keeper: KeeperConfig,
  directory: string,
  instance: string,
  config: ProcessConfig,
  exited: (exit: ContainerExit) => void,
): ContainerProcess {
  const startedAtMs = Date.now();
  const mark = `${keeper.podUid}/${instance}`;
  const log = openLogFile(config.logPath, keeper);
  let killReason: string | undefined;
  let killAtMs = Infinity;
  let killTimer: NodeJS.Timeout | undefined;
  let isOver = false;
  let endAttachments = (): void => {};

  const finish = (end: Pick<ContainerExit, 'exitCode' | 'signal' | 'reason' | 'message'>): void => {
    if (isOver) return;
    isOver = true;
    clearTimeout(killTimer);
    closeLog(log);
    endAttachments();
    const exit = { ...end, startedAtMs, finishedAtMs: Date.now() };
    writeRecord(join(directory, 'exit.json'), exit);
    exited(exit);
  };
  const notStarted: ContainerProcess = {
    startedAtMs,
    stop: () => {},
    kill: () => {},
    attach: () => undefined,
  };
  const child = spawnGroup(keeper, config, mark);
  if (child instanceof Error) {
    setImmediate(() => finish(startError(child.message)));
    return notStarted;
  }
  child.on('error', (error) => {
    if (child.pid === undefined) finish(startError(whyNotStarted(config, error)));
  });
  if (child.pid === undefined) return notStarted;

  const group = -child.pid;
  recordStart(directory, child.pid, startedAtMs);
  const attachments = createAttachments(child.pid, child.stdin, config);
  endAttachments = attachments.end;
  for (const name of ['stdout', 'stderr'] as const) {
    child[name]!.on('data', (chunk: Buffer) => {
      log.write(name, chunk);
      attachments.output(name, chunk);
    });
  }
  child.on('exit', (code, signal) => {
    // The first process ends the container, as in any container: nothing of it may stay.
    kill(group, 'SIGKILL');
    killStrays(mark);
    const end = (): void => finish(exitOf(code, signal, killReason));
    child.once('close', end);
    setTimeout(end, OUTPUT_WAIT_MS).unref();
  });

  const killNow = (reason?: string): void => {
    if (isOver) return;
    killReason ??= reason;
    kill(group, 'SIGKILL');
  };
  return {
    startedAtMs,
    attach: (output, stdin) => attachments.attach(output, stdin),
    kill: killNow,
    stop: (graceMs) => {
      if (isOver) return;
      if (killAtMs === Infinity) kill(group, 'SIGTERM');
      if (Date.now() + graceMs >= killAtMs) return;
      killAtMs = Date.now() + graceMs;
      clearTimeout(killTimer);
      killTimer = setTimeout(killNow, graceMs);
    },
  };
}

function spawnGroup(
  keeper: KeeperConfig,
  config: ProcessConfig,
  mark: string,
): ChildProcess | Error {
  const isTerminal = config.tty === true;
  const [program, ...rest] = isTerminal ? createTerminal(config.command) : config.command;
  // A terminal is never at the end of its input by itself.
  const stdin = config.stdin === true || isTerminal ? 'pipe' : 'ignore';
  try {
    return spawn(program!, rest, {
      cwd: config.workingDirectory,
      env: {
        ...(isTerminal ? { TERM: 'xterm' } : {}),
        ...config.environment,
        [INSTANCE_VARIABLE]: mark,
      },
      // A session of its own: its pid names the group that signals go to.
      detached: true,
      stdio: [stdin, 'pipe', 'pipe'],
      ...keeper.user,
    });
  } catch (error) {
    return new Error(whyNotStarted(config, error as NodeJS.ErrnoException));
  }
}

function recordStart(directory: string, pid: number, startedAtMs: number): void {
  const identity = identityOf(pid);
  // It may be over already; then its exit is what counts.
  if (identity === undefined) return;
  writeRecord(join(directory, 'started.json'), {
    process: identity,
    startedAtMs,
  } satisfies StartRecord);
}

function whyNotStarted(config: ProcessConfig, error: NodeJS.ErrnoException): string {
  const [program] = config.command;
  if (!existsSync(config.workingDirectory)) {
    return `working directory "${config.workingDirectory}" does not exist on this machine`;
  }
  if (error.code === 'ENOENT') {
    return `exec: "${program}": no such program on this machine (PATH is ${config.environment['PATH']})`;
  }
  if (error.code === 'EACCES') {
    return `exec: "${program}": permission denied: the pod's user must be able to reach and run it`;
  }
  return `exec: "${program}": ${error.message}`;
}

function startError(
  message: string,
): Pick<ContainerExit, 'exitCode' | 'signal' | 'reason' | 'message'> {
  return { exitCode: START_ERROR_CODE, signal: 0, reason: 'StartError', message };
}

function exitOf(
  code: number | null,
  name: NodeJS.Signals | null,
  killReason: string | undefined,
): Pick<ContainerExit, 'exitCode' | 'signal' | 'reason' | 'message'> {
  const signal = name === null ? 0 : constants.signals[name];
  const exitCode = code ?? 128 + signal;
  const reason = killReason ?? (exitCode === 0 ? 'Completed' : 'Error');
  return { exitCode, signal, reason, message: '' };
}

function closeLog(log: LogFile): void {
  log.endStream('stdout');
  log.endStream('stderr');
  log.close();
}
