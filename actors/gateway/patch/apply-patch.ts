// A PATCH body by its content type: what it makes of an object.

import type { ApiRequest } from '../request/api-request.ts';
import type { JsonObject } from '../request/body.ts';
import { decodeValue, isObject, mediaTypeOf } from '../request/body.ts';
import { badRequest, unprocessable, unsupportedMediaType } from '../status.ts';
import { jsonPatch } from './json-patch.ts';
import { mergePatch } from './merge-patch.ts';
import type { PatchSchema } from './patch-schema.ts';
import { strategicMerge } from './strategic-merge.ts';

/** What the patch makes of a target, which it leaves as it is. Throws 400, 413 or 422. */
export type Patch = (target: JsonObject, schema: PatchSchema | undefined) => JsonObject;

const APPLY = 'application/apply-patch+yaml';

/** The types of patches that are served. */
export const PATCH_TYPES: readonly string[] = [
  'application/json-patch+json',
  'application/merge-patch+json',
  'application/strategic-merge-patch+json',
  APPLY,
];

/** Is this a server-side apply? Throws 415 for one in CBOR. */
export function isApplyPatch({ headers }: ApiRequest): boolean {
  const mediaType = mediaTypeOf(headers['content-type']);
  if (mediaType === 'application/apply-patch+cbor') {
    throw unsupportedMediaType(`CBOR is not served: send the same as ${APPLY}, in YAML or JSON`);
  }
  return mediaType === APPLY;
}

function settled(patched: unknown): JsonObject {
  if (isObject(patched)) return patched;
  throw unprocessable('the patch leaves something that is no object');
}

/** Reads a patch. Throws 400 for a malformed one, 415 for a type that is not served. */
export function parsePatch({ body, headers }: ApiRequest): Patch {
  const mediaType = mediaTypeOf(headers['content-type']);
  if (!PATCH_TYPES.includes(mediaType)) {
    throw unsupportedMediaType(
      'the body of the request was in an unknown format - accepted media types include: ' +
        PATCH_TYPES.join(', '),
    );
  }
  if (body.length === 0) throw badRequest('the request needs a body: send a patch');
  const patch = decodeValue(body, 'application/json');
  if (mediaType === 'application/json-patch+json') {
    return (target) => settled(jsonPatch(target, patch));
  }
  if (!isObject(patch)) throw badRequest('the patch must be an object');
  if (mediaType === 'application/merge-patch+json') {
    return (target) => settled(mergePatch(target, patch));
  }
  return (target, schema) => strategicMerge(target, patch, schema);
}
