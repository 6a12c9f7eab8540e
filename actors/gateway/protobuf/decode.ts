// From Kubernetes' protobuf form of an object to the plain object that its JSON form gives.
//
//   "k8s\0" Unknown { typeMeta { apiVersion kind }  raw: the object's own message  contentEncoding  contentType }

import { Reader } from 'protobufjs/minimal.js';
import { badRequest } from '../status.ts';
import type { JsonObject } from '../request/body.ts';
import { messageFields, messageOfKind } from './messages.ts';
import type { MessageField, MessageFields } from './messages.ts';
import { readSpecial } from './special-forms.ts';

export const PROTOBUF_TYPE = 'application/vnd.kubernetes.protobuf';

const MAGIC = Buffer.from('k8s\0');

/** Wire types; groups are no part of Kubernetes' messages. */
const VARINT = 0;
const DELIMITED = 2;

const UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** The object of a protobuf body, with its apiVersion and kind. Throws 400. */
export function decodeProtobuf(body: Uint8Array): JsonObject {
  const bytes = Buffer.from(body.buffer, body.byteOffset, body.byteLength);
  if (!bytes.subarray(0, MAGIC.length).equals(MAGIC)) {
    throw badRequest(
      `provided data does not appear to be a protobuf message, expected prefix [${[...MAGIC].join(' ')}]`,
    );
  }
  const { apiVersion, kind, raw, contentEncoding, contentType } = wellFormed(() =>
    readUnknown(bytes.subarray(MAGIC.length)),
  );
  if (contentEncoding !== '' || (contentType !== '' && contentType !== PROTOBUF_TYPE)) {
    throw badRequest(
      `the protobuf body holds ${JSON.stringify(contentType)} encoded as ${JSON.stringify(contentEncoding)}: send a plain ${PROTOBUF_TYPE}`,
    );
  }
  if (kind === '') throw badRequest("Object 'Kind' is missing in the protobuf body");
  if (apiVersion === '') throw badRequest("Object 'apiVersion' is missing in the protobuf body");
  const message = messageOfKind(apiVersion, kind);
  if (message === undefined) {
    throw badRequest(
      `no kind ${JSON.stringify(kind)} is registered for version ${JSON.stringify(apiVersion)} in protobuf: send it as JSON`,
    );
  }
  const object = { apiVersion, kind };
  wellFormed(() => readMessage(object, messageFields(message)!, raw));
  return object;
}

/** What is wrong with bytes is the client's to mend. */
function wellFormed<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw badRequest(`the body is not valid protobuf: ${(error as Error).message}`);
  }
}

interface Unknown {
  apiVersion: string;
  kind: string;
  raw: Uint8Array;
  contentEncoding: string;
  contentType: string;
}

function readUnknown(bytes: Uint8Array): Unknown {
  const unknown: Unknown = {
    apiVersion: '',
    kind: '',
    raw: new Uint8Array(),
    contentEncoding: '',
    contentType: '',
  };
  eachField(bytes, (reader, number, wireType) => {
    if (wireType !== DELIMITED || number > 4) return false;
    const content = reader.bytes();
    if (number === 1) {
      eachField(content, (inner, innerNumber, innerType) => {
        if (innerType !== DELIMITED || innerNumber > 2) return false;
        unknown[innerNumber === 1 ? 'apiVersion' : 'kind'] = UTF8.decode(inner.bytes());
        return true;
      });
    } else if (number === 2) unknown.raw = content;
    else unknown[number === 3 ? 'contentEncoding' : 'contentType'] = UTF8.decode(content);
    return true;
  });
  return unknown;
}

/** Walks the fields of a message; one that `take` refuses is passed over, as unknown fields are in Kubernetes. */
export function eachField(
  bytes: Uint8Array,
  take: (reader: Reader, number: number, wireType: number) => boolean,
): void {
  const reader = Reader.create(bytes);
  while (reader.pos < reader.len) {
    const tag = reader.tag();
    const number = tag >>> 3;
    if (!take(reader, number, tag & 7)) reader.skipType(tag & 7, 0, number);
  }
}

function readMessage(target: JsonObject, fields: MessageFields, bytes: Uint8Array): void {
  eachField(bytes, (reader, number, wireType) => {
    const field = fields.get(number);
    if (field === undefined) return false;
    readField(target, field, reader, wireType);
    return true;
  });
}

function readField(
  target: JsonObject,
  field: MessageField,
  reader: Reader,
  wireType: number,
): void {
  const { name, type, shape } = field;
  if (name === undefined) {
    readMessage(target, messageFields(type)!, delimited(field, reader, wireType));
    return;
  }
  if (shape === 'map') {
    readEntry((target[name] ??= {}) as JsonObject, field, delimited(field, reader, wireType));
    return;
  }
  if (shape === 'list') {
    readItems((target[name] ??= []) as unknown[], field, reader, wireType);
    return;
  }
  const fields = messageFields(type);
  if (fields !== undefined) {
    // A message that comes in parts is one.
    const inner = (target[name] ??= {}) as JsonObject;
    readMessage(inner, fields, delimited(field, reader, wireType));
    return;
  }
  const value = readValue(field, reader, wireType);
  const isZero = value === '' || value === 0 || value === false;
  if (value === undefined || (field.omitsZero && isZero)) delete target[name];
  else target[name] = value;
}

function readItems(items: unknown[], field: MessageField, reader: Reader, wireType: number): void {
  const isPacked = wireType === DELIMITED && VARINTS.has(field.type);
  if (!isPacked) {
    items.push(readValue(field, reader, wireType) ?? null);
    return;
  }
  const packed = Reader.create(reader.bytes());
  while (packed.pos < packed.len) items.push(readValue(field, packed, VARINT));
}

function readEntry(target: JsonObject, field: MessageField, bytes: Uint8Array): void {
  let key = '';
  let value: unknown;
  eachField(bytes, (reader, number, wireType) => {
    if (number === 1) key = UTF8.decode(delimited(field, reader, wireType));
    else if (number === 2) value = readValue(field, reader, wireType);
    else return false;
    return true;
  });
  value ??= field.type === 'string' || field.type === 'bytes' ? '' : null;
  // A key may be `__proto__`: define it, do not assign it.
  Object.defineProperty(target, key, {
    value,
    writable: true,
    enumerable: true,
    configurable: true,
  });
}

const VARINTS: ReadonlySet<string> = new Set(['int32', 'int64', 'bool']);

/** One value; undefined for one that JSON would call null. */
function readValue(field: MessageField, reader: Reader, wireType: number): unknown {
  const { type } = field;
  if (VARINTS.has(type)) {
    expect(field, wireType, VARINT);
    if (type === 'int32') return reader.int32();
    return type === 'bool' ? reader.bool() : Number(reader.int64());
  }
  const bytes = delimited(field, reader, wireType);
  if (type === 'string') return UTF8.decode(bytes);
  if (type === 'bytes') return Buffer.from(bytes).toString('base64');
  const fields = messageFields(type);
  if (fields === undefined) return readSpecial(type, bytes);
  const inner: JsonObject = {};
  readMessage(inner, fields, bytes);
  return inner;
}

function delimited(field: MessageField, reader: Reader, wireType: number): Uint8Array {
  expect(field, wireType, DELIMITED);
  return reader.bytes();
}

function expect({ name, type }: MessageField, wireType: number, wanted: number): void {
  if (wireType !== wanted) {
    throw new Error(`wrong wireType = ${wireType} for field ${name ?? type}`);
  }
}
