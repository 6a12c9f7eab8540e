// JSON patch (RFC 6902), through fast-json-patch.

import fastJsonPatch from 'fast-json-patch';
import type { Operation } from 'fast-json-patch';
import { isObject } from '../request/body.ts';
import { badRequest, tooLarge, unprocessable } from '../status.ts';

/** Operations in one patch; Kubernetes' own bound. */
const MAX_OPERATIONS = 10_000;

/** Characters that the copies of one patch may add together; they can grow an object beyond the body's bound. */
const MAX_COPIED_LENGTH = 3 * 1024 * 1024;

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

/** What the document itself holds there; undefined for nothing, and for what it inherits. */
function valueAt(document: unknown, segments: readonly string[]): unknown {
  let value = document;
  for (const segment of segments) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, segment)) {
      return undefined;
    }
    if (Array.isArray(value) && !/^(0|[1-9]\d*)$/.test(segment)) return undefined;
    value = (value as Record<string, unknown>)[segment];
  }
  return value;
}

const holds = (document: unknown, segments: readonly string[]): boolean =>
  valueAt(document, segments) !== undefined;

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
    throw tooLarge(
      `The allowed maximum operations in a JSON patch is ${MAX_OPERATIONS}, got ${patch.length}`,
    );
  }
  const operations = patch.map(checkOperation);
  let document = structuredClone(target);
  let copied = 0;
  for (const [index, operation] of operations.entries()) {
    const missing = unresolved(document, operation);
    if (missing !== undefined) {
      throw unprocessable(
        `operation ${index} of the JSON patch (${operation.op}): there is nothing at ${missing}`,
      );
    }
    if (operation.op === 'copy') {
      copied += JSON.stringify(valueAt(document, segmentsOf(operation.from))).length;
      if (copied > MAX_COPIED_LENGTH) {
        throw tooLarge(`the JSON patch copies more than ${MAX_COPIED_LENGTH} characters`);
      }
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
  }
  return document;
}
