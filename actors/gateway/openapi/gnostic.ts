// OpenAPI v2 as protobuf: the messages of openapi.v2.Document, by their field numbers.
// Only what this server's documents hold is written.

import { Writer } from 'protobufjs/minimal.js';
import { isObject } from '../request/body.ts';
import type { JsonObject } from '../request/body.ts';

const DELIMITED = 2;

const tag = (writer: Writer, number: number): Writer => writer.uint32((number << 3) | DELIMITED);

/** A message in a field. */
function nested(writer: Writer, number: number, write: (inner: Writer) => void): void {
  tag(writer, number).fork();
  write(writer);
  writer.ldelim();
}

function text(writer: Writer, number: number, value: unknown): void {
  if (typeof value === 'string') tag(writer, number).string(value);
}

function texts(writer: Writer, number: number, values: unknown): void {
  for (const value of Array.isArray(values) ? values : []) text(writer, number, value);
}

function flag(writer: Writer, number: number, value: unknown): void {
  if (value === true) writer.uint32(number << 3).bool(true);
}

/** A name and what it names, as maps are written. */
function named(writer: Writer, number: number, name: string, write: (inner: Writer) => void): void {
  nested(writer, number, (entry) => {
    text(entry, 1, name);
    nested(entry, 2, write);
  });
}

/** What begins with `x-`, as YAML texts; JSON is YAML. */
function extensions(writer: Writer, number: number, object: JsonObject): void {
  for (const [name, value] of Object.entries(object)) {
    if (!name.startsWith('x-')) continue;
    named(writer, number, name, (any) => text(any, 2, `${JSON.stringify(value)}\n`));
  }
}

/** Message Schema. */
function schema(writer: Writer, value: JsonObject): void {
  const { items, additionalProperties, properties, type } = value;
  text(writer, 1, value['$ref']);
  text(writer, 2, value['format']);
  texts(writer, 19, value['required']);
  if (isObject(additionalProperties)) {
    nested(writer, 21, (item) => nested(item, 1, (inner) => schema(inner, additionalProperties)));
  }
  if (typeof type === 'string') nested(writer, 22, (item) => text(item, 1, type));
  if (isObject(items)) {
    nested(writer, 23, (item) => nested(item, 1, (inner) => schema(inner, items)));
  }
  if (isObject(properties)) {
    nested(writer, 25, (list) => {
      for (const [name, property] of Object.entries(properties)) {
        named(list, 1, name, (inner) => schema(inner, property as JsonObject));
      }
    });
  }
  extensions(writer, 31, value);
}

/** Field numbers of the parts of QueryParameterSubSchema and PathParameterSubSchema that differ. */
const PARAMETERS: Readonly<Record<string, { of: number; type: number; uniqueItems: number }>> = {
  query: { of: 3, type: 6, uniqueItems: 20 },
  path: { of: 4, type: 5, uniqueItems: 19 },
};

/** Message ParametersItem, holding a Parameter. */
function parameter(writer: Writer, number: number, value: JsonObject): void {
  const numbers = PARAMETERS[String(value['in'])];
  const write = (inner: Writer): void => {
    if (numbers === undefined) {
      nested(inner, 1, (body) => {
        text(body, 2, value['name']);
        text(body, 3, value['in']);
        flag(body, 4, value['required']);
        nested(body, 5, (of) => schema(of, value['schema'] as JsonObject));
      });
      return;
    }
    nested(inner, 2, (other) =>
      nested(other, numbers.of, (sub) => {
        flag(sub, 1, value['required']);
        text(sub, 2, value['in']);
        text(sub, 4, value['name']);
        text(sub, numbers.type, value['type']);
        flag(sub, numbers.uniqueItems, value['uniqueItems']);
      }),
    );
  };
  nested(writer, number, (item) => nested(item, 1, write));
}

function parameters(writer: Writer, number: number, values: unknown): void {
  for (const value of values as JsonObject[]) parameter(writer, number, value);
}

/** Message Response. */
function response(writer: Writer, value: JsonObject): void {
  text(writer, 1, value['description']);
  const { schema: of } = value;
  if (isObject(of)) nested(writer, 2, (item) => nested(item, 1, (inner) => schema(inner, of)));
}

/** Message Operation. */
function operation(writer: Writer, value: JsonObject): void {
  texts(writer, 1, value['tags']);
  text(writer, 5, value['operationId']);
  texts(writer, 6, value['produces']);
  texts(writer, 7, value['consumes']);
  parameters(writer, 8, value['parameters']);
  nested(writer, 9, (responses) => {
    for (const [code, of] of Object.entries(value['responses'] as JsonObject)) {
      named(responses, 1, code, (item) =>
        nested(item, 1, (inner) => response(inner, of as JsonObject)),
      );
    }
  });
  texts(writer, 10, value['schemes']);
  extensions(writer, 13, value);
}

const METHODS = { get: 2, put: 3, post: 4, delete: 5, patch: 8 } as const;

/** The field `paths` of a Document with one path; fields that come again are put together. */
export function pathBytes(path: string, item: JsonObject): Uint8Array {
  const writer = Writer.create();
  nested(writer, 8, (paths) =>
    named(paths, 2, path, (inner) => {
      for (const [method, number] of Object.entries(METHODS)) {
        const of = item[method];
        if (isObject(of)) nested(inner, number, (made) => operation(made, of));
      }
      parameters(inner, 9, item['parameters']);
    }),
  );
  return writer.finish();
}

/** The field `definitions` of a Document with one definition. */
export function definitionBytes(name: string, value: JsonObject): Uint8Array {
  const writer = Writer.create();
  nested(writer, 9, (definitions) => named(definitions, 1, name, (inner) => schema(inner, value)));
  return writer.finish();
}

/** The fields of a Document that come before its paths. */
export function headBytes(title: string, version: string): Uint8Array {
  const writer = Writer.create();
  text(writer, 1, '2.0');
  nested(writer, 2, (info) => {
    text(info, 1, title);
    text(info, 2, version);
  });
  return writer.finish();
}
