// The annotation of client-side apply: what kubectl may take over from it, and how it is kept true after.

import type { JsonObject } from '../../request/body.ts';
import { isObject } from '../../request/body.ts';
import type { FieldSet } from './field-set.ts';
import { difference, EMPTY, isEmpty } from './field-set.ts';
import type { FieldType } from './field-type.ts';
import type { Conflict } from './tracking.ts';
import { takenOver } from './tracking.ts';

const ANNOTATION = 'kubectl.kubernetes.io/last-applied-configuration';

/** The manager's name under which kubectl applies, unless it is told another. */
export const KUBECTL = 'kubectl';

/** All annotations together may have as many bytes. */
const MAX_BYTES = 256 * 1024;

function annotationsOf(object: unknown): JsonObject {
  const metadata = isObject(object) ? object['metadata'] : undefined;
  const annotations = isObject(metadata) ? metadata['annotations'] : undefined;
  return isObject(annotations) ? annotations : {};
}

function allowed(live: unknown, type: FieldType): FieldSet {
  const text = annotationsOf(live)[ANNOTATION];
  if (typeof text !== 'string') return EMPTY;
  try {
    const last: unknown = JSON.parse(text);
    return isObject(last) ? takenOver(last, live, type) : EMPTY;
  } catch {
    return EMPTY;
  }
}

/** The conflicts that remain when kubectl applies what it applied from the client's side before. */
export function remainingConflicts(
  conflicts: readonly Conflict[],
  live: unknown,
  type: FieldType,
): readonly Conflict[] {
  const mine = allowed(live, type);
  return conflicts
    .map(({ manager, fields }) => ({ manager, fields: difference(fields, mine) }))
    .filter(({ fields }) => !isEmpty(fields));
}

/** The object with the annotation telling what was applied last, if it has one. */
export function withLastApplied(object: JsonObject, applied: JsonObject): JsonObject {
  if (annotationsOf(object)[ANNOTATION] === undefined) return object;
  const { [ANNOTATION]: _old, ...others } = annotationsOf(applied);
  const metadata = (applied['metadata'] ?? {}) as JsonObject;
  const wanted = {
    ...applied,
    metadata: { ...metadata, ...(Object.keys(others).length > 0 ? { annotations: others } : {}) },
  };
  if (Object.keys(others).length === 0) delete (wanted.metadata as JsonObject)['annotations'];
  const text = `${JSON.stringify(wanted)}\n`;
  const annotations = {
    ...annotationsOf(object),
    [ANNOTATION]: Buffer.byteLength(text) > MAX_BYTES ? '' : text,
  };
  return { ...object, metadata: { ...(object['metadata'] as JsonObject), annotations } };
}
