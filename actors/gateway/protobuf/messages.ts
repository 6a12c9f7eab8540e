// The derived table of protobuf messages, ready to ask.

import { MESSAGES } from './messages.generated.ts';

export interface MessageField {
  /** In JSON; undefined when the fields of the message inside are those of the message around it. */
  readonly name: string | undefined;
  /** A scalar, a special form, or the name of a message. */
  readonly type: string;
  readonly shape: 'one' | 'list' | 'map';
  /** A zero value was not given. */
  readonly omitsZero: boolean;
}

/** By number. */
export type MessageFields = ReadonlyMap<number, MessageField>;

const parsed = new Map<string, MessageFields>();

/** The fields of a message such as `core.v1.PodSpec`; undefined for scalars and unknown names. */
export function messageFields(message: string): MessageFields | undefined {
  const known = parsed.get(message);
  if (known !== undefined) return known;
  const text = Object.hasOwn(MESSAGES, message) ? MESSAGES[message] : undefined;
  if (text === undefined) return undefined;
  const fields = new Map(text === '' ? [] : text.split(', ').map(parseField));
  parsed.set(message, fields);
  return fields;
}

/** Reads the notation that scripts/derive-protobuf.mjs explains. */
function parseField(text: string): readonly [number, MessageField] {
  const [, name, number, type, shape, mark] = /^(\S+) (\d+) (.+?)(\[\]|\{\})?(\?)?$/.exec(text)!;
  return [
    Number(number),
    {
      name: name === '.' ? undefined : name!,
      type: type!,
      shape: shape === '[]' ? 'list' : shape === '{}' ? 'map' : 'one',
      omitsZero: mark === '?',
    },
  ];
}

/** The message of a kind; undefined for a kind whose protobuf form is not known. */
export function messageOfKind(apiVersion: string, kind: string): string | undefined {
  if (kind === 'DeleteOptions') return 'meta.v1.DeleteOptions';
  const [group, version] = apiVersion.includes('/')
    ? apiVersion.split('/', 2)
    : ['core', apiVersion];
  const message = `${group!.split('.', 1)[0]}.${version}.${kind}`;
  return messageFields(message) === undefined ? undefined : message;
}
