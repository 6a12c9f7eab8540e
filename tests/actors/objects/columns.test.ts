// `kubectl get` shows the columns and words that its users know.

import assert from 'node:assert/strict';
import { kindDefinition } from '../../../actors/objects/kind-table.ts';
import { formatAge } from '../../../actors/objects/kinds/columns.ts';
import type { KindName, ObjectTypes } from '../../../actors/objects/kinds.ts';
import { prepareCreate } from '../../../actors/objects/write-preparation.ts';
import { deploymentManifest, serviceManifest } from './manifests.ts';

const NOW = Date.UTC(2026, 0, 1, 1);
const HOUR_AGO = '2026-01-01T00:00:00Z';

function row<K extends KindName>(kind: K, object: ObjectTypes[K]): Record<string, unknown> {
  const { columns } = kindDefinition(kind);
  return Object.fromEntries(columns.map(({ name, cell }) => [name, cell(object, NOW)]));
}

type Pod = ObjectTypes['Pod'];

const pod = (status: object, metadata: object = {}): Pod => ({
  metadata: { name: 'web-1', creationTimestamp: HOUR_AGO, ...metadata },
  spec: { containers: [{ name: 'c', image: 'x' }], initContainers: [], nodeName: 'n1' },
  status,
});

const container = (state: object, fields: object = {}) => ({
  containerStatuses: [{ name: 'c', ready: false, restartCount: 0, state, ...fields }],
});

describe('the columns of a pod', () => {
  const cases: readonly (readonly [string, Pod, string])[] = [
    ['its phase', pod({ phase: 'Pending' }), 'Pending'],
    [
      'why a container waits',
      pod({ phase: 'Running', ...container({ waiting: { reason: 'CrashLoopBackOff' } }) }),
      'CrashLoopBackOff',
    ],
    [
      'why a container ended',
      pod({ phase: 'Failed', ...container({ terminated: { reason: 'Error', exitCode: 1 } }) }),
      'Error',
    ],
    [
      'the exit code, without a reason',
      pod({ phase: 'Failed', ...container({ terminated: { exitCode: 3 } }) }),
      'ExitCode:3',
    ],
    [
      'the signal, without a reason',
      pod({ phase: 'Failed', ...container({ terminated: { exitCode: 137, signal: 9 } }) }),
      'Signal:9',
    ],
    ['that it ends', pod({ phase: 'Running' }, { deletionTimestamp: HOUR_AGO }), 'Terminating'],
    [
      'that its node is lost',
      pod({ phase: 'Running', reason: 'NodeLost' }, { deletionTimestamp: HOUR_AGO }),
      'Unknown',
    ],
    ['why it was evicted', pod({ phase: 'Failed', reason: 'Evicted' }), 'Evicted'],
    [
      'that its gates hold it',
      pod({
        phase: 'Pending',
        conditions: [{ type: 'PodScheduled', status: 'False', reason: 'SchedulingGated' }],
      }),
      'SchedulingGated',
    ],
    [
      'how far its init containers are',
      {
        ...pod({
          phase: 'Pending',
          initContainerStatuses: [{ name: 'i', state: { running: {} } }],
        }),
        spec: { containers: [], initContainers: [{ name: 'i' }, { name: 'j' }] },
      },
      'Init:0/2',
    ],
    [
      'why an init container waits',
      pod({
        phase: 'Pending',
        initContainerStatuses: [{ name: 'i', state: { waiting: { reason: 'ErrImagePull' } } }],
      }),
      'Init:ErrImagePull',
    ],
  ];
  for (const [sentence, object, wanted] of cases) {
    it(`tell ${sentence}`, () => assert.equal(row('Pod', object)['Status'], wanted));
  }

  it('count ready containers and restarts', () => {
    const status = container(
      { running: {} },
      {
        ready: true,
        restartCount: 3,
        lastState: { terminated: { finishedAt: '2026-01-01T00:55:00Z' } },
      },
    );
    const found = row('Pod', pod({ phase: 'Running', ...status }));
    assert.equal(found['Ready'], '1/1');
    assert.equal(found['Restarts'], '3 (5m ago)');
    assert.equal(found['Age'], '60m');
    assert.equal(found['Node'], 'n1');
    assert.equal(found['IP'], '<none>');
  });
});

