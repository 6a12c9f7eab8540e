// JSON patch (RFC 6902), through fast-json-patch.

import fastJsonPatch from 'fast-json-patch';
import type { Operation } from 'fast-json-patch';
import { isObject } from '../request/body.ts';
import { badRequest, tooLarge, unprocessable } from '../status.ts';

/** Operations in one patch; Kubernetes' own bound. */
const MAX_OPERATIONS = 10_000;

/** Characters a patched object may have: copy operations can grow it beyond the body's bound. */
const MAX_RESULT_LENGTH = 3 * 1024 * 1024;

const OPERATIONS: ReadonlySet<unknown> = new Set([
  'add',
  'remove',
  'replace',
  'move',
  'copy',
  'test',
]);

const isPointer = (value: unknown): boolean =>
  typeof value === 'string' && (value === '' || value.startsWith('/'));

function checkOperation(operation: unknown, index: number): Operation {
  const at = `operation ${index} of the JSON patch`;
  if (!isObject(operation)) throw badRequest(`${at} must be an object`);
  const { op, path, from } = operation;
  if (!OPERATIONS.has(op)) throw badRequest(`${at} has an unknown op ${JSON.stringify(op)}`);
  if (!isPointer(path)) throw badRequest(`${at} needs a path that starts with "/"`);
  if ((op === 'move' || op === 'copy') && !isPointer(from)) {
    throw badRequest(`${at} needs a from that starts with "/"`);
  }
  if (['add', 'replace', 'test'].includes(String(op)) && !('value' in operation)) {
    throw badRequest(`${at} needs a value`);
  }
  return operation as unknown as Operation;
}

const segmentsOf = (pointer: string): string[] =>
  pointer
    .split('/')
    .slice(1)
    .map((segment) => segment.replaceAll('~1', '/').replaceAll('~0', '~'));

/** Whether the document itself holds something there; what it inherits is not part of it. */
function holds(document: unknown, segments: readonly string[]): boolean {
  let value = document;
  for (const segment of segments) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, segment)) return false;
    value = (value as Record<string, unknown>)[segment];
  }
  return true;
}

/** The pointer of an operation that leads nowhere. The library would follow it into prototypes. */
function unresolved(document: unknown, operation: Operation): string | undefined {
  const { op, path } = operation;
  const segments = segmentsOf(path);
  if ((op === 'copy' || op === 'move') && !holds(document, segmentsOf(operation.from))) {
    return operation.from;
  }
  const mayBeNew = op === 'add' || op === 'copy' || op === 'move';
  return holds(document, mayBeNew ? segments.slice(0, -1) : segments) ? undefined : path;
}

/** The target after all operations. Throws 400 for what is no patch, 422 for one that does not fit the target. */
export function jsonPatch(target: unknown, patch: unknown): unknown {
  if (!Array.isArray(patch)) throw badRequest('a JSON patch must be an array of operations');
  if (patch.length > MAX_OPERATIONS) {
    throw tooLarge(`the JSON patch has ${patch.length} operations; ${MAX_OPERATIONS} are allowed`);
  }
  const operations = patch.map(checkOperation);
  let document = structuredClone(target);
  for (const [index, operation] of operations.entries()) {
    const missing = unresolved(document, operation);
    if (missing !== undefined) {
      throw unprocessable(
        `operation ${index} of the JSON patch (${operation.op}): there is nothing at ${missing}`,
      );
    }
    try {
      document = fastJsonPatch.applyOperation(
        document,
        structuredClone(operation),
        true,
        true,
        true,
      ).newDocument;
    } catch (error) {
      const why = (error as Error).message.split('\n', 1)[0]!;
      throw unprocessable(
        `operation ${index} of the JSON patch (${operation.op} ${operation.path}) cannot be applied: ${why}`,
      );
    }
    if (operation.op === 'copy' && JSON.stringify(document).length > MAX_RESULT_LENGTH) {
      throw tooLarge(`the JSON patch makes an object of more than ${MAX_RESULT_LENGTH} characters`);
    }
  }
  return document;
}
