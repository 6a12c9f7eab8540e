// Derives actors/objects/schema.generated.ts from a published Kubernetes OpenAPI v2 file.
// Usage: node scripts/derive-schema.mjs OPENAPI.json > actors/objects/schema.generated.ts
//
// A property is one text: `type[shape][!][ list=…][ patch=…][ key=…][ map=atomic]`.
//   type    a scalar (string bytes int32 int64 float boolean time microtime quantity int-or-string any) or a definition
//   shape   `[]` a list, `{}` a map from strings
//   !       required
//   list    `set`, or `map:key,key` for lists whose items are told apart by these fields; else atomic
//   patch   patch strategies of strategic merge; key: the merge key of such a list
//   map     `atomic`: an object that is replaced whole

import { readFileSync } from 'node:fs';

/** The served kinds; everything they refer to comes along. */
const ROOTS = [
  'core.v1.Namespace',
  'core.v1.Node',
  'core.v1.Pod',
  'apps.v1.ReplicaSet',
  'apps.v1.Deployment',
  'core.v1.Service',
  'discovery.v1.EndpointSlice',
  'core.v1.Event',
  'core.v1.ConfigMap',
  'core.v1.Secret',
  'core.v1.Endpoints',
  'core.v1.PersistentVolume',
  'core.v1.PersistentVolumeClaim',
  'core.v1.LimitRange',
  'core.v1.ResourceQuota',
  'core.v1.PodTemplate',
  'core.v1.ReplicationController',
  'events.v1.Event',
  'apps.v1.StatefulSet',
  'apps.v1.DaemonSet',
  'apps.v1.ControllerRevision',
  'batch.v1.Job',
  'batch.v1.CronJob',
  'autoscaling.v2.HorizontalPodAutoscaler',
  'autoscaling.v1.HorizontalPodAutoscaler',
  'policy.v1.PodDisruptionBudget',
  'networking.v1.Ingress',
  'networking.v1.IngressClass',
  'networking.v1.NetworkPolicy',
  'networking.v1.IPAddress',
  'networking.v1.ServiceCIDR',
  'storage.v1.StorageClass',
  'storage.v1.CSIDriver',
  'storage.v1.CSINode',
  'storage.v1.CSIStorageCapacity',
  'storage.v1.VolumeAttachment',
  'storage.v1.VolumeAttributesClass',
  'scheduling.v1.PriorityClass',
  'coordination.v1.Lease',
  'node.v1.RuntimeClass',
  'certificates.v1.CertificateSigningRequest',
  'core.v1.ServiceAccount',
  'rbac.v1.Role',
  'rbac.v1.RoleBinding',
  'rbac.v1.ClusterRole',
  'rbac.v1.ClusterRoleBinding',
];

/** Published as required, and yet set by the server when left out. */
const DEFAULTED = { 'rbac.v1.RoleRef': ['apiGroup'] };
/** What requests and answers hold beside objects of these kinds. */
const SHARED = [
  'meta.v1.DeleteOptions',
  'meta.v1.ListMeta',
  'meta.v1.Status',
  'autoscaling.v1.Scale',
  'policy.v1.Eviction',
];

const SCALARS = {
  'api.resource.Quantity': 'quantity',
  'util.intstr.IntOrString': 'int-or-string',
  'meta.v1.Time': 'time',
  'meta.v1.MicroTime': 'microtime',
  'meta.v1.FieldsV1': 'any',
  'pkg.runtime.RawExtension': 'any',
};

const shortName = (name) => name.split('.').slice(-3).join('.');

function main(path) {
  const { definitions, info } = JSON.parse(readFileSync(path, 'utf8'));
  const byShortName = new Map();
  for (const [name, definition] of Object.entries(definitions)) {
    byShortName.set(shortName(name), definition);
  }
  const wanted = new Map();
  const queue = [...ROOTS, ...SHARED];
  for (let name = queue.pop(); name !== undefined; name = queue.pop()) {
    if (wanted.has(name)) continue;
    const definition = byShortName.get(name);
    if (definition === undefined) throw new Error(`${path} has no definition ${name}`);
    const isAtomic = (other) => byShortName.get(other)?.['x-kubernetes-map-type'] === 'atomic';
    wanted.set(
      name,
      describe(name, definition, (reference) => queue.push(reference), isAtomic),
    );
  }
  const version = info?.version === undefined ? '' : ` ${info.version}`;
  process.stdout.write(print(wanted, version));
}

function describe(definitionName, definition, refer, isAtomic) {
  const required = new Set(definition.required ?? []);
  for (const name of DEFAULTED[definitionName] ?? []) required.delete(name);
  const fields = Object.entries(definition.properties ?? {}).map(([name, property]) => [
    name,
    describeProperty(property, required.has(name), refer, isAtomic),
  ]);
  return Object.fromEntries(fields.sort(([left], [right]) => (left < right ? -1 : 1)));
}

function describeProperty(property, isRequired, refer, isAtomic) {
  const { items, additionalProperties: values } = property;
  const shape = items === undefined ? (values === undefined ? '' : '{}') : '[]';
  const type = typeName(items ?? values ?? property, refer);
  const words = [type + shape + (isRequired ? '!' : '')];
  const keys = property['x-kubernetes-list-map-keys'];
  const listType = property['x-kubernetes-list-type'];
  if (keys !== undefined) words.push(`list=map:${keys.join(',')}`);
  else if (listType === 'set') words.push('list=set');
  const strategy = property['x-kubernetes-patch-strategy'];
  if (strategy !== undefined) words.push(`patch=${strategy}`);
  const key = property['x-kubernetes-patch-merge-key'];
  if (key !== undefined) words.push(`key=${key}`);
  if (property['x-kubernetes-map-type'] === 'atomic' || isAtomic(type)) words.push('map=atomic');
  return words.join(' ');
}

function typeName(property, refer) {
  if (property.$ref !== undefined) {
    const name = shortName(property.$ref.replace('#/definitions/', ''));
    if (SCALARS[name] !== undefined) return SCALARS[name];
    refer(name);
    return name;
  }
  const { type, format } = property;
  if (type === 'integer') return format ?? 'int64';
  if (type === 'number') return 'float';
  if (type === 'string' && format === 'date-time') return 'time';
  if (type === 'string' && format === 'byte') return 'bytes';
  if (type === 'string' || type === 'boolean') return type;
  return 'any';
}

function print(wanted, version) {
  const names = [...wanted.keys()].sort((left, right) => (left < right ? -1 : 1));
  const definitions = names.map((name) => {
    const fields = Object.entries(wanted.get(name)).map(
      ([field, text]) => `    ${/^\w+$/.test(field) ? field : `'${field}'`}: '${text}',\n`,
    );
    return `  '${name}': {\n${fields.join('')}  },\n`;
  });
  return [
    `// The shapes of the served kinds and of all they hold, from Kubernetes' published OpenAPI${version}.\n`,
    '// Written by scripts/derive-schema.mjs, where the notation is explained. Do not edit.\n\n',
    '/** By definition, by property. */\n',
    'export const DEFINITIONS: Readonly<Record<string, Readonly<Record<string, string>>>> = {\n',
    ...definitions,
    '};\n',
  ].join('');
}

const [path] = process.argv.slice(2);
if (path === undefined) {
  process.stderr.write(
    'usage: node scripts/derive-schema.mjs OPENAPI.json > schema.generated.ts\n',
  );
  process.exitCode = 2;
} else {
  main(path);
}
