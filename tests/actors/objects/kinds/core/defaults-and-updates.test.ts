// What the server sets in objects of core/v1, and what it does not let change.

import assert from 'node:assert/strict';
import { created, errorsOf, manifest, updated, withSpec } from './core-manifests.ts';

describe('a new object of core/v1', () => {
  it('has the text of a secret in its data, in base64, and no longer in clear', () => {
    const secret = created(
      'Secret',
      manifest('Secret', { data: { a: 'b2xk', b: 'b2xk' }, stringData: { a: 'new' } }),
    );
    assert.deepEqual(secret.data, { a: 'bmV3', b: 'b2xk' });
    assert.equal(secret.stringData, undefined);
    assert.equal(secret.type, 'Opaque');
  });

  it('has the phase and the modes of a volume and of a claim', () => {
    const volume = created('PersistentVolume', manifest('PersistentVolume'));
    assert.equal(volume.metadata?.namespace, undefined);
    assert.deepEqual(volume.spec, {
      accessModes: ['ReadWriteOnce'],
      capacity: { storage: '1Gi' },
      hostPath: { path: '/data', type: '' },
      persistentVolumeReclaimPolicy: 'Retain',
      volumeMode: 'Filesystem',
    });
    assert.deepEqual(volume.status, {
      phase: 'Pending',
      lastPhaseTransitionTime: '2026-01-02T03:04:05Z',
    });
    const claim = created('PersistentVolumeClaim', manifest('PersistentVolumeClaim'));
    assert.equal(claim.spec?.volumeMode, 'Filesystem');
    assert.deepEqual(claim.status, { phase: 'Pending' });
  });

  it('says both ways what a claim is filled from', () => {
    const dataSource = { kind: 'PersistentVolumeClaim', name: 'b' };
    const older = created(
      'PersistentVolumeClaim',
      withSpec('PersistentVolumeClaim', { dataSource }),
    );
    assert.deepEqual(older.spec?.dataSourceRef, dataSource);
    const newer = created(
      'PersistentVolumeClaim',
      withSpec('PersistentVolumeClaim', { dataSourceRef: dataSource }),
    );
    assert.deepEqual(newer.spec?.dataSource, dataSource);
  });

  it('has the limits that its bounds imply', () => {
    const { spec } = created(
      'LimitRange',
      withSpec('LimitRange', {
        limits: [
          { type: 'Container', max: { cpu: '2' }, min: { cpu: '1', memory: '1Mi' } },
          { type: 'Pod', max: { cpu: '2' } },
        ],
      }),
    );
    assert.deepEqual(spec?.limits[0]?.default, { cpu: '2' });
    assert.deepEqual(spec.limits[0]?.defaultRequest, { cpu: '2', memory: '1Mi' });
    assert.equal(spec.limits[1]?.default, undefined);
  });

  it('takes selector and labels of a controller from its template', () => {
    const made = created('ReplicationController', manifest('ReplicationController'));
    assert.deepEqual(made.spec?.selector, { app: 'web' });
    assert.deepEqual(made.metadata?.labels, { app: 'web' });
    assert.equal(made.spec.replicas, 1);
    assert.equal(made.spec.template?.spec?.restartPolicy, 'Always');
  });

  it('counts the generations of a template', () => {
    const next = updated('PodTemplate', manifest('PodTemplate'), {
      template: { spec: { containers: [{ name: 'c', image: 'x:2' }] } },
    });
    assert.ok(next.ok);
    assert.equal(next.object.metadata?.generation, 2);
  });
});

describe('an object of core/v1 that is there', () => {
  it('keeps its data once it is immutable, whatever else changes', () => {
    const sealed = manifest('ConfigMap', { immutable: true });
    const why = 'Forbidden: field is immutable when `immutable` is set';
    assert.deepEqual(errorsOf(updated('ConfigMap', sealed, { data: {} })), [`data: ${why}`]);
    assert.deepEqual(errorsOf(updated('ConfigMap', sealed, { immutable: false })), [
      `immutable: ${why}`,
    ]);
    const secret = manifest('Secret', { immutable: true });
    assert.deepEqual(errorsOf(updated('Secret', secret, { stringData: { key: 'x' } })), [
      `data: ${why}`,
    ]);
    const labelled = { metadata: { name: 'a', namespace: 'default', labels: { a: 'b' } } };
    assert.ok(updated('ConfigMap', sealed, labelled).ok);
  });

  it('keeps the type of a secret', () => {
    assert.deepEqual(errorsOf(updated('Secret', manifest('Secret'), { type: 'x/y' })), [
      'type: Invalid value: "x/y": field is immutable',
    ]);
  });

  it('keeps the scopes of a quota', () => {
    const scoped = withSpec('ResourceQuota', { hard: { pods: '1' }, scopes: ['Terminating'] });
    const spec = { hard: { pods: '1' }, scopes: ['NotTerminating'] };
    assert.deepEqual(errorsOf(updated('ResourceQuota', scoped, { spec })), [
      'spec.scopes: Invalid value: ["NotTerminating"]: field is immutable',
    ]);
  });

  it('keeps the place of a volume', () => {
    const { spec } = withSpec('PersistentVolume', { hostPath: { path: '/other' } });
    assert.deepEqual(
      errorsOf(updated('PersistentVolume', manifest('PersistentVolume'), { spec })),
      [
        'spec.persistentvolumesource: Forbidden: spec.persistentvolumesource is immutable after creation',
      ],
    );
  });
});

describe('a claim that is there', () => {
  const fixed =
    'spec: Forbidden: spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims';
  const sized = (storage: string, more = {}) =>
    withSpec('PersistentVolumeClaim', { resources: { requests: { storage } }, ...more });
  const bound = { phase: 'Bound', capacity: { storage: '1Gi' } };
  const change = (from: string, to: string, status?: object, more = {}) => {
    const { spec } = sized(to, more);
    return updated('PersistentVolumeClaim', sized(from), { spec }, { ...status });
  };

  it('grows when it is bound, not before', () => {
    assert.deepEqual(errorsOf(change('1Gi', '2Gi', bound)), []);
    assert.deepEqual(errorsOf(change('1Gi', '2Gi', { phase: 'Pending' })), [fixed]);
  });

  it('takes back a wish only as far as the volume has not grown', () => {
    assert.deepEqual(errorsOf(change('3Gi', '2Gi', bound)), []);
    assert.deepEqual(errorsOf(change('3Gi', '1Gi', bound)), [
      'spec.resources.requests.storage: Forbidden: field can not be less than status.capacity',
    ]);
  });

  it('is given its volume once, and stays what it is otherwise', () => {
    assert.deepEqual(errorsOf(change('1Gi', '1Gi', bound, { volumeName: 'v' })), []);
    assert.deepEqual(errorsOf(change('1Gi', '1Gi', bound, { storageClassName: 'fast' })), [fixed]);
    assert.deepEqual(errorsOf(change('1Gi', '1024Mi', { phase: 'Pending' })), []);
  });
});
