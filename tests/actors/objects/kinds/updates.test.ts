// What may not change in objects of the remaining groups, and what the server keeps.

import assert from 'node:assert/strict';
import { prepareCreate, prepareUpdate } from '../../../../actors/objects/write-preparation.ts';
import type { Fields, TriedKind } from './manifests.ts';
import { manifest, podTemplate, stored, triedKinds } from './manifests.ts';

/** The stored object with other fields in its spec, or in itself where it has none. */
function changed(object: object, fields: Fields): Fields {
  const { spec } = object as { readonly spec?: Fields };
  return spec === undefined
    ? { ...object, ...fields }
    : { ...object, spec: { ...spec, ...fields } };
}

function refusals(kind: TriedKind, first: Fields, fields: Fields): readonly string[] {
  const old = stored(kind, first);
  const prepared = prepareUpdate(kind, old, changed(old, fields));
  return prepared.ok ? [] : prepared.errors.map(({ path, message }) => `${path}: ${message}`);
}

type Row = readonly [kind: TriedKind, sentence: string, fields: Fields, ...errors: string[]];

const indexed = { completionMode: 'Indexed', completions: 2, parallelism: 2 };

const rows: readonly Row[] = [
  ['StatefulSet', 'its replicas and template', { replicas: 5, minReadySeconds: 3 }],
  [
    'StatefulSet',
    'the name of its Service',
    { serviceName: 'other' },
    "spec: Forbidden: updates to statefulset spec for fields other than 'replicas', 'ordinals', 'template', 'updateStrategy', 'revisionHistoryLimit', 'persistentVolumeClaimRetentionPolicy' and 'minReadySeconds' are forbidden",
  ],
  [
    'DaemonSet',
    'its selector',
    { selector: { matchExpressions: [{ key: 'app', operator: 'Exists' }] } },
    'spec.selector: Invalid value: {"matchExpressions":[{"key":"app","operator":"Exists"}]}: field is immutable',
  ],
  ['ControllerRevision', 'its number', { revision: 2 }],
  ['ControllerRevision', 'its data', { data: {} }, 'data: Invalid value: {}: field is immutable'],
  ['Job', 'its parallelism', { parallelism: 3 }],
  [
    'Job',
    'its completions',
    { completions: 2 },
    'spec.completions: Invalid value: 2: field is immutable',
  ],
  ['CronJob', 'its schedule', { schedule: '@daily' }],
  [
    'IngressClass',
    'its controller',
    { controller: 'a.b/c' },
    'spec.controller: Invalid value: "a.b/c": field is immutable',
  ],
  [
    'IPAddress',
    'its parent',
    { parentRef: { resource: 'services', name: 'b' } },
    'spec.parentRef: Invalid value: {"resource":"services","name":"b"}: field is immutable',
  ],
  ['StorageClass', 'whether volumes grow', { allowVolumeExpansion: true }],
  [
    'StorageClass',
    'how volumes are made',
    {
      parameters: { type: 'slow' },
      reclaimPolicy: 'Retain',
      volumeBindingMode: 'WaitForFirstConsumer',
    },
    'parameters: Forbidden: updates to parameters are forbidden.',
    'reclaimPolicy: Forbidden: updates to reclaimPolicy are forbidden.',
    'volumeBindingMode: Invalid value: "WaitForFirstConsumer": field is immutable',
  ],
  [
    'CSIDriver',
    'how it attaches',
    { attachRequired: false },
    'spec.attachRequired: Invalid value: false: field is immutable',
  ],
  [
    'CSINode',
    'the room of a driver',
    { drivers: [{ name: 'disk.example.com', nodeID: 'n1', allocatable: { count: 3 } }] },
  ],
  [
    'CSINode',
    'the id of a driver',
    { drivers: [{ name: 'disk.example.com', nodeID: 'n2' }] },
    'spec.drivers[0]: Invalid value: {"name":"disk.example.com","nodeID":"n2"}: field is immutable',
  ],
  [
    'CSIStorageCapacity',
    'its class',
    { storageClassName: 'slow' },
    'storageClassName: Invalid value: "slow": field is immutable',
  ],
  [
    'VolumeAttributesClass',
    'its settings',
    { parameters: { iops: '1' } },
    'parameters: Invalid value: {"iops":"1"}: field is immutable',
  ],
  ['PriorityClass', 'its words', { description: 'plain', globalDefault: true }],
  [
    'PriorityClass',
    'its value',
    { value: 2 },
    'value: Forbidden: may not be changed in an update.',
  ],
  [
    'RuntimeClass',
    'its handler',
    { handler: 'kata' },
    'handler: Invalid value: "kata": field is immutable',
  ],
];

