// Pods whose log and commands are played by the test.

import { PassThrough, Readable } from 'node:stream';
import type { Duplex } from 'node:stream';
import type {
  AttachOptions,
  ExecOptions,
  ExecSession,
  LogOptions,
  PodStreams,
  PodTarget,
} from '../../../actors/objects/pod-streams.ts';
import type { Result } from '../../../runtime/index.ts';
import { failed, ok, SkeinError } from '../../../runtime/index.ts';

/** The command's side of an exec session. */
export interface FakeCommand {
  readonly target: PodTarget;
  readonly options: ExecOptions | AttachOptions;
  readonly stdin: PassThrough;
  readonly stdout: PassThrough;
  readonly stderr: PassThrough;
  readonly sizes: (readonly [number, number])[];
  readonly exit: (outcome: Result<number>) => void;
  /** Resolves when the session is killed. */
  readonly killed: Promise<void>;
}

export interface FakeStreams extends PodStreams {
  readonly logRequests: { readonly target: PodTarget; readonly options: LogOptions }[];
  /** What the next log holds. */
  log: Readable;
  /** Connects to a port; refuses by default. */
  dial: (port: number) => Result<Duplex>;
  /** Resolves with the next command that is run, or attached to. */
  readonly nextCommand: () => Promise<FakeCommand>;
}

export function createFakeStreams(): FakeStreams {
  const waiting: ((command: FakeCommand) => void)[] = [];
  const run = (target: PodTarget, options: ExecOptions | AttachOptions): ExecSession => {
    const [stdin, stdout, stderr] = [new PassThrough(), new PassThrough(), new PassThrough()];
    const sizes: (readonly [number, number])[] = [];
    let exit: FakeCommand['exit'] = () => undefined;
    const exited = new Promise<Result<number>>((resolve) => (exit = resolve));
    let kill = (): void => undefined;
    const killed = new Promise<void>((resolve) => (kill = resolve));
    waiting.shift()?.({ target, options, stdin, stdout, stderr, sizes, exit, killed });
    const resize = (columns: number, rows: number): void => void sizes.push([columns, rows]);
    return { stdin, stdout, stderr, resize, exited, kill };
  };
  const streams: FakeStreams = {
    logRequests: [],
    log: Readable.from(['hello\n']),
    dial: () => failed(new SkeinError('unavailable', 'nothing listens in this test')),
    nextCommand: () => new Promise((resolve) => waiting.push(resolve)),
    logs: async (target, options) => {
      streams.logRequests.push({ target, options });
      return ok(streams.log);
    },
    exec: async (target, options) =>
      options.command[0] === 'missing'
        ? failed(new SkeinError('not-found', 'no such container runs there'))
        : ok(run(target, options)),
    attach: async (target, options) => ok(run(target, options)),
    connect: async (_target, port) => streams.dial(port),
  };
  return streams;
}
