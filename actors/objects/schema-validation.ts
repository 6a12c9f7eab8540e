// Holds a value against the schema: right types, required fields, no field that nobody knows.

import { required, wrongType, invalid } from './field-errors.ts';
import type { FieldError } from './field-errors.ts';
import { canonicalQuantity, QUANTITY_PROBLEM } from './quantity.ts';
import { schemaFields } from './schema.ts';
import type { SchemaField } from './schema.ts';

export interface SchemaVerdict {
  /** A copy without unknown fields and nulls, with quantities and times in their canonical form. */
  readonly value: unknown;
  /** Paths that the schema does not have, as in `spec.replicaz`. */
  readonly unknownFields: readonly string[];
  /** Values that cannot be read as what the schema wants: the object is malformed. */
  readonly malformed: readonly FieldError[];
  /** Required fields that are not there. */
  readonly missing: readonly FieldError[];
}

interface Walk {
  readonly unknownFields: string[];
  readonly malformed: FieldError[];
  readonly missing: FieldError[];
}

/** Errors reported at most for one object. */
const ERRORS_LIMIT = 100;

/**
 * Checks a value of JSON against a definition. As in Kubernetes, null is the same as absent, an absent
 * list is an empty one, and a status need not be complete.
 */
export function checkAgainstSchema(definition: string, value: unknown): SchemaVerdict {
  const walk: Walk = { unknownFields: [], malformed: [], missing: [] };
  const copy = copyObject(walk, definition, value, '', true);
  return {
    value: copy ?? {},
    unknownFields: walk.unknownFields.slice(0, ERRORS_LIMIT),
    malformed: walk.malformed.slice(0, ERRORS_LIMIT),
    missing: walk.missing.slice(0, ERRORS_LIMIT),
  };
}

function copyObject(
  walk: Walk,
  definition: string,
  value: unknown,
  path: string,
  complete: boolean,
): unknown {
  if (!isObject(value)) {
    walk.malformed.push(wrongType(path, value, 'object'));
    return undefined;
  }
  const fields = schemaFields(definition)!;
  const copy: Record<string, unknown> = {};
  for (const [name, inner] of Object.entries(value)) {
    const at = join(path, name);
    const field = fields.get(name);
    if (field === undefined) walk.unknownFields.push(at);
    else if (inner !== null) {
      const isStatus = path === '' && name === 'status';
      setOwn(copy, name, copyField(walk, field, inner, at, complete && !isStatus));
    }
  }
  if (complete) completeObject(walk, definition, copy, path);
  return copy;
}

/** Notes what is missing and puts an empty value there, so that the rules of the kind can go on. */
function completeObject(
  walk: Walk,
  definition: string,
  copy: Record<string, unknown>,
  path: string,
): void {
  for (const [name, { required: isRequired, shape, type }] of schemaFields(definition)!) {
    if (!isRequired || Object.hasOwn(copy, name)) continue;
    if (shape !== 'list') walk.missing.push(required(join(path, name)));
    setOwn(copy, name, shape === 'list' ? [] : EMPTY_VALUES[type]);
  }
}

const EMPTY_VALUES: Readonly<Record<string, unknown>> = {
  string: '',
  int32: 0,
  int64: 0,
  boolean: false,
};

function copyField(
  walk: Walk,
  field: SchemaField,
  value: unknown,
  path: string,
  complete: boolean,
): unknown {
  switch (field.shape) {
    case 'list': {
      if (!Array.isArray(value)) break;
      return value.map((item, i) => copyOne(walk, field, item, `${path}[${i}]`, complete));
    }
    case 'map': {
      if (!isObject(value)) break;
      const copy: Record<string, unknown> = {};
      for (const [key, inner] of Object.entries(value)) {
        const isText = field.type === 'string' || field.type === 'bytes';
        const read = inner === null && isText ? '' : inner;
        setOwn(copy, key, copyOne(walk, field, read, `${path}[${key}]`, complete));
      }
      return copy;
    }
    default:
      return copyOne(walk, field, value, path, complete);
  }
  walk.malformed.push(wrongType(path, value, field.shape === 'list' ? 'array' : 'object'));
  return undefined;
}

