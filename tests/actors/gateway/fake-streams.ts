// Pods whose log and commands are played by the test.

import { PassThrough, Readable } from 'node:stream';
import type {
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
  readonly options: ExecOptions;
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
  /** Resolves with the next command that is run. */
  readonly nextCommand: () => Promise<FakeCommand>;
}

export function createFakeStreams(): FakeStreams {
  const waiting: ((command: FakeCommand) => void)[] = [];
  const streams: FakeStreams = {
    logRequests: [],
    log: Readable.from(['hello\n']),
    nextCommand: () => new Promise((resolve) => waiting.push(resolve)),
    logs: async (target, options) => {
      streams.logRequests.push({ target, options });
      return ok(streams.log);
    },
    exec: async (target, options) => {
      if (options.command[0] === 'missing') {
        return failed(new SkeinError('not-found', 'no such container runs there'));
      }
      const [stdin, stdout, stderr] = [new PassThrough(), new PassThrough(), new PassThrough()];
      const sizes: (readonly [number, number])[] = [];
      let exit: FakeCommand['exit'] = () => undefined;
      const exited = new Promise<Result<number>>((resolve) => (exit = resolve));
      let kill = (): void => undefined;
      const killed = new Promise<void>((resolve) => (kill = resolve));
      const session: ExecSession = {
        stdin,
        stdout,
        stderr,
        resize: (columns, rows) => sizes.push([columns, rows]),
        exited,
        kill,
      };
      waiting.shift()?.({ target, options, stdin, stdout, stderr, sizes, exit, killed });
      return ok(session);
    },
    connect: async () => failed(new SkeinError('unavailable', 'nothing listens in this test')),
  };
  return streams;
}
