// What Kubernetes refuses is refused, with the same path and reason.

import assert from 'node:assert/strict';
import type { KindName } from '../../../actors/objects/kinds.ts';
import { prepareCreate } from '../../../actors/objects/write-preparation.ts';
import { deploymentManifest, podManifest, serviceManifest } from './manifests.ts';

type Case = readonly [sentence: string, kind: KindName, manifest: unknown, ...errors: RegExp[]];

const container = (fields: Readonly<Record<string, unknown>>) =>
  podManifest({ containers: [{ name: 'c', image: 'x:1', ...fields }] });

const probe = (fields: Readonly<Record<string, unknown>>) => container({ livenessProbe: fields });

const named = (name: string) => ({ ...podManifest(), metadata: { name, namespace: 'default' } });

const labelled = (labels: Readonly<Record<string, string>>) => ({
  ...podManifest(),
  metadata: { name: 'a', namespace: 'default', labels },
});

const slice = (fields: Readonly<Record<string, unknown>>) => ({
  metadata: { name: 's', namespace: 'default' },
  addressType: 'IPv4',
  endpoints: [],
  ...fields,
});

const refusals: readonly Case[] = [
  [
    'a name with capitals',
    'Pod',
    named('Web'),
    /^metadata\.name: Invalid value: "Web": a lowercase RFC 1123 subdomain/,
  ],
  [
    'no name',
    'Pod',
    named(''),
    /^metadata\.name: Required value: name or generateName is required/,
  ],
  [
    'a service name that starts with a digit',
    'Service',
    { ...serviceManifest(), metadata: { name: '1a', namespace: 'default' } },
    /a DNS-1035 label/,
  ],
  [
    'a bad label key',
    'Pod',
    labelled({ '-x': '' }),
    /^metadata\.labels: Invalid value: "-x": name part must consist/,
  ],
  [
    'a bad label value',
    'Pod',
    labelled({ x: 'a b' }),
    /^metadata\.labels: Invalid value: "a b": a valid label must be an empty string or consist/,
  ],
  [
    'a bare finalizer',
    'Pod',
    { ...podManifest(), metadata: { name: 'a', namespace: 'default', finalizers: ['mine'] } },
    /^metadata\.finalizers\[0\]/,
  ],
  [
    'a pod without spec',
    'Pod',
    { metadata: { name: 'a', namespace: 'default' } },
    /^spec: Required value/,
  ],
  [
    'a pod without containers',
    'Pod',
    podManifest({ containers: [] }),
    /^spec\.containers: Required value$/,
  ],
  [
    'a container without name and image',
    'Pod',
    podManifest({ containers: [{}] }),
    /^spec\.containers\[0\]\.name: Required value$/,
    /^spec\.containers\[0\]\.image: Required value$/,
  ],
  [
    'two containers of one name',
    'Pod',
    podManifest({
      containers: [
        { name: 'c', image: 'x' },
        { name: 'c', image: 'x' },
      ],
    }),
    /^spec\.containers\[1\]\.name: Duplicate value: "c"/,
  ],
  [
    'an unknown pull policy',
    'Pod',
    container({ imagePullPolicy: 'Often' }),
    /Unsupported value: "Often": supported values: "Always", "IfNotPresent", "Never"/,
  ],
  [
    'an unknown restart policy',
    'Pod',
    podManifest({ restartPolicy: 'Maybe' }),
    /^spec\.restartPolicy: Unsupported value: "Maybe"/,
  ],
  [
    'a port out of range',
    'Pod',
    container({ ports: [{ containerPort: 70_000 }] }),
    /^spec\.containers\[0\]\.ports\[0\]\.containerPort: Invalid value: 70000: must be between 1 and 65535, inclusive/,
  ],
  [
    'two ports of one name',
    'Pod',
    container({
      ports: [
        { name: 'a', containerPort: 1 },
        { name: 'a', containerPort: 2 },
      ],
    }),
    /ports\[1\]\.name: Duplicate value: "a"/,
  ],
  [
    'one host port twice',
    'Pod',
    container({
      ports: [
        { hostPort: 9, containerPort: 1 },
        { hostPort: 9, containerPort: 2 },
      ],
    }),
    /ports\[1\]\.hostPort: Duplicate value: "TCP\/\/9"/,
  ],
  [
    'a bad environment name',
    'Pod',
    container({ env: [{ name: 'A=B' }] }),
    /env\[0\]\.name: Invalid value: "A=B"/,
  ],
  [
    'a value beside valueFrom',
    'Pod',
    container({
      env: [{ name: 'A', value: 'x', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } }],
    }),
    /valueFrom: Invalid value: "": may not be specified when `value` is not empty/,
  ],
  [
    'an unknown field reference',
    'Pod',
    container({ env: [{ name: 'A', valueFrom: { fieldRef: { fieldPath: 'status.mood' } } }] }),
    /fieldRef\.fieldPath: Unsupported value: "status\.mood"/,
  ],
  [
    'a mount of no volume',
    'Pod',
    container({ volumeMounts: [{ name: 'v', mountPath: '/v' }] }),
    /volumeMounts\[0\]\.name: Not found: "v"/,
  ],
  [
    'a volume of two kinds',
    'Pod',
    podManifest({ volumes: [{ name: 'v', emptyDir: {}, hostPath: { path: '/x' } }] }),
    /^spec\.volumes\[0\]\.hostPath: Forbidden: may not specify more than 1 volume type/,
  ],
  [
    'requests above limits',
    'Pod',
    container({ resources: { requests: { cpu: 2 }, limits: { cpu: 1 } } }),
    /resources\.requests: Invalid value: "2": must be less than or equal to cpu limit of 1/,
  ],
  [
    'a negative request',
    'Pod',
    container({ resources: { requests: { memory: '-1' } } }),
    /resources\.requests\[memory\]: Invalid value: "-1": must be greater than or equal to 0/,
  ],
  [
    'an unknown resource',
    'Pod',
    container({ resources: { requests: { mood: 1 } } }),
    /must be a standard resource for containers/,
  ],
  [
    'a bad quantity',
    'Pod',
    container({ resources: { requests: { cpu: 'lots' } } }),
    /requests\[cpu\]: Invalid value: "lots": quantities must match/,
  ],
  [
    'a probe that does nothing',
    'Pod',
    probe({}),
    /livenessProbe: Required value: must specify a handler type/,
  ],
  [
    'a probe that does two things',
    'Pod',
    probe({ exec: { command: ['a'] }, tcpSocket: { port: 1 } }),
    /livenessProbe\.tcpSocket: Forbidden: may not specify more than 1 handler type/,
  ],
  [
    'a liveness probe that must succeed twice',
    'Pod',
    probe({ exec: { command: ['a'] }, successThreshold: 2 }),
    /successThreshold: Invalid value: 2: must be 1/,
  ],
  [
    'a negative delay',
    'Pod',
    probe({ exec: { command: ['a'] }, initialDelaySeconds: -1 }),
    /initialDelaySeconds: Invalid value: -1: must be greater than or equal to 0/,
  ],
  [
    'a toleration of everything that is not Exists',
    'Pod',
    podManifest({ tolerations: [{ effect: 'NoSchedule' }] }),
    /tolerations\[0\]\.operator: Invalid value: "Equal": operator must be Exists/,
  ],
  [
    'a spread without a topology',
    'Pod',
    podManifest({
      topologySpreadConstraints: [
        { maxSkew: 0, topologyKey: '', whenUnsatisfiable: 'DoNotSchedule' },
      ],
    }),
    /maxSkew: Invalid value: 0: must be greater than 0/,
    /topologyKey: Required value/,
  ],
  [
    'an affinity with an unknown operator',
    'Pod',
    podManifest({
      affinity: {
        nodeAffinity: {
          requiredDuringSchedulingIgnoredDuringExecution: {
            nodeSelectorTerms: [{ matchExpressions: [{ key: 'a', operator: 'Like' }] }],
          },
        },
      },
    }),
    /operator: Invalid value: "Like": not a valid selector operator/,
  ],
  [
    'negative replicas',
    'Deployment',
    deploymentManifest({ replicas: -1 }),
    /^spec\.replicas: Invalid value: -1: must be greater than or equal to 0/,
  ],
  [
    'no selector',
    'Deployment',
    deploymentManifest({ selector: null }),
    /^spec\.selector: Required value/,
  ],
  [
    'an empty selector',
    'Deployment',
    deploymentManifest({ selector: {} }),
    /^spec\.selector: Invalid value: \{\}: empty selector is invalid for deployment/,
  ],
  [
    'a selector that its template does not match',
    'Deployment',
    deploymentManifest({ selector: { matchLabels: { app: 'other' } } }),
    /^spec\.template\.metadata\.labels: Invalid value: \{"app":"web"\}: `selector` does not match template `labels`/,
  ],
  [
    'a template that does not restart',
    'ReplicaSet',
    {
      ...deploymentManifest({
        template: {
          metadata: { labels: { app: 'web' } },
          spec: { restartPolicy: 'Never', containers: [{ name: 'c', image: 'x' }] },
        },
      }),
      kind: 'ReplicaSet',
    },
    /^spec\.template\.spec\.restartPolicy: Unsupported value: "Never": supported values: "Always"/,
  ],
  [
    'a rolling update that cannot move',
    'Deployment',
    deploymentManifest({ strategy: { rollingUpdate: { maxUnavailable: 0, maxSurge: '0%' } } }),
    /maxUnavailable: Invalid value: 0: may not be 0 when `maxSurge` is 0/,
  ],
  [
    'rolling numbers with Recreate',
    'Deployment',
    deploymentManifest({ strategy: { type: 'Recreate', rollingUpdate: {} } }),
    /^spec\.strategy\.rollingUpdate: Forbidden/,
  ],
  [
    'half a percentage',
    'Deployment',
    deploymentManifest({ strategy: { rollingUpdate: { maxSurge: '5' } } }),
    /maxSurge: Invalid value: "5": a valid percent string/,
  ],
  [
    'a deadline before it is ready',
    'Deployment',
    deploymentManifest({ minReadySeconds: 700 }),
    /^spec\.progressDeadlineSeconds: Invalid value: 600: must be greater than minReadySeconds/,
  ],
  [
    'a service without ports',
    'Service',
    serviceManifest({ ports: [] }),
    /^spec\.ports: Required value/,
  ],
  [
    'nameless ports of a service with two',
    'Service',
    serviceManifest({ ports: [{ port: 1 }, { port: 2 }] }),
    /^spec\.ports\[0\]\.name: Required value/,
    /^spec\.ports\[1\]\.name: Required value/,
  ],
  [
    'a port of a service twice',
    'Service',
    serviceManifest({
      ports: [
        { name: 'a', port: 1 },
        { name: 'b', port: 1 },
      ],
    }),
    /^spec\.ports\[1\]: Duplicate value/,
  ],
  [
    'a node port of a ClusterIP service',
    'Service',
    serviceManifest({ ports: [{ port: 1, nodePort: 30_000 }] }),
    /nodePort: Forbidden: may not be used when `type` is 'ClusterIP'/,
  ],
  [
    'a cluster address that is none',
    'Service',
    serviceManifest({ clusterIP: '10.0.0' }),
    /^spec\.clusterIPs\[0\]: Invalid value: "10\.0\.0": must be a valid IP address/,
  ],
  [
    'an external name without a name',
    'Service',
    serviceManifest({ type: 'ExternalName' }),
    /^spec\.externalName: Required value/,
  ],
  [
    'an unknown type of service',
    'Service',
    serviceManifest({ type: 'Magic' }),
    /^spec\.type: Unsupported value: "Magic"/,
  ],
  [
    'an address of the wrong family',
    'EndpointSlice',
    slice({ endpoints: [{ addresses: ['::1'] }] }),
    /^endpoints\[0\]\.addresses\[0\]: Invalid value: "::1": must be an IPv4 address/,
  ],
  [
    'an endpoint without addresses',
    'EndpointSlice',
    slice({ endpoints: [{}] }),
    /^endpoints\[0\]\.addresses: Required value/,
  ],
  [
    'a taint without effect',
    'Node',
    { metadata: { name: 'n' }, spec: { taints: [{ key: 'a', effect: 'Sometimes' }] } },
    /^spec\.taints\[0\]\.effect: Unsupported value: "Sometimes"/,
  ],
  [
    'an event in another namespace than its object',
    'Event',
    { metadata: { name: 'e', namespace: 'a' }, involvedObject: { namespace: 'b' } },
    /^involvedObject\.namespace: Invalid value: "b": does not match event\.namespace/,
  ],
];