function copyOne(
  walk: Walk,
  { type }: SchemaField,
  value: unknown,
  path: string,
  complete: boolean,
): unknown {
  if (schemaFields(type) !== undefined) return copyObject(walk, type, value, path, complete);
  if (type === 'any') return structuredClone(value);
  if (type === 'quantity') return copyQuantity(walk, value, path);
  if (type === 'bytes') return copyBytes(walk, value, path);
  if (!isScalar(type, value)) {
    walk.malformed.push(wrongType(path, value, SCALAR_NAMES[type] ?? type));
    return undefined;
  }
  if (type === 'time') return canonicalTime(value as string, 0);
  return type === 'microtime' ? canonicalTime(value as string, MICROSECOND_DIGITS) : value;
}

const SCALAR_NAMES: Readonly<Record<string, string>> = {
  time: 'date-time (RFC 3339)',
  microtime: 'date-time (RFC 3339)',
  'int-or-string': 'integer or string',
};

function isScalar(type: string, value: unknown): boolean {
  switch (type) {
    case 'string':
      return typeof value === 'string';
    case 'boolean':
      return typeof value === 'boolean';
    case 'int32':
      return isInt32(value);
    case 'int64':
      return Number.isSafeInteger(value);
    case 'float':
      return typeof value === 'number';
    case 'int-or-string':
      return typeof value === 'string' || isInt32(value);
    default:
      return typeof value === 'string' && RFC3339.test(value) && isInYears(Date.parse(value));
  }
}

const RFC3339 = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d+)?(Z|[+-]\d{2}:\d{2})$/;

const MICROSECOND_DIGITS = 6;

/** In UTC with so many digits of the second: clients of Kubernetes read no other form. */
function canonicalTime(text: string, digits: number): string {
  const seconds = new Date(Date.parse(text)).toISOString().slice(0, 'yyyy-mm-ddThh:mm:ss'.length);
  if (digits === 0) return `${seconds}Z`;
  const fraction = /\.(\d+)/.exec(text)?.[1] ?? '';
  return `${seconds}.${fraction.slice(0, digits).padEnd(digits, '0')}Z`;
}

/** Written with four digits, wherever on earth it was meant. */
const isInYears = (ms: number): boolean =>
  ms >= Date.parse('0001-01-01T00:00:00Z') && ms < Date.UTC(10_000, 0);

const isInt32 = (value: unknown): boolean =>
  Number.isInteger(value) && (value as number) >> 0 === value;

function copyQuantity(walk: Walk, value: unknown, path: string): string | undefined {
  const text = typeof value === 'number' ? String(value) : value;
  if (typeof text !== 'string') {
    walk.malformed.push(wrongType(path, value, 'quantity'));
    return undefined;
  }
  const canonical = canonicalQuantity(text.trim());
  if (canonical === undefined) walk.malformed.push(invalid(path, value, QUANTITY_PROBLEM));
  return canonical;
}

/** Base64, as it came; what it holds may be secret, so it is not shown. */
function copyBytes(walk: Walk, value: unknown, path: string): string | undefined {
  const text = typeof value === 'string' ? value.replaceAll(/[\r\n]/g, '') : undefined;
  if (text !== undefined && text.length % 4 === 0 && /^[A-Za-z0-9+/]*={0,2}$/.test(text)) {
    return text;
  }
  const message = 'Invalid value: illegal base64 data';
  walk.malformed.push({ path, reason: 'FieldValueInvalid', message });
  return undefined;
}

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const join = (path: string, name: string): string => (path === '' ? name : `${path}.${name}`);

/** A key may be `__proto__`: define it, do not assign it. */
function setOwn(target: Record<string, unknown>, key: string, value: unknown): void {
  if (value === undefined) return;
  Object.defineProperty(target, key, {
    value,
    writable: true,
    enumerable: true,
    configurable: true,
  });
}
