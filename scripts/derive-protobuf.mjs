// Derives actors/gateway/protobuf/messages.generated.ts from published facts about Kubernetes' protobuf form.
// Usage: node scripts/derive-protobuf.mjs PROTOBUF_FIELDS.json K8S_IO_DIRECTORY > actors/gateway/protobuf/messages.generated.ts
//   PROTOBUF_FIELDS.json   by message, by field: [number, type]
//   K8S_IO_DIRECTORY       holds api/ and apimachinery/, Kubernetes' Go types, for what the fields do not say: their
//                          names in JSON, and which are pointers
//
// A message is its fields, parted by `, `; a field is `name number type[shape][?]`.
//   name    in JSON; `.` for a message whose fields are those of the message around it
//   type    string, bool, int32, int64, bytes, a special form (time microtime quantity int-or-string json
//           strings), or a message; strings is a message that is a list of strings
//   shape   `[]` a list, `{}` a map from strings
//   ?       a value that is zero was not given: writers always write it, JSON leaves it out

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Whose kinds are served, now or soon; what they refer to comes along. */
const PACKAGES = new Set(
  [
    'apps.v1 authentication.v1 authorization.v1 autoscaling.v1 autoscaling.v2 batch.v1 certificates.v1',
    'coordination.v1 core.v1 discovery.v1 events.v1 networking.v1 node.v1 policy.v1 rbac.v1 scheduling.v1 storage.v1',
  ]
    .join(' ')
    .split(' '),
);

const SPECIAL = {
  'api.resource.Quantity': 'quantity',
  'util.intstr.IntOrString': 'int-or-string',
  'meta.v1.Time': 'time',
  'meta.v1.MicroTime': 'microtime',
  'meta.v1.FieldsV1': 'json',
  'pkg.runtime.RawExtension': 'json',
};
const SCALARS = new Set(['string', 'bool', 'int32', 'int64', 'bytes']);

const shortName = (name) => name.split('.').slice(-3).join('.');
const packageOf = (name) => name.slice(0, name.lastIndexOf('.'));

/** By Go type, by protobuf field: its name in JSON, whether it is a pointer, whether JSON leaves out its zero. */
function readGoTypes(directory) {
  const types = new Map();
  let fields;
  for (const name of readdirSync(directory).filter((file) => file.endsWith('.go'))) {
    for (const line of readFileSync(join(directory, name), 'utf8').split('\n')) {
      const start = /^type (\w+) struct/.exec(line);
      if (start !== null) types.set(start[1], (fields = new Map()));
      else if (line === '}') fields = undefined;
      const field = /^\t(?:\w+ +)?(\*?)\S+ +`(.*)`/.exec(line);
      const number = /protobuf:"\w+,(\d+),/.exec(field?.[2] ?? '');
      if (fields === undefined || number === null) continue;
      const [json, ...options] = (/json:"([^"]*)"/.exec(field[2])?.[1] ?? '').split(',');
      fields.set(Number(number[1]), {
        json,
        pointer: field[1] === '*',
        omitempty: options.includes('omitempty'),
      });
    }
  }
  return types;
}

function main(fieldsPath, goPath) {
  const published = JSON.parse(readFileSync(fieldsPath, 'utf8'));
  const goTypes = new Map();
  const goOf = (message) => {
    const directory = packageOf(message)
      .replace(/^k8s\.io\./, '')
      .replaceAll('.', '/');
    if (!goTypes.has(directory)) goTypes.set(directory, readGoTypes(join(goPath, directory)));
    return goTypes.get(directory).get(message.slice(message.lastIndexOf('.') + 1));
  };
  const isKind = (message) =>
    PACKAGES.has(packageOf(shortName(message))) &&
    (published[message].metadata?.[1] ?? '').endsWith('.ObjectMeta');
  const queue = Object.keys(published).filter(isKind);
  queue.push('k8s.io.apimachinery.pkg.apis.meta.v1.DeleteOptions');
  const wanted = new Map();
  for (let name = queue.pop(); name !== undefined; name = queue.pop()) {
    if (wanted.has(shortName(name))) continue;
    const refer = (reference) => queue.push(reference);
    wanted.set(shortName(name), describe(name, published, goOf, refer));
  }
  process.stdout.write(print(wanted));
}

function describe(message, published, goOf, refer) {
  const go = goOf(message);
  if (go === undefined) throw new Error(`no Go type for ${message}`);
  return Object.entries(published[message]).map(([name, [number, text]]) => {
    const known = go.get(number);
    if (known === undefined) throw new Error(`no Go field for ${message}.${name} (${number})`);
    const { type, shape } = typeOf(text, message, published, goOf, refer);
    const isValue = shape === '' && (SCALARS.has(type) || type === 'int-or-string');
    const mark = isValue && known.omitempty && !known.pointer ? '?' : '';
    return `${known.json === '' ? '.' : known.json} ${number} ${type}${shape}${mark}`;
  });
}

function typeOf(text, message, published, goOf, refer) {
  const [, repeated, values, one] = /^(repeated )?(?:map<string,(.+)>|(.+))$/.exec(text);
  const shape = repeated === undefined ? (values === undefined ? '' : '{}') : '[]';
  const given = values ?? one;
  if (SCALARS.has(given)) return { type: given, shape };
  const name = given.startsWith('.') ? given.slice(1) : `${packageOf(message)}.${given}`;
  if (SPECIAL[shortName(name)] !== undefined) return { type: SPECIAL[shortName(name)], shape };
  if (published[name] === undefined) throw new Error(`no message ${name}, of ${message}`);
  if (goOf(name) === undefined) return { type: 'strings', shape };
  refer(name);
  return { type: shortName(name), shape };
}

function print(wanted) {
  const names = [...wanted.keys()].sort((left, right) => (left < right ? -1 : 1));
  return [
    "// The fields of Kubernetes' protobuf messages that requests may hold.\n",
    '// Written by scripts/derive-protobuf.mjs, where the notation is explained. Do not edit.\n\n',
    'export const MESSAGES: Readonly<Record<string, string>> = {\n',
    ...names.map((name) => `  '${name}':\n    '${wanted.get(name).join(', ')}',\n`),
    '};\n',
  ].join('');
}

const [fieldsPath, goPath] = process.argv.slice(2);
if (goPath === undefined) {
  process.stderr.write(
    'usage: node scripts/derive-protobuf.mjs PROTOBUF_FIELDS.json K8S_IO_DIRECTORY > messages.generated.ts\n',
  );
  process.exitCode = 2;
} else {
  main(fieldsPath, goPath);
}