describe('the columns of other kinds', () => {
  it('of a Deployment count its pods', () => {
    const prepared = prepareCreate('Deployment', deploymentManifest({ replicas: 3 }), {
      nowMs: NOW,
      uid: 'u',
    });
    assert.ok(prepared.ok);
    const status = { readyReplicas: 2, updatedReplicas: 3, availableReplicas: 1 };
    assert.deepEqual(row('Deployment', { ...prepared.object, status }), {
      Name: 'web',
      Ready: '2/3',
      'Up-to-date': 3,
      Available: 1,
      Age: '0s',
      Containers: 'c',
      Images: 'x:1',
      Selector: 'app=web',
    });
  });

  it('of a Service show its ports and addresses', () => {
    const manifest = serviceManifest({
      type: 'NodePort',
      clusterIP: '10.0.0.1',
      ports: [{ port: 80, nodePort: 30_080 }],
    });
    const prepared = prepareCreate('Service', manifest, { nowMs: NOW, uid: 'u' });
    assert.ok(prepared.ok);
    const found = row('Service', prepared.object);
    assert.equal(found['Port(s)'], '80:30080/TCP');
    assert.equal(found['Cluster-IP'], '10.0.0.1');
    assert.equal(found['External-IP'], '<none>');
  });

  it('of a Node tell Ready and cordoned', () => {
    const node = (status: string | undefined, unschedulable: boolean): ObjectTypes['Node'] => ({
      metadata: { name: 'n', labels: { 'node-role.kubernetes.io/edge': '' } },
      spec: { unschedulable },
      status: { conditions: status === undefined ? [] : [{ type: 'Ready', status }] },
    });
    assert.equal(row('Node', node('True', false))['Status'], 'Ready');
    assert.equal(row('Node', node('False', true))['Status'], 'NotReady,SchedulingDisabled');
    assert.equal(row('Node', node(undefined, false))['Status'], 'Unknown');
    assert.equal(row('Node', node('True', false))['Roles'], 'edge');
  });

  it('of an Event say what happened to what', () => {
    const found = row('Event', {
      metadata: { name: 'e' },
      involvedObject: { kind: 'Pod', name: 'web-1' },
      reason: 'Started',
      message: 'Started web\n',
      type: 'Normal',
      lastTimestamp: HOUR_AGO,
    });
    assert.equal(found['Object'], 'pod/web-1');
    assert.equal(found['Message'], 'Started web');
    assert.equal(found['Last Seen'], '60m');
  });

  it('of an EndpointSlice name a few endpoints and count the rest', () => {
    const endpoints = ['1', '2', '3', '4', '5'].map((n) => ({ addresses: [`10.0.0.${n}`] }));
    const found = row('EndpointSlice', { metadata: {}, addressType: 'IPv4', endpoints, ports: [] });
    assert.equal(found['Endpoints'], '10.0.0.1,10.0.0.2,10.0.0.3 + 2 more...');
    assert.equal(found['Ports'], '<unset>');
  });
});

describe('ages', () => {
  const cases: readonly (readonly [number, string])[] = [
    [-5, '<invalid>'],
    [0, '0s'],
    [119, '119s'],
    [120, '2m'],
    [125, '2m5s'],
    [600, '10m'],
    [10_799, '179m'],
    [10_800, '3h'],
    [11_160, '3h6m'],
    [86_400, '24h'],
    [172_800, '2d'],
    [180_000, '2d2h'],
    [86_400 * 8, '8d'],
    [86_400 * 730, '2y'],
    [86_400 * 740, '2y10d'],
    [86_400 * 3_650, '10y'],
  ];
  for (const [seconds, wanted] of cases) {
    it(`${seconds} s is ${wanted}`, () => assert.equal(formatAge(seconds * 1_000), wanted));
  }
});