describe('validation refuses', () => {
  for (const [sentence, kind, manifest, ...wanted] of refusals) {
    it(sentence, () => {
      const prepared = prepareCreate(kind, manifest, { nowMs: 0, uid: 'u' });
      assert.ok(!prepared.ok, 'was taken');
      const found = prepared.errors.map(({ path, message }) => `${path}: ${message}`);
      assert.equal(found.length, wanted.length, found.join('\n'));
      for (const [i, pattern] of wanted.entries()) assert.match(found[i]!, pattern);
    });
  }
});

const accepted: readonly (readonly [sentence: string, kind: KindName, manifest: unknown])[] = [
  [
    'a headless service without ports',
    'Service',
    serviceManifest({ clusterIP: 'None', ports: [] }),
  ],
  [
    'a node port',
    'Service',
    serviceManifest({ type: 'NodePort', ports: [{ port: 1, nodePort: 30_000 }] }),
  ],
  [
    'an external name',
    'Service',
    {
      metadata: { name: 'x', namespace: 'd' },
      spec: { type: 'ExternalName', externalName: 'example.com' },
    },
  ],
  [
    'a sidecar with a probe',
    'Pod',
    podManifest({
      initContainers: [
        {
          name: 's',
          image: 'x',
          restartPolicy: 'Always',
          startupProbe: { exec: { command: ['a'] } },
        },
      ],
    }),
  ],
  [
    'resources with a domain',
    'Pod',
    container({ resources: { limits: { 'example.com/gpu': 1 } } }),
  ],
  [
    'labels as environment',
    'Pod',
    container({
      env: [{ name: 'A', valueFrom: { fieldRef: { fieldPath: "metadata.labels['app']" } } }],
    }),
  ],
  [
    'generated names that end in a hyphen',
    'Pod',
    { ...podManifest(), metadata: { generateName: 'a-', namespace: 'default' } },
  ],
  [
    'a slice of no endpoints',
    'EndpointSlice',
    { metadata: { name: 's', namespace: 'd' }, addressType: 'IPv6', endpoints: null },
  ],
  [
    'a Deployment that recreates',
    'Deployment',
    deploymentManifest({ strategy: { type: 'Recreate' } }),
  ],
];

describe('validation takes', () => {
  for (const [sentence, kind, manifest] of accepted) {
    it(sentence, () => {
      const prepared = prepareCreate(kind, manifest, { nowMs: 0, uid: 'u', nameSuffix: 'abcde' });
      assert.ok(prepared.ok, prepared.ok ? '' : prepared.message);
    });
  }
});
