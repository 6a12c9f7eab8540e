// How a command ends when it does not succeed: one sentence, and one of three exit codes.

import { SkeinError } from '../runtime/index.ts';

/** What the program exits with. `exec` alone exits with the code of its command. */
export const EXIT = { done: 0, refused: 1, usage: 2, unreachable: 3 } as const;

/** Ends the command: the sentence goes to standard error, the code to the shell. */
export class CommandFailure extends Error {
  readonly exitCode: number;
  /** The HTTP status and reason of the API, when the API refused. */
  readonly status: ApiStatus | undefined;

  constructor(exitCode: number, message: string, status?: ApiStatus, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = 'CommandFailure';
    this.exitCode = exitCode;
    this.status = status;
  }
}

/** What is used of a Kubernetes Status object. */
export interface ApiStatus {
  readonly code: number;
  readonly reason: string;
}

/** Somebody said no: the API, or a check of what was asked. */
export const refused = (message: string, status?: ApiStatus): CommandFailure =>
  new CommandFailure(EXIT.refused, message, status);

/** The command line itself is wrong; `command` is whose help to read. */
export const wrongUsage = (message: string, command = ''): CommandFailure => {
  const help = ['skein', command, '--help'].filter((word) => word !== '').join(' ');
  return new CommandFailure(EXIT.usage, `${message}\nRun \`${help}\` to see what is possible.`);
};

/** No peer answered. */
export const unreachablePeer = (message: string, cause?: unknown): CommandFailure =>
  new CommandFailure(EXIT.unreachable, message, undefined, cause);

/** True when the API said that the object is not there. */
export const isNotFound = (error: unknown): boolean =>
  error instanceof CommandFailure && error.status?.code === 404;

export const isConflict = (error: unknown): boolean =>
  error instanceof CommandFailure &&
  error.status?.code === 409 &&
  error.status.reason === 'Conflict';

/** Whatever was thrown, as the sentence and the code it ends with. */
export function asFailure(thrown: unknown): CommandFailure {
  if (thrown instanceof CommandFailure) return thrown;
  if (thrown instanceof SkeinError) return fromSkeinError(thrown);
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  return new CommandFailure(EXIT.refused, message, undefined, thrown);
}

function fromSkeinError(error: SkeinError): CommandFailure {
  const isAway = error.code === 'unavailable' || error.code === 'timeout';
  const isAboutPeer = isAway && error.details['unreachable'] === true;
  const code = isAboutPeer ? EXIT.unreachable : EXIT.refused;
  return new CommandFailure(code, error.message, undefined, error);
}
