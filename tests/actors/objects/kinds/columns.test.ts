// `kubectl get` shows the remaining groups' objects as its users know them.

import assert from 'node:assert/strict';
import { kindDefinition } from '../../../../actors/objects/kind-table.ts';
import type { ObjectTypes } from '../../../../actors/objects/kinds.ts';
import type { Fields, TriedKind } from './manifests.ts';
import { stored } from './manifests.ts';

const NOW = 3_600_000;

/** Names of columns, those of `-o wide` after a bar, and the cells. */
function table(
  kind: TriedKind,
  status?: Fields,
  fields: Fields = {},
  metadata: Fields = {},
): readonly [string, string] {
  const object = stored(kind, fields, metadata);
  const shown = (status === undefined ? object : { ...object, status }) as ObjectTypes[TriedKind];
  const { columns } = kindDefinition(kind);
  const named = (priority: number): string =>
    columns
      .filter((column) => column.priority === priority)
      .map(({ name }) => name)
      .join(', ');
  const wide = named(1);
  const cells = columns.map(({ cell }) => cell(shown, NOW)).join(' ; ');
  return [wide === '' ? named(0) : `${named(0)} | ${wide}`, cells];
}

type Case = readonly [
  kind: TriedKind,
  status: Fields | undefined,
  fields: Fields,
  names: string,
  cells: string,
];

const cases: readonly Case[] = [
  [
    'StatefulSet',
    { readyReplicas: 2 },
    { replicas: 3 },
    'Name, Ready, Age | Containers, Images',
    'web ; 2/3 ; 60m ; c ; x:1',
  ],
  [
    'DaemonSet',
    { desiredNumberScheduled: 3, currentNumberScheduled: 2, numberReady: 1 },
    {},
    'Name, Desired, Current, Ready, Up-to-date, Available, Node Selector, Age | Containers, Images, Selector',
    'web ; 3 ; 2 ; 1 ; 0 ; 0 ; <none> ; 60m ; c ; x:1 ; app=web',
  ],
  [
    'ControllerRevision',
    undefined,
    {},
    'Name, Controller, Revision, Age',
    'web ; <none> ; 1 ; 60m',
  ],
  [
    'Job',
    {
      startTime: '1970-01-01T00:00:00Z',
      completionTime: '1970-01-01T00:00:09Z',
      succeeded: 1,
      conditions: [{ type: 'Complete', status: 'True' }],
    },
    {},
    'Name, Status, Completions, Duration, Age | Containers, Images, Selector',
    'web ; Complete ; 1/1 ; 9s ; 60m ; c ; x:1 ; batch.kubernetes.io/controller-uid=u',
  ],
  [
    'CronJob',
    { lastScheduleTime: '1970-01-01T00:58:00Z' },
    { timeZone: 'Europe/Berlin' },
    'Name, Schedule, Timezone, Suspend, Active, Last Schedule, Age | Containers, Images, Selector',
    'web ; */5 * * * * ; Europe/Berlin ; False ; 0 ; 2m ; 60m ; c ; x:1 ; <none>',
  ],
  [
    'HorizontalPodAutoscaler',
    undefined,
    {},
    'Name, Reference, Targets, MinPods, MaxPods, Replicas, Age',
    'web ; Deployment/web ; cpu: <unknown>/80% ; 1 ; 3 ; 0 ; 60m',
  ],
  [
    'PodDisruptionBudget',
    undefined,
    {},
    'Name, Min Available, Max Unavailable, Allowed Disruptions, Age',
    'web ; 1 ; N/A ; 0 ; 60m',
  ],
  [
    'Ingress',
    { loadBalancer: { ingress: [{ ip: '10.0.0.1' }, { hostname: 'a.b' }] } },
    { ingressClassName: 'front', tls: [{ hosts: ['example.com'] }] },
    'Name, Class, Hosts, Address, Ports, Age',
    'web ; front ; example.com ; 10.0.0.1,a.b ; 80, 443 ; 60m',
  ],
  [
    'IngressClass',
    undefined,
    { parameters: { apiGroup: 'example.com', kind: 'Settings', name: 'a' } },
    'Name, Controller, Parameters, Age',
    'web ; example.com/ingress ; Settings.example.com/a ; 60m',
  ],
  ['NetworkPolicy', undefined, {}, 'Name, Pod-Selector, Age', 'web ; <none> ; 60m'],
  [
    'IPAddress',
    undefined,
    {},
    'Name, ParentRef, Age',
    '10.96.0.1 ; services/default/kubernetes ; 60m',
  ],
  ['ServiceCIDR', undefined, {}, 'Name, CIDRs, Age', 'web ; 10.96.0.0/16,fd00:1::/108 ; 60m'],
  [
    'CSIDriver',
    undefined,
    {},
    'Name, AttachRequired, PodInfoOnMount, StorageCapacity, TokenRequests, RequiresRepublish, Modes, Age',
    'web ; true ; false ; false ; <unset> ; false ; Persistent ; 60m',
  ],
  ['CSINode', undefined, {}, 'Name, Drivers, Age', 'web ; 1 ; 60m'],
  ['CSIStorageCapacity', undefined, {}, 'Name, StorageClassName, Capacity', 'web ; fast ; 10Gi'],
  [
    'VolumeAttachment',
    { attached: true },
    {},
    'Name, Attacher, PV, Node, Attached, Age',
    'web ; disk.example.com ; pv ; n1 ; true ; 60m',
  ],
  ['VolumeAttributesClass', undefined, {}, 'Name, DriverName, Age', 'web ; disk.example.com ; 60m'],
  [
    'PriorityClass',
    undefined,
    {},
    'Name, Value, Global-Default, Age, PreemptionPolicy',
    'web ; 1000 ; false ; 60m ; PreemptLowerPriority',
  ],
  ['Lease', undefined, {}, 'Name, Holder, Age', 'web ; a ; 60m'],
  ['RuntimeClass', undefined, {}, 'Name, Handler, Age', 'web ; runc ; 60m'],
  [
    'CertificateSigningRequest',
    { conditions: [{ type: 'Approved', status: 'True' }], certificate: 'eA==' },
    { expirationSeconds: 3_600 },
    'Name, Age, SignerName, Requestor, RequestedDuration, Condition',
    'web ; 60m ; example.com/signer ;  ; 60m ; Approved,Issued',
  ],
];

