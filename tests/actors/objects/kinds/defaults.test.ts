// What the remaining groups' objects say when their writers left it out, as Kubernetes sets it.

import assert from 'node:assert/strict';
import type { Fields, TriedKind } from './manifests.ts';
import { stored, triedKinds } from './manifests.ts';
import { defaulted } from '../../../../actors/objects/write-preparation.ts';

/** What must be in the spec, or in the object itself where it has none. */
const rows: Partial<Record<TriedKind, readonly (readonly [Fields, Fields])[]>> = {
  StatefulSet: [
    [
      {},
      {
        replicas: 1,
        revisionHistoryLimit: 10,
        podManagementPolicy: 'OrderedReady',
        updateStrategy: {
          type: 'RollingUpdate',
          rollingUpdate: { partition: 0, maxUnavailable: 1 },
        },
        persistentVolumeClaimRetentionPolicy: { whenDeleted: 'Retain', whenScaled: 'Retain' },
      },
    ],
    [{ updateStrategy: { type: 'OnDelete' } }, { updateStrategy: { type: 'OnDelete' } }],
  ],
  DaemonSet: [
    [
      {},
      {
        revisionHistoryLimit: 10,
        updateStrategy: {
          type: 'RollingUpdate',
          rollingUpdate: { maxUnavailable: 1, maxSurge: 0 },
        },
      },
    ],
  ],
  Job: [
    [
      {},
      {
        completions: 1,
        parallelism: 1,
        backoffLimit: 6,
        completionMode: 'NonIndexed',
        suspend: false,
        manualSelector: false,
        podReplacementPolicy: 'TerminatingOrFailed',
      },
    ],
    [{ parallelism: 3 }, { completions: undefined, parallelism: 3 }],
    [
      { completionMode: 'Indexed', completions: 2, backoffLimitPerIndex: 1 },
      { backoffLimit: 2_147_483_647 },
    ],
    [
      {
        podFailurePolicy: {
          rules: [{ action: 'Ignore', onPodConditions: [{ type: 'DisruptionTarget' }] }],
        },
      },
      {
        podReplacementPolicy: 'Failed',
        podFailurePolicy: {
          rules: [
            { action: 'Ignore', onPodConditions: [{ type: 'DisruptionTarget', status: 'True' }] },
          ],
        },
      },
    ],
  ],
  CronJob: [
    [
      {},
      {
        concurrencyPolicy: 'Allow',
        suspend: false,
        successfulJobsHistoryLimit: 3,
        failedJobsHistoryLimit: 1,
      },
    ],
  ],
  HorizontalPodAutoscaler: [
    [
      {},
      {
        minReplicas: 1,
        behavior: undefined,
        metrics: [
          {
            type: 'Resource',
            resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 80 } },
          },
        ],
      },
    ],
    [
      { behavior: { scaleDown: { stabilizationWindowSeconds: 60 } } },
      {
        behavior: {
          scaleUp: {
            stabilizationWindowSeconds: 0,
            selectPolicy: 'Max',
            policies: [
              { type: 'Pods', value: 4, periodSeconds: 15 },
              { type: 'Percent', value: 100, periodSeconds: 15 },
            ],
          },
          scaleDown: {
            stabilizationWindowSeconds: 60,
            selectPolicy: 'Max',
            policies: [{ type: 'Percent', value: 100, periodSeconds: 15 }],
          },
        },
      },
    ],
  ],
  IngressClass: [
    [
      { parameters: { kind: 'A', name: 'a' } },
      { parameters: { kind: 'A', name: 'a', scope: 'Cluster' } },
    ],
  ],
  NetworkPolicy: [
    [
      {},
      {
        policyTypes: ['Ingress'],
        ingress: [{ from: [{ podSelector: {} }], ports: [{ port: 80, protocol: 'TCP' }] }],
      },
    ],
    [{ egress: [{}] }, { policyTypes: ['Ingress', 'Egress'] }],
    [{ egress: [] }, { policyTypes: ['Ingress'] }],
  ],
  StorageClass: [[{}, { reclaimPolicy: 'Delete', volumeBindingMode: 'Immediate' }]],
  CSIDriver: [
    [
      {},
      {
        attachRequired: true,
        podInfoOnMount: false,
        storageCapacity: false,
        fsGroupPolicy: 'ReadWriteOnceWithFSType',
        requiresRepublish: false,
        seLinuxMount: false,
        volumeLifecycleModes: ['Persistent'],
      },
    ],
  ],
  PriorityClass: [[{}, { preemptionPolicy: 'PreemptLowerPriority' }]],
};

for (const kind of triedKinds) {
  describe(`the defaults of a ${kind}`, () => {
    for (const [fields, wanted] of rows[kind] ?? []) {
      it(`with ${JSON.stringify(fields)} are those of Kubernetes`, () => {
        const object = stored(kind, fields) as unknown as { readonly spec?: Fields };
        const found: Fields = object.spec ?? { ...object };
        for (const [field, value] of Object.entries(wanted)) {
          assert.deepEqual(found[field], value, field);
        }
      });
    }

    it('change nothing when they are set a second time', () => {
      const object = stored(kind);
      assert.deepEqual(defaulted(kind, object), object);
    });
  });
}

describe('the defaults of a claim', () => {
  it('in a StatefulSet name its kind, its mode and that it waits', () => {
    const [claim] = stored('StatefulSet').spec?.volumeClaimTemplates ?? [];
    assert.equal(claim?.kind, 'PersistentVolumeClaim');
    assert.equal(claim?.apiVersion, 'v1');
    assert.equal(claim?.spec?.volumeMode, 'Filesystem');
    assert.deepEqual(claim?.status, { phase: 'Pending' });
  });
});

describe('the first status', () => {
  const cases: readonly (readonly [TriedKind, Fields])[] = [
    ['StatefulSet', { replicas: 0, availableReplicas: 0 }],
    ['Job', {}],
    ['Ingress', { loadBalancer: {} }],
    ['VolumeAttachment', { attached: false }],
    ['CertificateSigningRequest', {}],
  ];
  for (const [kind, status] of cases) {
    it(`of a ${kind} is the server’s`, () => {
      const object = stored(kind) as { readonly status?: Fields };
      assert.deepEqual(object.status, status);
    });
  }
});
