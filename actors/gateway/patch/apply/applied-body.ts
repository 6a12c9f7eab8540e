// The body of a server-side apply: what an applier wants of an object, checked against the schema.

import type { ApiRequest } from '../../request/api-request.ts';
import type { JsonObject } from '../../request/body.ts';
import { decodeObject, isObject } from '../../request/body.ts';
import { checkAgainstSchema } from '../../../objects/schema-validation.ts';
import { badRequest, StatusError } from '../../status.ts';
import { fieldTypeOf } from './field-type.ts';
import { listProblem } from './object-fields.ts';

/** What an applied body is held against. */
export interface Applicable {
  readonly apiVersion: string;
  readonly kind: string;
  /** Of the schema. */
  readonly definition: string;
}

const isMalformedJson = (error: unknown): boolean =>
  error instanceof StatusError && error.message.startsWith('the body is not valid JSON');

/** Reads JSON or YAML. Throws 400 or 413. */
export function readAppliedBody({ body }: ApiRequest): JsonObject {
  const first = Buffer.from(body.subarray(0, 64)).toString().trimStart()[0];
  if (first !== '{') return decodeObject(body, 'application/yaml');
  try {
    return decodeObject(body, 'application/json');
  } catch (error) {
    // YAML may begin with a brace as well; what is too deep or too large stays so.
    if (isMalformedJson(error)) return decodeObject(body, 'application/yaml');
    throw error;
  }
}

const textOf = (value: unknown): string =>
  typeof value === 'string' ? value : value === undefined ? '' : JSON.stringify(value);

/** Refuses what is of another kind or version, or says itself who manages what. Throws 400. */
export function checkAppliedKind(body: JsonObject, { apiVersion, kind }: Applicable): void {
  const given = { apiVersion: textOf(body['apiVersion']), kind: textOf(body['kind']) };
  if (given.kind !== kind) {
    throw badRequest(`invalid object type: ${given.apiVersion}, Kind=${given.kind}`);
  }
  if (given.apiVersion !== apiVersion) {
    throw badRequest(
      `Incorrect version specified in apply patch. Specified patch version: ${given.apiVersion}, ` +
        `expected: ${apiVersion}`,
    );
  }
  const metadata = body['metadata'] ?? {};
  if (!isObject(metadata)) throw badRequest('metadata must be an object');
  if ((metadata['managedFields'] ?? undefined) !== undefined) {
    throw badRequest('metadata.managedFields must be nil');
  }
}

/** Refuses fields that the kind does not have, wrong types, and items that cannot be told apart. Throws 400. */
export function checkAppliedFields(
  body: JsonObject,
  { apiVersion, kind, definition }: Applicable,
  place: string,
): void {
  const { unknownFields, malformed } = checkAgainstSchema(definition, body);
  const problems = [
    ...unknownFields.map((path) => `.${path}: field not declared in schema`),
    ...malformed.map(({ path, message }) => `.${path}: ${message}`),
  ];
  const listed = listProblem(body, fieldTypeOf(definition));
  if (problems.length === 0 && listed !== undefined) problems.push(listed);
  if (problems.length === 0) return;
  const words = problems.length === 1 ? problems[0]! : `errors:\n  ${problems.join('\n  ')}`;
  throw badRequest(
    `failed to create typed patch object (${place}; ${apiVersion}, Kind=${kind}): ${words}`,
  );
}
