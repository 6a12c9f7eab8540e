// Kubernetes' Status object: how every refusal of the API is told.

import type { SkeinError } from '../../runtime/index.ts';
import { unreachable } from '../../runtime/index.ts';

/** One thing wrong with one field. */
export interface StatusCause {
  readonly reason?: string;
  readonly message?: string;
  readonly field?: string;
}

export interface StatusDetails {
  readonly name?: string;
  readonly group?: string;
  readonly kind?: string;
  readonly uid?: string;
  readonly causes?: readonly StatusCause[];
  readonly retryAfterSeconds?: number;
}

/** meta/v1 Status. `reason` is what clients act on. */
export interface Status {
  readonly kind: 'Status';
  readonly apiVersion: 'v1';
  readonly metadata: Record<string, never>;
  readonly status: 'Success' | 'Failure';
  readonly message?: string;
  readonly reason?: string;
  readonly details?: StatusDetails;
  readonly code: number;
}

/** A refusal on its way to the client; thrown by a stage of a request, caught where requests end. */
export class StatusError extends Error {
  readonly status: Status;

  constructor(code: number, reason: string, message: string, details?: StatusDetails) {
    super(message);
    this.name = 'StatusError';
    this.status = {
      kind: 'Status',
      apiVersion: 'v1',
      metadata: {},
      status: 'Failure',
      message,
      reason,
      ...(details === undefined ? {} : { details }),
      code,
    };
  }
}

/** What the words of a refusal need of a resource. */
export interface Named {
  readonly group: string;
  readonly plural: string;
  readonly kind: string;
}

const qualified = (name: string, group: string): string =>
  group === '' ? name : `${name}.${group}`;

const about = (resource: Named, name: string): StatusDetails => ({
  name,
  ...(resource.group === '' ? {} : { group: resource.group }),
  kind: resource.plural,
});

/** 200 Success, the answer to a delete that left nothing behind. */
export function success(resource: Named, name: string, uid: string | undefined): Status {
  const details = { ...about(resource, name), ...(uid === undefined ? {} : { uid }) };
  return {
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    status: 'Success',
    details,
    code: 200,
  };
}

export const badRequest = (message: string): StatusError =>
  new StatusError(400, 'BadRequest', message);

export const unauthorized = (message = 'Unauthorized'): StatusError =>
  new StatusError(401, 'Unauthorized', message);

/** 404 for a path that is no part of the API. */
export const noSuchPath = (): StatusError =>
  new StatusError(404, 'NotFound', 'the server could not find the requested resource', {});

export const notFound = (resource: Named, name: string): StatusError =>
  new StatusError(
    404,
    'NotFound',
    `${qualified(resource.plural, resource.group)} "${name}" not found`,
    about(resource, name),
  );

export const methodNotAllowed = (message?: string): StatusError =>
  new StatusError(
    405,
    'MethodNotAllowed',
    message ?? 'the server does not allow this method on the requested resource',
    {},
  );

export const notAcceptable = (types: string): StatusError =>
  new StatusError(
    406,
    'NotAcceptable',
    `only the following media types are accepted: ${types}`,
    {},
  );

export const alreadyExists = (resource: Named, name: string): StatusError =>
  new StatusError(
    409,
    'AlreadyExists',
    `${qualified(resource.plural, resource.group)} "${name}" already exists`,
    about(resource, name),
  );

/** 409 for a name that the server made up, each time anew, and that was there each time. */
export const generatedNameTaken = (resource: Named, taken: Status): StatusError =>
  new StatusError(
    409,
    'AlreadyExists',
    `${qualified(resource.plural, resource.group)} "${taken.details?.name ?? ''}" already exists, ` +
      'the server was not able to generate a unique name for the object',
    { ...taken.details, retryAfterSeconds: 1 },
  );

const NEWER =
  'the object has been modified; please apply your changes to the latest version and try again';

