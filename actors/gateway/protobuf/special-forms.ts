// Messages of Kubernetes' protobuf form that are single values in JSON: times, quantities, numbers or names, raw JSON.

import { Reader } from 'protobufjs/minimal.js';

/** The last second of the year 9999; RFC 3339 has no later one, and none before the year 0. */
const LAST_SECOND = 253_402_300_799;
const FIRST_SECOND = -62_167_219_200;

const UTF8 = new TextDecoder('utf-8', { fatal: true });

/** The value; undefined for one that was not set. Throws for bytes that are no such value. */
export function readSpecial(type: string, bytes: Uint8Array): unknown {
  switch (type) {
    case 'time':
      return bytes.length === 0 ? undefined : timeOf(bytes, false);
    case 'microtime':
      return bytes.length === 0 ? undefined : timeOf(bytes, true);
    case 'quantity':
      return quantityOf(bytes);
    case 'int-or-string':
      return intOrString(bytes);
    case 'strings':
      return fieldsOf(bytes).flatMap(([number, value]) => (number === 1 ? [textOf(value)] : []));
    default:
      return rawJson(bytes);
  }
}

/** The fields that a small message may have: numbers and bytes, by field number. */
function fieldsOf(bytes: Uint8Array): (readonly [number, number | Uint8Array])[] {
  const fields: (readonly [number, number | Uint8Array])[] = [];
  const reader = Reader.create(bytes);
  while (reader.pos < reader.len) {
    const tag = reader.tag();
    const number = tag >>> 3;
    if ((tag & 7) === 0) fields.push([number, Number(reader.int64())]);
    else if ((tag & 7) === 2) fields.push([number, reader.bytes()]);
    else reader.skipType(tag & 7, 0, number);
  }
  return fields;
}

const textOf = (value: number | Uint8Array): string => {
  if (typeof value === 'number') throw new Error('a number stands where text belongs');
  return UTF8.decode(value);
};

const numberOf = (value: number | Uint8Array | undefined): number => {
  if (typeof value === 'object') throw new Error('text stands where a number belongs');
  return value ?? 0;
};

/** To the second, or to the microsecond. */
function timeOf(bytes: Uint8Array, micro: boolean): string {
  const fields = new Map(fieldsOf(bytes));
  const [seconds, nanos] = [numberOf(fields.get(1)), numberOf(fields.get(2))];
  const isTime = seconds >= FIRST_SECOND && seconds <= LAST_SECOND && nanos >= 0 && nanos < 1e9;
  if (!isTime) throw new Error(`${seconds} s and ${nanos} ns are no time`);
  const whole = new Date(seconds * 1_000).toISOString().slice(0, -'.000Z'.length);
  return micro ? `${whole}.${String(Math.trunc(nanos / 1_000)).padStart(6, '0')}Z` : `${whole}Z`;
}

function quantityOf(bytes: Uint8Array): string {
  const text = new Map(fieldsOf(bytes)).get(1);
  const given = text === undefined ? '' : textOf(text);
  return given === '' ? '0' : given;
}

function intOrString(bytes: Uint8Array): number | string {
  const fields = new Map(fieldsOf(bytes));
  const text = fields.get(3);
  if (numberOf(fields.get(1)) === 1) return text === undefined ? '' : textOf(text);
  return numberOf(fields.get(2)) | 0;
}

function rawJson(bytes: Uint8Array): unknown {
  const raw = new Map(fieldsOf(bytes)).get(1);
  const words = raw === undefined ? '' : textOf(raw);
  return words === '' ? undefined : (JSON.parse(words) as unknown);
}
