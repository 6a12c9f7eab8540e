// Bad objects of core/v1 are refused in Kubernetes' words, with path and value.

import assert from 'node:assert/strict';
import type { CoreKind } from './core-manifests.ts';
import { coreKinds, errorsOf, manifest, prepared, withSpec } from './core-manifests.ts';

type Case = readonly [sentence: string, kind: CoreKind, given: unknown, ...errors: string[]];

const KEY_RULE =
  "a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. 'key.name',  or 'KEY_NAME',  or 'key-name', regex used for validation is '[-._a-zA-Z0-9]+')";

const MIB = 1024 * 1024;

const secret = (type: string, data: Readonly<Record<string, string>>) =>
  manifest('Secret', { type, data });

const limits = (...items: readonly object[]) => withSpec('LimitRange', { limits: items });

const volume = (spec: Readonly<Record<string, unknown>>) => withSpec('PersistentVolume', spec);

const claim = (spec: Readonly<Record<string, unknown>>) => withSpec('PersistentVolumeClaim', spec);

const quota = (spec: Readonly<Record<string, unknown>>) => withSpec('ResourceQuota', spec);

const subset = (fields: Readonly<Record<string, unknown>>) =>
  manifest('Endpoints', { subsets: [{ addresses: [{ ip: '10.0.0.1' }], ...fields }] });

const settings: readonly Case[] = [
  [
    'a key with a slash',
    'ConfigMap',
    manifest('ConfigMap', { data: { 'a/b': '' } }),
    `data[a/b]: Invalid value: "a/b": ${KEY_RULE}`,
  ],
  [
    'a key that leaves its directory',
    'ConfigMap',
    manifest('ConfigMap', { data: { '..': '', '..x': '' } }),
    `data[..]: Invalid value: "..": must not be '..'`,
    `data[..x]: Invalid value: "..x": must not start with '..'`,
  ],
  [
    'a key in both maps',
    'ConfigMap',
    manifest('ConfigMap', { data: { a: '' }, binaryData: { a: '' } }),
    'binaryData[a]: Invalid value: "a": duplicate of key present in data',
  ],
  [
    'more than a mebibyte in all',
    'ConfigMap',
    manifest('ConfigMap', {
      data: { a: 'x'.repeat(MIB - 2) },
      binaryData: { b: Buffer.from('abc').toString('base64') },
    }),
    '[]: Too long: may not be more than 1048576 bytes',
  ],
  [
    'binary data that is no base64',
    'ConfigMap',
    manifest('ConfigMap', { binaryData: { a: 'no!!' } }),
    'binaryData[a]: Invalid value: illegal base64 data',
  ],
  [
    'a secret that is no base64, without telling it',
    'Secret',
    manifest('Secret', { data: { password: 'hunter2' } }),
    'data[password]: Invalid value: illegal base64 data',
  ],
  [
    'a secret of more than a mebibyte',
    'Secret',
    manifest('Secret', { stringData: { a: 'x'.repeat(MIB + 1) }, data: {} }),
    'data: Too long: may not be more than 1048576 bytes',
  ],
  [
    'a TLS secret without its key',
    'Secret',
    secret('kubernetes.io/tls', { 'tls.crt': '' }),
    'data[tls.key]: Required value',
  ],
  [
    'a basic-auth secret without either',
    'Secret',
    secret('kubernetes.io/basic-auth', {}),
    'data[username]: Required value',
    'data[password]: Required value',
  ],
  [
    'an ssh secret with an empty key',
    'Secret',
    secret('kubernetes.io/ssh-auth', { 'ssh-privatekey': '' }),
    'data[ssh-privatekey]: Required value',
  ],
  [
    'a token secret of nobody',
    'Secret',
    secret('kubernetes.io/service-account-token', {}),
    'metadata.annotations[kubernetes.io/service-account.name]: Required value',
  ],
  [
    'docker credentials that are no JSON, without telling them',
    'Secret',
    secret('kubernetes.io/dockerconfigjson', { '.dockerconfigjson': 'bm9wZQ==' }),
    'data[.dockerconfigjson]: Invalid value: "<secret contents redacted>": must be valid JSON',
  ],
];