describe('an update', () => {
  for (const [kind, sentence, fields, ...wanted] of rows) {
    it(`of ${sentence} in a ${kind} is ${wanted.length === 0 ? 'taken' : 'refused'}`, () =>
      assert.deepEqual(refusals(kind, {}, fields), wanted));
  }

  it('lets an indexed Job grow with its parallelism, and not without', () => {
    assert.deepEqual(refusals('Job', indexed, { completions: 5, parallelism: 5 }), []);
    assert.deepEqual(refusals('Job', indexed, { completions: 5 }), [
      'spec.completions: Invalid value: 5: can only be modified in tandem with parallelism',
    ]);
  });

  it('places the pods of a Job elsewhere as long as it is suspended', () => {
    const moved = (object: Fields): Fields => {
      const { template } = object['spec'] as { readonly template: { readonly spec: Fields } };
      const spec = { ...template.spec, nodeSelector: { disk: 'fast' } };
      return { template: { ...template, spec } };
    };
    for (const suspend of [true, false]) {
      const old = stored('Job', { suspend });
      const prepared = prepareUpdate('Job', old, changed(old, moved(old as unknown as Fields)));
      assert.equal(prepared.ok, suspend);
    }
  });

  it('counts changes of the template of a DaemonSet where old clients look', () => {
    const key = 'deprecated.daemonset.template.generation';
    const old = stored('DaemonSet');
    assert.equal(old.metadata?.annotations?.[key], '1');
    const template = podTemplate({ hostNetwork: true });
    const next = prepareUpdate('DaemonSet', old, manifest('DaemonSet', { template }));
    assert.ok(next.ok);
    assert.equal(next.object.metadata?.annotations?.[key], '2');
    const same = prepareUpdate('DaemonSet', old, manifest('DaemonSet', { minReadySeconds: 1 }));
    assert.ok(same.ok);
    assert.equal(same.object.metadata?.annotations?.[key], '1');
  });

  for (const kind of triedKinds) {
    it(`with the same manifest changes nothing of a ${kind}`, () => {
      const old = stored(kind);
      // As kubectl does: what the manifest says over what is stored.
      const next = prepareUpdate(kind, old, structuredClone(old));
      assert.ok(next.ok);
      assert.deepEqual(next.object, old);
    });
  }
});

describe('a Job that is new', () => {
  it('gets a selector and labels from its uid', () => {
    const prepared = prepareCreate('Job', manifest('Job'), { nowMs: 0, uid: 'u' });
    assert.ok(prepared.ok);
    const { metadata, spec } = prepared.object;
    const labels = {
      'batch.kubernetes.io/controller-uid': 'u',
      'batch.kubernetes.io/job-name': 'web',
      'controller-uid': 'u',
      'job-name': 'web',
      app: 'web',
    };
    assert.deepEqual(spec?.selector, {
      matchLabels: { 'batch.kubernetes.io/controller-uid': 'u' },
    });
    assert.deepEqual(spec?.template.metadata?.labels, labels);
    assert.deepEqual(metadata?.labels, labels);
  });

  it('keeps labels of its own, and a selector that its writer answers for', () => {
    const own = prepareCreate('Job', manifest('Job', {}, { labels: { a: 'b' } }), {
      nowMs: 0,
      uid: 'u',
    });
    assert.deepEqual(own.ok && own.object.metadata?.labels, { a: 'b' });
    const selector = { matchLabels: { app: 'web' } };
    const manual = prepareCreate('Job', manifest('Job', { manualSelector: true, selector }), {
      nowMs: 0,
      uid: 'u',
    });
    assert.deepEqual(manual.ok && manual.object.spec?.selector, selector);
  });
});

