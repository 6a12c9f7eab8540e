// From the bytes of a body to a plain object.

import { parseAllDocuments } from 'yaml';
import { decodeProtobuf, PROTOBUF_TYPE } from '../protobuf/decode.ts';
import { badRequest, tooLarge, unsupportedMediaType } from '../status.ts';

/** A JSON object. */
export type JsonObject = Record<string, unknown>;

/** Largest body, in bytes; Kubernetes' own bound. */
export const MAX_BODY_BYTES = 3 * 1024 * 1024;

/** Deepest nesting; deeper is no object of the API. */
const MAX_DEPTH = 64;

/** Aliases a YAML document may expand to, so that a small body cannot become a large one. */
const MAX_YAML_ALIASES = 100;

/** True for a JSON object, which is neither null nor an array. */
export const isObject = (value: unknown): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** The media type of a Content-Type header, without parameters. */
export const mediaTypeOf = (header: string | undefined): string =>
  (header ?? '').split(';', 1)[0]!.trim().toLowerCase();

const decodeText = (body: Uint8Array): string => {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(body);
  } catch {
    throw badRequest('the body is not valid UTF-8');
  }
};

function parseJson(words: string): unknown {
  try {
    return JSON.parse(words);
  } catch (error) {
    throw badRequest(`the body is not valid JSON: ${(error as Error).message}`);
  }
}

function parseYaml(words: string): unknown {
  let documents;
  try {
    documents = parseAllDocuments(words);
    if (documents.length !== 1) {
      throw badRequest(`the body holds ${documents.length} YAML documents; send one at a time`);
    }
    const [document] = documents;
    if (document!.errors.length > 0) throw document!.errors[0]!;
    return document!.toJS({ maxAliasCount: MAX_YAML_ALIASES });
  } catch (error) {
    throw badRequest(`the body is not valid YAML: ${(error as Error).message}`);
  }
}

function checkDepth(value: unknown, depth: number): void {
  if (typeof value !== 'object' || value === null) return;
  if (depth >= MAX_DEPTH) throw badRequest(`the body is nested more than ${MAX_DEPTH} levels deep`);
  for (const child of Object.values(value)) checkDepth(child, depth + 1);
}

const JSON_TYPES: ReadonlySet<string> = new Set(['', 'application/json', 'text/json']);
const YAML_TYPES: ReadonlySet<string> = new Set(['application/yaml', 'text/yaml']);

const ACCEPTED_TYPES = ['application/json', 'application/yaml', PROTOBUF_TYPE].join(', ');

/** Any JSON or YAML value, or the object of a protobuf body. Throws 400, 413 or 415. */
export function decodeValue(body: Uint8Array, contentType: string | undefined): unknown {
  if (body.length > MAX_BODY_BYTES) {
    throw tooLarge(`the body has ${body.length} bytes; ${MAX_BODY_BYTES} are allowed`);
  }
  const mediaType = mediaTypeOf(contentType);
  if (mediaType === PROTOBUF_TYPE) {
    const object = decodeProtobuf(body);
    checkDepth(object, 0);
    return object;
  }
  const isYaml = YAML_TYPES.has(mediaType);
  if (!isYaml && !JSON_TYPES.has(mediaType)) {
    throw unsupportedMediaType(
      `the body of the request was in an unknown format - accepted media types include: ${ACCEPTED_TYPES}`,
    );
  }
  const words = decodeText(body);
  const value = isYaml ? parseYaml(words) : parseJson(words);
  checkDepth(value, 0);
  return value;
}

/** The body as an object. Throws 400 when it is anything else. */
export function decodeObject(body: Uint8Array, contentType: string | undefined): JsonObject {
  if (body.length === 0) throw badRequest('the request needs a body: send an object as JSON');
  const value = decodeValue(body, contentType);
  if (!isObject(value)) throw badRequest('the body must be an object');
  return value;
}