const places: readonly Case[] = [
  [
    'a subset of nothing',
    'Endpoints',
    manifest('Endpoints', { subsets: [{}] }),
    'subsets[0]: Required value: must specify `addresses` or `notReadyAddresses`',
  ],
  [
    'an address that is none',
    'Endpoints',
    subset({ addresses: [{ ip: 'web' }] }),
    'subsets[0].addresses[0].ip: Invalid value: "web": must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)',
  ],
  [
    'addresses of the machine itself',
    'Endpoints',
    subset({
      addresses: [{ ip: '127.0.0.1' }, { ip: '::1' }, { ip: '0.0.0.0' }, { ip: '169.254.1.1' }],
    }),
    'subsets[0].addresses[0].ip: Invalid value: "127.0.0.1": may not be in the loopback range (127.0.0.0/8, ::1/128)',
    'subsets[0].addresses[1].ip: Invalid value: "::1": may not be in the loopback range (127.0.0.0/8, ::1/128)',
    'subsets[0].addresses[2].ip: Invalid value: "0.0.0.0": may not be unspecified (0.0.0.0 or ::)',
    'subsets[0].addresses[3].ip: Invalid value: "169.254.1.1": may not be in the link-local range (169.254.0.0/16, fe80::/10)',
  ],
  [
    'two ports that nothing tells apart',
    'Endpoints',
    subset({ ports: [{ port: 1 }, { port: 0, name: 'b' }] }),
    'subsets[0].ports[0].name: Required value',
    'subsets[0].ports[1].port: Invalid value: 0: must be between 1 and 65535, inclusive',
  ],
];

const volumes: readonly Case[] = [
  [
    'a volume of nothing',
    'PersistentVolume',
    manifest('PersistentVolume', { spec: null }),
    'spec.accessModes: Required value',
    'spec.capacity: Required value',
    'spec: Required value: must specify a volume type',
  ],
  [
    'a volume at two places',
    'PersistentVolume',
    volume({ nfs: { server: 's', path: '/p' } }),
    'spec.nfs: Forbidden: may not specify more than 1 volume type',
  ],
  [
    'a volume of no size',
    'PersistentVolume',
    volume({ capacity: { storage: '0' } }),
    'spec.capacity[storage]: Invalid value: "0": must be greater than zero',
  ],
  [
    'a path that climbs',
    'PersistentVolume',
    volume({ hostPath: { path: '/a/../b' } }),
    `spec.hostPath.path: Invalid value: "/a/../b": must not contain '..'`,
  ],
  [
    'a local volume anywhere',
    'PersistentVolume',
    volume({ hostPath: null, local: { path: '/a' } }),
    'spec.nodeAffinity: Required value: Local volume requires node affinity',
  ],
  [
    'unknown ways to mount, reclaim and show it',
    'PersistentVolume',
    volume({
      accessModes: ['Once'],
      persistentVolumeReclaimPolicy: 'Burn',
      volumeMode: 'Tape',
    }),
    'spec.accessModes: Unsupported value: "Once": supported values: "ReadOnlyMany", "ReadWriteMany", "ReadWriteOnce", "ReadWriteOncePod"',
    'spec.persistentVolumeReclaimPolicy: Unsupported value: "Burn": supported values: "Delete", "Recycle", "Retain"',
    'spec.volumeMode: Unsupported value: "Tape": supported values: "Block", "Filesystem"',
  ],
  [
    'a claim of nothing',
    'PersistentVolumeClaim',
    manifest('PersistentVolumeClaim', { spec: null }),
    'spec.accessModes: Required value: at least 1 access mode is required',
    'spec.resources[storage]: Required value',
  ],
  [
    'a claim for one pod and for many',
    'PersistentVolumeClaim',
    claim({ accessModes: ['ReadWriteOncePod', 'ReadWriteMany'] }),
    'spec.accessModes: Forbidden: may not use ReadWriteOncePod with other access modes',
  ],
  [
    'a claim with an impossible class and source',
    'PersistentVolumeClaim',
    claim({ storageClassName: 'No', dataSource: { kind: 'Pod', name: 'p' } }),
    `spec.storageClassName: Invalid value: "No": a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')`,
    `spec.dataSource: Invalid value: "Pod": must be 'PersistentVolumeClaim' when referencing the default apiGroup`,
    `spec.dataSourceRef: Invalid value: "Pod": must be 'PersistentVolumeClaim' when referencing the default apiGroup`,
  ],
];

