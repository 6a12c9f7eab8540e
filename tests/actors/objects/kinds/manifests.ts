// One good object of each kind of the remaining groups, as a user would write it, for tests to spoil.

import type { KindName, ObjectTypes } from '../../../../actors/objects/kinds.ts';
import type { Stored } from '../../../../actors/objects/objects.ts';
import { prepareCreate } from '../../../../actors/objects/write-preparation.ts';

const template = (spec: object = {}) => ({
  metadata: { labels: { app: 'web' } },
  spec: { containers: [{ name: 'c', image: 'x:1' }], ...spec },
});

const selected = { selector: { matchLabels: { app: 'web' } }, template: template() };

/** A request for the name `web`, with a key that nobody kept. */
const DER =
  'MIGNMEECAQAwDjEMMAoGA1UEAwwDd2ViMCowBQYDK2VwAyEA7BeQSLeH6UoUOUpvB46Cs6s1/HK0' +
  'i/H0VKlEGMqh2imgADAFBgMrZXADQQDw9EInD5q5X0HAyam+akfYcHEUV8c5ij0f7xiHwoGvDiTP' +
  'Jlk99BfeVQEGpwdkayAmoEqLVTwtqeyaSui6bHsM';

/** Base64 of PEM, as requests are sent. */
export const pemRequest = (der: string): string =>
  Buffer.from(
    `-----BEGIN CERTIFICATE REQUEST-----\n${der}\n-----END CERTIFICATE REQUEST-----\n`,
  ).toString('base64');

/** Without metadata: `manifest` gives a name. */
const good = {
  StatefulSet: {
    spec: {
      ...selected,
      serviceName: 'web',
      template: template({
        containers: [
          { name: 'c', image: 'x:1', volumeMounts: [{ name: 'data', mountPath: '/data' }] },
        ],
      }),
      volumeClaimTemplates: [
        {
          metadata: { name: 'data' },
          spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } },
        },
      ],
    },
  },
  DaemonSet: { spec: selected },
  ControllerRevision: { data: { spec: { template: {} } }, revision: 1 },
  Job: { spec: { template: template({ restartPolicy: 'Never' }) } },
  CronJob: {
    spec: {
      schedule: '*/5 * * * *',
      jobTemplate: { spec: { template: template({ restartPolicy: 'OnFailure' }) } },
    },
  },
  HorizontalPodAutoscaler: {
    spec: {
      scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web' },
      maxReplicas: 3,
    },
  },
  PodDisruptionBudget: { spec: { minAvailable: 1, selector: { matchLabels: { app: 'web' } } } },
  Ingress: {
    spec: {
      rules: [
        {
          host: 'example.com',
          http: {
            paths: [
              {
                path: '/',
                pathType: 'Prefix',
                backend: { service: { name: 'web', port: { number: 80 } } },
              },
            ],
          },
        },
      ],
    },
  },
  IngressClass: { spec: { controller: 'example.com/ingress' } },
  NetworkPolicy: {
    spec: {
      podSelector: {},
      ingress: [{ from: [{ podSelector: {} }], ports: [{ port: 80 }] }],
    },
  },
  IPAddress: {
    spec: { parentRef: { resource: 'services', namespace: 'default', name: 'kubernetes' } },
  },
  ServiceCIDR: { spec: { cidrs: ['10.96.0.0/16', 'fd00:1::/108'] } },
  StorageClass: { provisioner: 'example.com/disk', parameters: { type: 'fast' } },
  CSIDriver: { spec: {} },
  CSINode: { spec: { drivers: [{ name: 'disk.example.com', nodeID: 'n1' }] } },
  CSIStorageCapacity: { storageClassName: 'fast', capacity: '10Gi' },
  VolumeAttachment: {
    spec: { attacher: 'disk.example.com', nodeName: 'n1', source: { persistentVolumeName: 'pv' } },
  },
  VolumeAttributesClass: { driverName: 'disk.example.com', parameters: { iops: '100' } },
  PriorityClass: { value: 1_000 },
  Lease: { spec: { holderIdentity: 'a', leaseDurationSeconds: 15 } },
  RuntimeClass: { handler: 'runc' },
  CertificateSigningRequest: {
    spec: { request: pemRequest(DER), signerName: 'example.com/signer', usages: ['client auth'] },
  },
} as const satisfies Partial<Record<KindName, object>>;

export type TriedKind = keyof typeof good;

export const triedKinds = Object.keys(good) as readonly TriedKind[];

const NAMES: Partial<Record<TriedKind, string>> = { IPAddress: '10.96.0.1' };

export type Fields = Readonly<Record<string, unknown>>;

/** The good object with other fields in its spec, or in itself where it has none. */
export function manifest(kind: TriedKind, fields: Fields = {}, metadata: Fields = {}): Fields {
  const body: Fields = structuredClone(good[kind]);
  const named = { name: NAMES[kind] ?? 'web', namespace: 'default', ...metadata };
  const spoiled =
    'spec' in body ? { spec: { ...(body['spec'] as Fields), ...fields } } : { ...body, ...fields };
  return { metadata: named, ...spoiled };
}

/** A template of pods with other fields in its spec. */
export const podTemplate = template;

/** As it would be stored. */
export function stored<K extends TriedKind>(
  kind: K,
  fields: Fields = {},
  metadata: Fields = {},
): Stored<K> {
  const prepared = prepareCreate(kind, manifest(kind, fields, metadata), { nowMs: 0, uid: 'u' });
  if (!prepared.ok) throw new Error(prepared.message);
  const object: ObjectTypes[K] = prepared.object;
  return { ...object, metadata: { ...object.metadata, resourceVersion: '7' } };
}
