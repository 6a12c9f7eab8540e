// A command in a container, or the container's own streams: what the query asks, and how the end is told.

import type { Pod } from 'kubernetes-types/core/v1.d.ts';
import type { Result } from '../../../runtime/index.ts';
import type { AttachOptions, ExecOptions } from '../../objects/pod-streams.ts';
import { flag } from '../request/parameters.ts';
import type { Status } from '../status.ts';
import { badRequest } from '../status.ts';
import { containerName } from './pod-log.ts';

/** Arguments of one command, and characters of all of them. */
const MAX_ARGUMENTS = 1_024;
const MAX_COMMAND_LENGTH = 65_536;

/** Which of a command's streams the client wants, and whether they are a terminal's. */
export interface ExecStreams {
  readonly stdin: boolean;
  readonly stdout: boolean;
  readonly stderr: boolean;
  readonly tty: boolean;
}

/** What to run, and which streams to connect. Throws 400. */
export function execOptions(
  pod: Readonly<Pod>,
  query: URLSearchParams,
): { readonly options: ExecOptions; readonly streams: ExecStreams } {
  const command = query.getAll('command');
  const length = command.reduce((sum, argument) => sum + argument.length, 0);
  if (command.length === 0 || command[0] === '') {
    throw badRequest('you must specify at least one command for the container');
  }
  if (command.length > MAX_ARGUMENTS || length > MAX_COMMAND_LENGTH) {
    throw badRequest(
      `the command has ${command.length} arguments with ${length} characters; ` +
        `${MAX_ARGUMENTS} and ${MAX_COMMAND_LENGTH} are allowed`,
    );
  }
  const streams = askedStreams(query);
  const container = runningContainer(pod, query, 'exec into');
  return { options: { container, command, stdin: streams.stdin, tty: streams.tty }, streams };
}

/** Which container to attach to, and which of its streams to connect. Throws 400. */
export function attachOptions(
  pod: Readonly<Pod>,
  query: URLSearchParams,
): { readonly options: AttachOptions; readonly streams: ExecStreams } {
  const streams = askedStreams(query);
  const container = runningContainer(pod, query, 'attach to');
  return { options: { container, stdin: streams.stdin }, streams };
}

function askedStreams(query: URLSearchParams): ExecStreams {
  const tty = flag(query, 'tty');
  const streams = {
    stdin: flag(query, 'stdin'),
    stdout: flag(query, 'stdout'),
    // A terminal has one output.
    stderr: flag(query, 'stderr') && !tty,
    tty,
  };
  if (!streams.stdin && !streams.stdout && !streams.stderr) {
    throw badRequest('you must specify at least 1 of stdin, stdout, stderr');
  }
  return streams;
}

function runningContainer(pod: Readonly<Pod>, query: URLSearchParams, deed: string): string {
  const phase = pod.status?.phase;
  if (phase === 'Succeeded' || phase === 'Failed') {
    throw badRequest(`cannot ${deed} a container in a completed pod; current phase is ${phase}`);
  }
  return containerName(pod, query.get('container') ?? '');
}

/** The Status of a command that ended, as clients of exec read it. */
export function exitStatus(exited: Result<number>): Partial<Status> {
  if (exited.ok && exited.value === 0) return { metadata: {}, status: 'Success' };
  if (exited.ok) {
    return {
      metadata: {},
      status: 'Failure',
      message: `command terminated with non-zero exit code: exit status ${exited.value}`,
      reason: 'NonZeroExitCode',
      details: { causes: [{ reason: 'ExitCode', message: String(exited.value) }] },
    };
  }
  return {
    metadata: {},
    status: 'Failure',
    message: exited.error.message,
    reason: 'InternalError',
    details: { causes: [{ message: exited.error.message }] },
    code: 500,
  };
}