describe('the columns', () => {
  for (const [kind, status, fields, names, cells] of cases) {
    it(`of a ${kind} are those of Kubernetes`, () =>
      assert.deepEqual(table(kind, status, fields), [names, cells]));
  }

  it('of a StorageClass mark the default', () => {
    const annotations = { 'storageclass.kubernetes.io/is-default-class': 'true' };
    assert.deepEqual(table('StorageClass', undefined, {}, { annotations }), [
      'Name, Provisioner, ReclaimPolicy, VolumeBindingMode, AllowVolumeExpansion, Age',
      'web (default) ; example.com/disk ; Delete ; Immediate ; false ; 60m',
    ]);
  });

  const states: readonly (readonly [Fields, Fields, string])[] = [
    [{}, {}, 'Running ; 0/1 ; '],
    [{ startTime: '1970-01-01T00:59:00Z' }, { parallelism: 4 }, 'Running ; 0/1 of 4 ; 60s'],
    [{ conditions: [{ type: 'Suspended', status: 'True' }] }, {}, 'Suspended'],
    [{ conditions: [{ type: 'Failed', status: 'True' }] }, {}, 'Failed'],
    [{ conditions: [{ type: 'Failed', status: 'False' }] }, {}, 'Running'],
  ];
  for (const [status, fields, wanted] of states) {
    it(`of a Job tell ${wanted}`, () => {
      const [, cells] = table('Job', status, fields);
      assert.ok(cells.startsWith(`web ; ${wanted}`), cells);
    });
  }

  it('of an autoscaler name two metrics and count the rest', () => {
    const metric = (name: string) => ({
      type: 'Resource',
      resource: { name, target: { type: 'AverageValue', averageValue: '1' } },
    });
    const fields = { metrics: ['cpu', 'memory', 'ephemeral-storage'].map(metric) };
    const currentMetrics = [
      { type: 'Resource', resource: { name: 'cpu', current: { averageValue: '500m' } } },
    ];
    const [, cells] = table('HorizontalPodAutoscaler', { currentMetrics }, fields);
    assert.match(cells, /cpu: 500m\/1, memory: <unknown>\/1 \+ 1 more\.\.\./);
  });
});
