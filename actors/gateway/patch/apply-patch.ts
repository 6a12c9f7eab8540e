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

/** The types of patches that are served. */
export const PATCH_TYPES: readonly string[] = [
  'application/json-patch+json',
  'application/merge-patch+json',
  'application/strategic-merge-patch+json',
];

const ACCEPTED = PATCH_TYPES.join(', ');

function settled(patched: unknown): JsonObject {
  if (isObject(patched)) return patched;
  throw unprocessable('the patch leaves something that is no object');
}

/** Reads a patch. Throws 400 for a malformed one, 415 for a type that is not served. */
export function parsePatch({ body, headers }: ApiRequest): Patch {
  const mediaType = mediaTypeOf(headers['content-type']);
  if (mediaType.startsWith('application/apply-patch+')) {
    throw unsupportedMediaType(
      'server-side apply is not served yet: apply without --server-side, ' +
        `or send a patch of one of these types: ${ACCEPTED}`,
    );
  }
  if (!PATCH_TYPES.includes(mediaType)) {
    throw unsupportedMediaType(
      `the body of the request was in an unknown format - accepted media types include: ${ACCEPTED}`,
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
