// The three kinds of trouble: a refused request (Result), a failed world (SkeinError), a bug (assert).

/** Every code an error of Skein can carry. The CLI, the gateway and the tests switch on these. */
export type ErrorCode =
  | 'invalid' // the request is malformed: fix it and ask again
  | 'not-found'
  | 'already-exists'
  | 'conflict' // decided from a revision that is no longer the newest: read and decide again
  | 'unauthorized' // who asks is not known
  | 'forbidden' // who asks is known and may not
  | 'unavailable' // no leader, no quorum or no route right now: nothing was done, ask again
  | 'timeout' // no answer in time: it may or may not have been done
  | 'compacted' // the revision asked for is no longer kept
  | 'too-large' // over a stated limit
  | 'overloaded' // a bounded queue is full: ask again later
  | 'corrupt' // data on disk or on the wire does not check out
  | 'unsupported' // a format version or feature this program does not know
  | 'stopped'; // the part asked has ended

/** A failure of the world or of a request, with a code to act on and flat details for the log. */
export class SkeinError extends Error {
  readonly code: ErrorCode;
  readonly details: Readonly<Record<string, string | number | boolean>>;

  constructor(
    code: ErrorCode,
    message: string,
    details: Readonly<Record<string, string | number | boolean>> = {},
    cause?: unknown,
  ) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = 'SkeinError';
    this.code = code;
    this.details = details;
  }
}

/** Turns whatever was thrown into a SkeinError; an unknown error becomes `unavailable` with its cause kept. */
export function asSkeinError(thrown: unknown): SkeinError {
  if (thrown instanceof SkeinError) return thrown;
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  return new SkeinError('unavailable', message, {}, thrown);
}

/** The outcome of something that can be refused or fail without anybody being wrong. */
export type Result<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly error: SkeinError };

export const ok = <T>(value: T): Result<T> => ({ ok: true, value });
export const failed = (error: SkeinError): Result<never> => ({ ok: false, error });

/** A broken invariant is a bug: it throws, and the supervisor decides. Stays on in production. */
export function assert(condition: unknown, message: string): asserts condition {
  if (!condition) throw new Error(`invariant broken: ${message}`);
}

/** Ends a `switch` over a closed union; reaching it is a bug. */
export function unreachable(value: never): never {
  throw new Error(`invariant broken: unexpected ${JSON.stringify(value)}`);
}
