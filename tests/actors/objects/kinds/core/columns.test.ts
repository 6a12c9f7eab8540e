// `kubectl get` of the kinds of core/v1 shows the columns and words that its users know.

import assert from 'node:assert/strict';
import { kindDefinition, kindNames } from '../../../../../actors/objects/kind-table.ts';
import type { KindName, ObjectTypes } from '../../../../../actors/objects/kinds.ts';
import type { CoreKind } from './core-manifests.ts';
import { created, manifest, withSpec } from './core-manifests.ts';

const NOW = Date.UTC(2026, 0, 2, 4, 4, 5);

/** Names and cells, as `-o wide` prints them. */
const printed = <K extends KindName>(kind: K, object: ObjectTypes[K]): string =>
  kindDefinition(kind)
    .columns.map(({ name, cell }) => `${name}=${cell(object, NOW)}`)
    .join(' | ');

const rows: readonly (readonly [CoreKind, unknown, string])[] = [
  ['ConfigMap', manifest('ConfigMap', { binaryData: { b: '' } }), 'Name=a | Data=2 | Age=60m'],
  ['Secret', manifest('Secret'), 'Name=a | Type=Opaque | Data=1 | Age=60m'],
  [
    'Endpoints',
    manifest('Endpoints', {
      subsets: [
        { addresses: [{ ip: '10.0.0.1' }, { ip: 'fd00::1' }], ports: [{ port: 80 }] },
        { addresses: [{ ip: '10.0.0.3' }, { ip: '10.0.0.4' }] },
      ],
    }),
    'Name=a | Endpoints=10.0.0.1:80,[fd00::1]:80,10.0.0.3 + 1 more... | Age=60m',
  ],
  [
    'PersistentVolume',
    withSpec('PersistentVolume', {
      accessModes: ['ReadWriteMany', 'ReadWriteOnce'],
      storageClassName: 'fast',
      claimRef: { namespace: 'shop', name: 'data' },
    }),
    'Name=a | Capacity=1Gi | Access Modes=RWO,RWX | Reclaim Policy=Retain | Status=Pending | Claim=shop/data | StorageClass=fast | VolumeAttributesClass=<unset> | Reason= | Age=60m | VolumeMode=Filesystem',
  ],
  [
    'PersistentVolumeClaim',
    manifest('PersistentVolumeClaim'),
    'Name=a | Status=Pending | Volume= | Capacity= | Access Modes= | StorageClass= | VolumeAttributesClass=<unset> | Age=60m | VolumeMode=Filesystem',
  ],
  ['LimitRange', manifest('LimitRange'), 'Name=a | Created At=2026-01-02T03:04:05Z'],
  [
    'PodTemplate',
    manifest('PodTemplate'),
    'Name=a | Containers=c | Images=x:1 | Pod Labels=app=web | Age=60m',
  ],
  [
    'ReplicationController',
    manifest('ReplicationController'),
    'Name=a | Desired=1 | Current=0 | Ready=0 | Age=60m | Containers=c | Images=x:1 | Selector=app=web',
  ],
];

describe('the columns of core/v1', () => {
  for (const [kind, given, row] of rows) {
    it(`of a ${kind}`, () => assert.equal(printed(kind, created(kind, given)), row));
  }

  it('of a quota: what is used of what is allowed, limits apart', () => {
    const quota = created('ResourceQuota', manifest('ResourceQuota'));
    quota.status = {
      hard: { pods: '10', 'limits.cpu': '4', cpu: '2' },
      used: { pods: '3', cpu: '500m' },
    };
    assert.equal(
      printed('ResourceQuota', quota),
      'Name=a | Request=cpu: 500m/2, pods: 3/10 | Limit=limits.cpu: 0/4 | Age=60m',
    );
  });

  it('of a claim that has its volume', () => {
    const claim = created(
      'PersistentVolumeClaim',
      withSpec('PersistentVolumeClaim', { volumeName: 'v' }),
    );
    const status = {
      phase: 'Bound',
      capacity: { storage: '2Gi' },
      accessModes: ['ReadWriteOnce'],
    };
    assert.match(
      printed('PersistentVolumeClaim', { ...claim, status }),
      /^Name=a \| Status=Bound \| Volume=v \| Capacity=2Gi \| Access Modes=RWO \|/,
    );
  });

  it('of every kind can be printed for a bookmark, which has nothing but a revision', () => {
    for (const kind of kindNames) {
      const bookmark = { kind, metadata: { resourceVersion: '5' } };
      assert.doesNotThrow(() => printed(kind, bookmark as ObjectTypes[KindName]), kind);
    }
  });
});
