// Protobuf bodies as clients in Go write them, field by field.

import { Writer } from 'protobufjs/minimal.js';

/** A number is a varint, text and bytes are length-prefixed. */
export type WireField = readonly [number, number | boolean | string | Uint8Array];

export function message(...fields: readonly WireField[]): Uint8Array {
  const writer = Writer.create();
  for (const [number, value] of fields) {
    if (typeof value === 'string') writer.uint32((number << 3) | 2).string(value);
    else if (value instanceof Uint8Array) writer.uint32((number << 3) | 2).bytes(value);
    else writer.uint32(number << 3).int64(Number(value));
  }
  return writer.finish();
}

/** The whole body: magic, apiVersion and kind, and the object's own message. */
export const body = (apiVersion: string, kind: string, raw: Uint8Array): Uint8Array =>
  Buffer.concat([
    Buffer.from('k8s\0'),
    message([1, message([1, apiVersion], [2, kind])], [2, raw], [3, ''], [4, '']),
  ]);

export const PROTOBUF = { 'content-type': 'application/vnd.kubernetes.protobuf' } as const;

/** ObjectMeta with all that Go writes of an object that has a name only. */
export const named = (name: string): Uint8Array =>
  message([1, name], [2, ''], [3, ''], [4, ''], [5, ''], [6, ''], [7, 0], [8, new Uint8Array()]);

const text = (value: string): Uint8Array => message([1, 1], [2, 0], [3, value]);

const labels = (key: string, value: string): Uint8Array => message([1, key], [2, value]);

const container = message(
  [1, 'main'],
  [2, 'nginx'],
  [3, 'sleep'],
  [3, '1'],
  [5, ''],
  [8, message([2, message([1, 'cpu'], [2, message([1, '100m'])])])],
  [12, message([1, message([2, message([1, '/'], [2, text('http')])])])],
  [13, ''],
  [14, ''],
  [16, false],
);

/** A Deployment of one container; `spec` adds fields to its spec. */
export const deploymentBody = (name: string, ...spec: readonly WireField[]): Uint8Array =>
  body(
    'apps/v1',
    'Deployment',
    message(
      [1, named(name)],
      [
        2,
        message(
          [2, message([1, labels('app', name)])],
          [
            3,
            message(
              [1, message([1, ''], [11, labels('app', name)])],
              [2, message([2, container], [3, ''])],
            ),
          ],
          [4, message([1, ''])],
          [5, 0],
          [7, false],
          ...spec,
        ),
      ],
      [3, message([1, 0], [2, 0])],
    ),
  );