export const conflict = (resource: Named, name: string, why = NEWER): StatusError =>
  new StatusError(
    409,
    'Conflict',
    `Operation cannot be fulfilled on ${qualified(resource.plural, resource.group)} "${name}": ${why}`,
    about(resource, name),
  );

/** 410: the revision asked for is no longer kept; list again. */
export const expired = (message: string): StatusError => new StatusError(410, 'Expired', message);

export const tooLarge = (message: string): StatusError =>
  new StatusError(413, 'RequestEntityTooLarge', message);

export const unsupportedMediaType = (message: string): StatusError =>
  new StatusError(415, 'UnsupportedMediaType', message);

/** 422 with one cause per field. */
export function invalid(
  resource: Named,
  name: string,
  causes: readonly StatusCause[],
): StatusError {
  const told = causes.map((cause) => `${cause.field ?? ''}: ${cause.message ?? ''}`);
  const words = told.length === 1 ? told[0]! : `[${told.join(', ')}]`;
  return new StatusError(
    422,
    'Invalid',
    `${qualified(resource.kind, resource.group)} "${name}" is invalid: ${words}`,
    { ...about(resource, name), kind: resource.kind, causes },
  );
}

/** 422 for a patch that cannot be applied. */
export const unprocessable = (message: string): StatusError =>
  new StatusError(422, 'Invalid', message, {});

export const tooManyRequests = (message: string): StatusError =>
  new StatusError(429, 'TooManyRequests', message, { retryAfterSeconds: 1 });

/** 504 that tells a client to come back: this peer has not applied that revision yet. */
export const revisionTooLarge = (asked: number, current: number): StatusError =>
  new StatusError(
    504,
    'Timeout',
    `Timeout: Too large resource version: ${asked}, current: ${current}`,
    {
      causes: [{ reason: 'ResourceVersionTooLarge', message: 'Too large resource version' }],
      retryAfterSeconds: 1,
    },
  );

/** 403 in Kubernetes' words. */
export function forbidden(resource: Named, name: string, why: string): StatusError {
  const what = qualified(resource.plural, resource.group);
  const which = name === '' ? `${what} is forbidden` : `${what} "${name}" is forbidden`;
  return new StatusError(403, 'Forbidden', `${which}: ${why}`, about(resource, name));
}

/**
 * 503 without a time to come back: clients that are given one repeat the request for a minute before they
 * tell their user, who is promised an answer within seconds.
 */
export const unavailable = (message: string): StatusError =>
  new StatusError(503, 'ServiceUnavailable', message, {});

/** 507, as no other failure of a write: it takes people to end it. Without a time to come back, as for 503. */
const insufficientStorage = (message: string): StatusError =>
  new StatusError(507, 'InsufficientStorage', message, {});

/** What a failure of the store or of another peer is to a client; `resource` and `name` say what was asked. */
export function fromSkeinError(error: SkeinError, resource: Named, name: string): StatusError {
  switch (error.code) {
    case 'invalid':
      return badRequest(error.message);
    case 'not-found':
      return new StatusError(404, 'NotFound', error.message, about(resource, name));
    case 'already-exists':
      return alreadyExists(resource, name);
    case 'conflict':
      return conflict(resource, name);
    case 'unauthorized':
      return unauthorized(error.message);
    case 'forbidden':
      return forbidden(resource, name, error.message);
    case 'timeout':
      return new StatusError(504, 'Timeout', error.message, {});
    case 'compacted':
      return expired(error.message);
    case 'too-large':
      return tooLarge(error.message);
    case 'overloaded':
      return error.details['reason'] === 'disk-full'
        ? insufficientStorage(error.message)
        : tooManyRequests(error.message);
    case 'unsupported':
      return badRequest(error.message);
    case 'unavailable':
    case 'stopped':
      return unavailable(error.message);
    case 'corrupt':
      return new StatusError(500, 'InternalError', error.message);
    default:
      return unreachable(error.code);
  }
}
