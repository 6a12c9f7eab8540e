// Manifests of the kinds of core/v1 as users write them, and short ways to have them taken.

import assert from 'node:assert/strict';
import type { KindName, ObjectTypes } from '../../../../../actors/objects/kinds.ts';
import type { Stored } from '../../../../../actors/objects/objects.ts';
import type { Prepared } from '../../../../../actors/objects/write-preparation.ts';
import { prepareCreate, prepareUpdate } from '../../../../../actors/objects/write-preparation.ts';

type Fields = Readonly<Record<string, unknown>>;

const metadata = { name: 'a', namespace: 'default' };

const whole = {
  ConfigMap: { data: { 'app.conf': 'x=1' } },
  Secret: { data: { key: 'dmFsdWU=' } },
  Endpoints: { subsets: [{ addresses: [{ ip: '10.0.0.1' }], ports: [{ port: 80 }] }] },
  PersistentVolume: {
    spec: {
      capacity: { storage: '1Gi' },
      accessModes: ['ReadWriteOnce'],
      hostPath: { path: '/data' },
    },
  },
  PersistentVolumeClaim: {
    spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } },
  },
  LimitRange: { spec: { limits: [{ type: 'Container', max: { cpu: '2' }, min: { cpu: '1' } }] } },
  ResourceQuota: { spec: { hard: { pods: '10', 'limits.cpu': '4' } } },
  PodTemplate: {
    template: {
      metadata: { labels: { app: 'web' } },
      spec: { containers: [{ name: 'c', image: 'x:1' }] },
    },
  },
  ReplicationController: {
    spec: {
      template: {
        metadata: { labels: { app: 'web' } },
        spec: { containers: [{ name: 'c', image: 'x:1' }] },
      },
    },
  },
};

export type CoreKind = keyof typeof whole;

export const coreKinds = Object.keys(whole) as readonly CoreKind[];

/** A good object of the kind, with some of its top fields replaced. */
export const manifest = (kind: CoreKind, fields: Fields = {}): Fields => ({
  metadata,
  ...structuredClone(whole[kind]),
  ...fields,
});

/** A good object of the kind, with some of the fields of its spec replaced. */
export function withSpec(kind: CoreKind, spec: Fields): Fields {
  const { spec: usual } = whole[kind] as { spec?: Fields };
  return manifest(kind, { spec: { ...structuredClone(usual), ...spec } });
}

const creation = { nowMs: Date.UTC(2026, 0, 2, 3, 4, 5), uid: 'u-1' };

export const prepared = <K extends KindName>(kind: K, given: unknown): Prepared<K> =>
  prepareCreate(kind, given, creation);

export function created<K extends KindName>(kind: K, given: unknown): ObjectTypes[K] {
  const one = prepared(kind, given);
  assert.ok(one.ok, one.ok ? '' : one.message);
  return one.object;
}

/** What becomes of the object when its fields are replaced; `status` is what it had. */
export function updated<K extends KindName>(
  kind: K,
  given: unknown,
  fields: Fields,
  status?: Fields,
): Prepared<K> {
  const old = created(kind, given) as Stored<K>;
  const existing = {
    ...old,
    ...(status === undefined ? {} : { status }),
    metadata: { ...old.metadata, resourceVersion: '7' },
  } as Stored<K>;
  return prepareUpdate(kind, existing, { ...existing, ...fields });
}

export const errorsOf = (one: Prepared<KindName>): readonly string[] =>
  one.ok ? [] : one.errors.map(({ path, message }) => `${path}: ${message}`);