describe('a request for a certificate', () => {
  const user = { name: 'ann', uid: '7', groups: ['staff'] };

  it('says who asked, whatever its writer says', () => {
    const given = manifest('CertificateSigningRequest', { username: 'root', groups: ['masters'] });
    const prepared = prepareCreate('CertificateSigningRequest', given, {
      nowMs: 0,
      uid: 'u',
      user,
    });
    assert.ok(prepared.ok);
    const { username, groups, uid } = prepared.object.spec;
    assert.deepEqual({ username, groups, uid }, { username: 'ann', groups: ['staff'], uid: '7' });
  });

  it('keeps what was asked, and takes decisions by approval only', () => {
    const old = stored('CertificateSigningRequest');
    const approved = { type: 'Approved', status: 'True' };
    const next = { ...old, status: { conditions: [approved], certificate: 'eA==' } };
    const write = (subresource: 'approval' | 'status') =>
      prepareUpdate('CertificateSigningRequest', old, next, subresource, 'Strict', 1_000);

    const approval = write('approval');
    assert.ok(approval.ok);
    const times = {
      lastUpdateTime: '1970-01-01T00:00:01Z',
      lastTransitionTime: '1970-01-01T00:00:01Z',
    };
    assert.deepEqual(approval.object.status, { conditions: [{ ...approved, ...times }] });

    const signed = write('status');
    assert.ok(signed.ok);
    assert.equal(signed.object.status?.certificate, 'eA==');
    assert.equal(signed.object.status?.conditions, undefined);
  });

  it('is approved or denied, not both', () => {
    const old = stored('CertificateSigningRequest');
    const conditions = ['Approved', 'Denied'].map((type) => ({ type, status: 'True' }));
    const next = { ...old, status: { conditions } };
    const prepared = prepareUpdate('CertificateSigningRequest', old, next, 'approval');
    assert.ok(!prepared.ok);
    assert.match(prepared.message, /Approved and Denied conditions are mutually exclusive/);
  });
});

describe('a status', () => {
  const cases: readonly (readonly [TriedKind, Fields, ...string[]])[] = [
    [
      'StatefulSet',
      { replicas: 1, readyReplicas: 2 },
      'status.readyReplicas: Invalid value: 2: cannot be greater than status.replicas',
    ],
    [
      'DaemonSet',
      { numberReady: -1 },
      'status.numberReady: Invalid value: -1: must be greater than or equal to 0',
    ],
    [
      'PodDisruptionBudget',
      { currentHealthy: -1 },
      'status.currentHealthy: Invalid value: -1: must be greater than or equal to 0',
    ],
    [
      'Job',
      { completionTime: '2026-01-01T00:00:00Z' },
      'status.completionTime: Invalid value: "2026-01-01T00:00:00Z": cannot set completionTime when there is no Complete=True condition',
    ],
    [
      'Ingress',
      { loadBalancer: { ingress: [{ ip: 'web' }] } },
      'status.loadBalancer.ingress[0].ip: Invalid value: "web": must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)',
    ],
  ];
  for (const [kind, status, ...wanted] of cases) {
    it(`of a ${kind} that cannot be is refused`, () => {
      const old = stored(kind);
      const prepared = prepareUpdate(kind, old, { ...old, status }, 'status');
      assert.ok(!prepared.ok);
      assert.deepEqual(
        prepared.errors.map(({ path, message }) => `${path}: ${message}`),
        wanted,
      );
    });
  }
});