const bounds: readonly Case[] = [
  [
    'a minimum above the maximum',
    'LimitRange',
    limits({ type: 'Pod', min: { cpu: '2' }, max: { cpu: '1' } }),
    'spec.limits[0].min[cpu]: Invalid value: "2": min value 2 is greater than max value 1',
  ],
  [
    'a default request above the default limit, and that above the maximum',
    'LimitRange',
    limits({
      type: 'Container',
      max: { cpu: '1' },
      default: { cpu: '2' },
      defaultRequest: { cpu: '3' },
    }),
    'spec.limits[0].defaultRequest[cpu]: Invalid value: "3": default request value 3 is greater than max value 1',
    'spec.limits[0].defaultRequest[cpu]: Invalid value: "3": default request value 3 is greater than default limit value 2',
    'spec.limits[0].default[cpu]: Invalid value: "1": default value 2 is greater than max value 1',
  ],
  [
    'defaults for pods',
    'LimitRange',
    limits({ type: 'Pod', default: { cpu: '1' }, defaultRequest: { cpu: '1' } }),
    "spec.limits[0].default: Forbidden: may not be specified when `type` is 'Pod'",
    "spec.limits[0].defaultRequest: Forbidden: may not be specified when `type` is 'Pod'",
  ],
  [
    'one type twice, and one that nobody knows',
    'LimitRange',
    limits({ type: 'Pod' }, { type: 'Pod' }, { type: 'Cat' }),
    'spec.limits[1].type: Duplicate value: "Pod"',
    'spec.limits[2].type: Invalid value: "Cat": must be a standard limit type or fully qualified',
  ],
  [
    'ratios that cannot be',
    'LimitRange',
    limits({
      type: 'Pod',
      min: { cpu: '250m' },
      max: { cpu: '1' },
      maxLimitRequestRatio: { cpu: '10', memory: '500m' },
    }),
    'spec.limits[0].maxLimitRequestRatio[cpu]: Invalid value: "10": ratio 10 is greater than max/min = 4.000000',
    'spec.limits[0].maxLimitRequestRatio[memory]: Invalid value: "500m": ratio 500m is less than 1',
  ],
  [
    'bounds of claims without storage',
    'LimitRange',
    limits({ type: 'PersistentVolumeClaim' }),
    'spec.limits[0].limits: Required value: either minimum or maximum storage value is required, but neither was provided',
  ],
  [
    'a resource that containers do not have',
    'LimitRange',
    limits({ type: 'Container', max: { storage: '1Gi' } }),
    'spec.limits[0].max[storage]: Invalid value: "storage": must be a standard resource for containers',
    'spec.limits[0].default[storage]: Invalid value: "storage": must be a standard resource for containers',
    'spec.limits[0].defaultRequest[storage]: Invalid value: "storage": must be a standard resource for containers',
  ],
  [
    'a quota of what nobody counts, of less than nothing and of half a pod',
    'ResourceQuota',
    quota({ hard: { cats: '1', cpu: '-1', pods: '500m' } }),
    'spec.hard[cats]: Invalid value: "cats": must be a standard resource for quota',
    'spec.hard[cpu]: Invalid value: "-1": must be greater than or equal to 0',
    'spec.hard[pods]: Invalid value: "500m": must be an integer',
  ],
  [
    'scopes that exclude each other',
    'ResourceQuota',
    quota({ hard: { pods: '1' }, scopes: ['BestEffort', 'NotBestEffort'] }),
    'spec.scopes: Invalid value: ["BestEffort","NotBestEffort"]: conflicting scopes',
  ],
  [
    'a scope that has no such resource',
    'ResourceQuota',
    quota({ hard: { services: '1' }, scopes: ['Terminating'] }),
    'spec.scopes: Invalid value: ["Terminating"]: unsupported scope applied to resource',
  ],
  [
    'a scope selector that makes no sense',
    'ResourceQuota',
    quota({
      hard: { pods: '1' },
      scopeSelector: {
        matchExpressions: [
          { scopeName: 'PriorityClass', operator: 'In' },
          { scopeName: 'Nope', operator: 'Exists' },
        ],
      },
    }),
    "spec.scopeSelector.matchExpressions.values: Required value: must be at least one value when `operator` is 'In' or 'NotIn' for scope selector",
    'spec.scopeSelector.matchExpressions.scopeName: Invalid value: "Nope": unsupported scope',
  ],
];

const templates: readonly Case[] = [
  [
    'a template without containers',
    'PodTemplate',
    manifest('PodTemplate', { template: { spec: { containers: [] } } }),
    'template.spec.containers: Required value',
  ],
  [
    'a controller without template and selector',
    'ReplicationController',
    manifest('ReplicationController', { spec: { replicas: -1 } }),
    'spec.replicas: Invalid value: -1: must be greater than or equal to 0',
    'spec.selector: Required value',
    'spec.template: Required value',
  ],
  [
    'a controller that does not find its own pods',
    'ReplicationController',
    withSpec('ReplicationController', { selector: { app: 'other' } }),
    'spec.template.metadata.labels: Invalid value: {"app":"web"}: `selector` does not match template `labels`',
  ],
];

const cases: readonly Case[] = [...settings, ...places, ...volumes, ...bounds, ...templates];

describe('the kinds of core/v1 refuse', () => {
  for (const [sentence, kind, given, ...errors] of cases) {
    it(`${sentence} (${kind})`, () => {
      assert.deepEqual(errorsOf(prepared(kind, given)), errors);
    });
  }

  for (const kind of coreKinds) {
    it(`a ${kind} with a name in capitals, and take a good one`, () => {
      assert.deepEqual(errorsOf(prepared(kind, manifest(kind))), []);
      const metadata = { name: 'Nope', namespace: 'default' };
      const [error] = errorsOf(prepared(kind, manifest(kind, { metadata })));
      assert.match(error ?? '', /^metadata\.name: Invalid value: "Nope": a lowercase RFC 1123/);
    });
  }
});
