// Objects are taken as Kubernetes takes them: defaults, what the server sets, and refusals with path and value.

import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import { kindNames } from '../../../actors/objects/kind-table.ts';
import type { Stored } from '../../../actors/objects/objects.ts';
import type { KindName, ObjectTypes } from '../../../actors/objects/kinds.ts';
import {
  defaulted,
  prepareCreate,
  prepareUpdate,
} from '../../../actors/objects/write-preparation.ts';
import type { Prepared } from '../../../actors/objects/write-preparation.ts';
import { allPaths, withValueAt } from './field-paths.ts';
import { deploymentManifest, podManifest, serviceManifest } from './manifests.ts';

const creation = { nowMs: Date.UTC(2026, 0, 2, 3, 4, 5, 678), uid: 'u-1', nameSuffix: 'x7k2p' };

function created<K extends KindName>(kind: K, manifest: unknown): ObjectTypes[K] {
  const prepared = prepareCreate(kind, manifest, creation);
  assert.ok(prepared.ok, prepared.ok ? '' : prepared.message);
  return prepared.object;
}

function existing<K extends KindName>(kind: K, manifest: unknown): Stored<K> {
  const object = created(kind, manifest);
  object.metadata = { ...object.metadata, resourceVersion: '7' };
  return object;
}

const errorsOf = (prepared: Prepared<KindName>): string[] =>
  prepared.ok ? [] : prepared.errors.map(({ path, message }) => `${path}: ${message}`);

describe('a new object', () => {
  it('gets uid, creation time and generation from the server, whatever it says', () => {
    const { metadata } = created('Deployment', {
      ...deploymentManifest(),
      metadata: {
        name: 'web',
        namespace: 'default',
        uid: 'mine',
        generation: 9,
        resourceVersion: '3',
        creationTimestamp: null,
        deletionTimestamp: '2020-01-01T00:00:00Z',
      },
    });
    assert.deepEqual(metadata, {
      name: 'web',
      namespace: 'default',
      uid: 'u-1',
      creationTimestamp: '2026-01-02T03:04:05Z',
      generation: 1,
    });
  });

  it('gets a name from generateName', () => {
    const manifest = { ...podManifest(), metadata: { generateName: 'web-', namespace: 'default' } };
    assert.equal(created('Pod', manifest).metadata?.name, 'web-x7k2p');
  });

  it('starts with a status of the server’s', () => {
    const pod = created('Pod', { ...podManifest(), status: { phase: 'Running' } });
    assert.deepEqual(pod.status, { phase: 'Pending', qosClass: 'BestEffort' });
  });

  it('of kind Node may bring its status', () => {
    const status = { capacity: { cpu: '4', memory: '8192Mi' } };
    const node = created('Node', { metadata: { name: 'n1' }, status });
    assert.deepEqual(node.status?.allocatable, { cpu: '4', memory: '8Gi' });
  });

  it('gets apiVersion and kind when it has none, and is refused with another’s', () => {
    assert.equal(created('Pod', podManifest()).apiVersion, 'v1');
    const other = prepareCreate('Pod', { ...podManifest(), kind: 'Node' }, creation);
    assert.ok(!other.ok && other.reason === 'malformed');
    assert.match(other.message, /kind: Invalid value: "Node": must be Pod/);
  });

  it('is not changed itself', () => {
    const manifest = deploymentManifest();
    const before = structuredClone(manifest);
    created('Deployment', manifest);
    assert.deepEqual(manifest, before);
  });
});

describe('defaults', () => {
  it('of a Deployment are those of Kubernetes', () => {
    const spec = created('Deployment', deploymentManifest()).spec!;
    assert.equal(spec.replicas, 1);
    assert.equal(spec.revisionHistoryLimit, 10);
    assert.equal(spec.progressDeadlineSeconds, 600);
    assert.deepEqual(spec.strategy, {
      type: 'RollingUpdate',
      rollingUpdate: { maxUnavailable: '25%', maxSurge: '25%' },
    });
    const { containers: _containers, ...pod } = spec.template.spec!;
    assert.deepEqual(pod, {
      restartPolicy: 'Always',
      dnsPolicy: 'ClusterFirst',
      schedulerName: 'default-scheduler',
      securityContext: {},
      terminationGracePeriodSeconds: 30,
    });
  });

  it('of a container fill its ports, probes, messages and field references', () => {
    const container = {
      name: 'c',
      image: 'registry:5000/x:1',
      ports: [{ containerPort: 80 }],
      env: [{ name: 'IP', valueFrom: { fieldRef: { fieldPath: 'status.podIP' } } }],
      livenessProbe: { httpGet: { port: 'web' } },
    };
    const [found] = created('Pod', podManifest({ containers: [container] })).spec!.containers;
    assert.deepEqual(found, {
      name: 'c',
      image: 'registry:5000/x:1',
      ports: [{ containerPort: 80, protocol: 'TCP' }],
      env: [
        { name: 'IP', valueFrom: { fieldRef: { apiVersion: 'v1', fieldPath: 'status.podIP' } } },
      ],
      livenessProbe: {
        httpGet: { port: 'web', path: '/', scheme: 'HTTP' },
        timeoutSeconds: 1,
        periodSeconds: 10,
        successThreshold: 1,
        failureThreshold: 3,
      },
      resources: {},
      imagePullPolicy: 'IfNotPresent',
      terminationMessagePath: '/dev/termination-log',
      terminationMessagePolicy: 'File',
    });
  });

  for (const [image, policy] of [
    ['x', 'Always'],
    ['x:latest', 'Always'],
    ['x:1', 'IfNotPresent'],
    ['registry:5000/x', 'Always'],
    ['x@sha256:abc', 'IfNotPresent'],
  ] as const) {
    it(`pull ${image} ${policy}`, () => {
      const pod = created('Pod', podManifest({ containers: [{ name: 'c', image }] }));
      assert.equal(pod.spec?.containers[0]?.imagePullPolicy, policy);
    });
  }

  it('of a pod request what it limits', () => {
    const resources = { limits: { cpu: 1, memory: '1024Mi' }, requests: { cpu: '100m' } };
    const pod = created('Pod', podManifest({ containers: [{ name: 'c', image: 'x', resources }] }));
    assert.deepEqual(pod.spec?.containers[0]?.resources?.requests, { cpu: '100m', memory: '1Gi' });
    assert.equal(pod.status?.qosClass, 'Burstable');
  });

  it('of a Service fill its type, affinity, families and target ports', () => {
    const { spec } = created('Service', serviceManifest());
    assert.deepEqual(spec, {
      selector: { app: 'web' },
      ports: [{ port: 80, targetPort: 80, protocol: 'TCP' }],
      type: 'ClusterIP',
      sessionAffinity: 'None',
      internalTrafficPolicy: 'Cluster',
      ipFamilyPolicy: 'SingleStack',
      ipFamilies: ['IPv4'],
    });
  });

  it('of a Namespace label it with its name', () => {
    const namespace = created('Namespace', { metadata: { name: 'shop' } });
    assert.deepEqual(namespace.metadata?.labels, { 'kubernetes.io/metadata.name': 'shop' });
    assert.equal(namespace.status?.phase, 'Active');
  });

  it('change nothing when they are set a second time', () => {
    const once = defaulted('Deployment', created('Deployment', deploymentManifest()));
    assert.deepEqual(defaulted('Deployment', once), once);
  });
});

describe('an update', () => {
  it('counts the generation up when the spec changes, and only then', () => {
    const old = existing('Deployment', deploymentManifest());
    const labelled = prepareUpdate('Deployment', old, {
      ...old,
      metadata: { ...old.metadata, labels: { a: 'b' } },
    });
    assert.ok(labelled.ok);
    assert.equal(labelled.object.metadata?.generation, 1);
    const scaled = prepareUpdate('Deployment', old, { ...old, spec: { ...old.spec, replicas: 3 } });
    assert.ok(scaled.ok);
    assert.equal(scaled.object.metadata?.generation, 2);
  });

  it('keeps the status, and a status update keeps all else', () => {
    const old = existing('Deployment', deploymentManifest());
    const changed = { ...old, status: { replicas: 5 }, spec: { ...old.spec, replicas: 3 } };
    const main = prepareUpdate('Deployment', old, changed);
    assert.ok(main.ok);
    assert.deepEqual(main.object.status, {});
    const status = prepareUpdate('Deployment', old, changed, 'status');
    assert.ok(status.ok);
    assert.equal(status.object.spec?.replicas, 1);
    assert.deepEqual(status.object.status, { replicas: 5 });
    assert.equal(status.object.metadata?.generation, 1);
  });

  it('keeps the resourceVersion it was decided from, or takes the newest', () => {
    const old = existing('Deployment', deploymentManifest());
    const stale = prepareUpdate('Deployment', old, {
      ...old,
      metadata: { ...old.metadata, resourceVersion: '5' },
    });
    assert.ok(stale.ok);
    assert.equal(stale.object.metadata?.resourceVersion, '5');
    const blind = prepareUpdate('Deployment', old, deploymentManifest());
    assert.ok(blind.ok);
    assert.equal(blind.object.metadata?.resourceVersion, '7');
    assert.equal(blind.object.metadata?.uid, 'u-1');
  });

  it('cannot change who the object is', () => {
    const old = existing('Deployment', deploymentManifest());
    const other = prepareUpdate('Deployment', old, {
      ...old,
      metadata: { ...old.metadata, name: 'x', uid: 'y' },
    });
    assert.deepEqual(errorsOf(other), [
      'metadata.name: Invalid value: "x": field is immutable',
      'metadata.uid: Invalid value: "y": field is immutable',
    ]);
  });

  it('cannot change a selector', () => {
    const old = existing('Deployment', deploymentManifest());
    const spec = structuredClone(old.spec!);
    spec.selector = { matchLabels: { app: 'web', more: 'x' } };
    spec.template.metadata!.labels = { app: 'web', more: 'x' };
    const [error] = errorsOf(prepareUpdate('Deployment', old, { ...old, spec }));
    assert.match(error!, /^spec\.selector: Invalid value: .*: field is immutable$/);
  });

  it('of a pod may change its image and nothing else of its containers', () => {
    const old = existing('Pod', podManifest());
    const spec = structuredClone(old.spec!);
    spec.containers[0]!.image = 'y:2';
    assert.ok(prepareUpdate('Pod', old, { ...old, spec }).ok);
    spec.containers[0]!.args = ['--more'];
    const [error] = errorsOf(prepareUpdate('Pod', old, { ...old, spec }));
    assert.match(error!, /^spec: Forbidden: pod updates may not change fields other than/);
  });

  it('of a pod cannot move it', () => {
    const old = existing('Pod', podManifest({ nodeName: 'n1' }));
    const next = { ...old, spec: { ...old.spec, nodeName: 'n2' } };
    assert.match(errorsOf(prepareUpdate('Pod', old, next))[0]!, /^spec: Forbidden/);
  });

  it('of a service keeps the address that was allocated, and cannot change it', () => {
    const old = existing('Service', serviceManifest({ clusterIP: '10.0.0.7' }));
    const blind = prepareUpdate('Service', old, serviceManifest());
    assert.ok(blind.ok);
    assert.equal(blind.object.spec?.clusterIP, '10.0.0.7');
    const moved = prepareUpdate('Service', old, serviceManifest({ clusterIP: '10.0.0.8' }));
    assert.match(
      errorsOf(moved).join('\n'),
      /spec\.clusterIPs\[0\]: Invalid value: "10\.0\.0\.8": may not change once set/,
    );
  });

  it('of a service to another type drops what belonged to the old one', () => {
    const ports = [{ port: 80, nodePort: 30_080 }];
    const old = existing(
      'Service',
      serviceManifest({ type: 'NodePort', clusterIP: '10.0.0.7', ports }),
    );
    const inside = prepareUpdate('Service', old, {
      ...old,
      spec: { ...old.spec, type: 'ClusterIP' },
    });
    assert.ok(inside.ok, inside.ok ? '' : inside.message);
    assert.deepEqual(inside.object.spec?.ports, [{ port: 80, targetPort: 80, protocol: 'TCP' }]);
    assert.equal(inside.object.spec?.externalTrafficPolicy, undefined);
    const spec = { ...old.spec, type: 'ExternalName', externalName: 'example.com' };
    const outside = prepareUpdate('Service', old, { ...old, spec });
    assert.ok(outside.ok, outside.ok ? '' : outside.message);
    assert.equal(outside.object.spec?.clusterIP, undefined);
  });

  it('cannot add finalizers to what is being deleted', () => {
    const old = existing('Pod', podManifest());
    Object.assign(old.metadata!, { deletionTimestamp: '2026-01-01T00:00:00Z' });
    const next = { ...old, metadata: { ...old.metadata, finalizers: ['a.b/c'] } };
    assert.match(
      errorsOf(prepareUpdate('Pod', old, next))[0]!,
      /^metadata\.finalizers: Forbidden: no new finalizers/,
    );
  });
});

describe('a time', () => {
  const cases = [
    ['2026-01-01T02:00:00+02:00', '2026-01-01T00:00:00Z', '2026-01-01T00:00:00.000000Z'],
    ['2026-01-01T00:00:00.1Z', '2026-01-01T00:00:00Z', '2026-01-01T00:00:00.100000Z'],
    ['2026-01-01T00:00:00.123456789Z', '2026-01-01T00:00:00Z', '2026-01-01T00:00:00.123456Z'],
    ['2025-12-31T23:59:59.999999Z', '2025-12-31T23:59:59Z', '2025-12-31T23:59:59.999999Z'],
  ] as const;
  for (const [given, seconds, micros] of cases) {
    it(`such as ${given} is stored in the one form that clients read`, () => {
      const manifest = {
        metadata: { name: 'e', namespace: 'default' },
        involvedObject: { namespace: 'default' },
        lastTimestamp: given,
        eventTime: given,
      };
      const event = created('Event', manifest);
      assert.deepEqual([event.lastTimestamp, event.eventTime], [seconds, micros]);
    });
  }
});

describe('an object that cannot be read', () => {
  it('with unknown fields is refused, or taken without them', () => {
    const manifest = {
      ...deploymentManifest(),
      spec: { ...deploymentManifest().spec, replicaz: 2 },
    };
    const strict = prepareCreate('Deployment', manifest, creation);
    assert.ok(!strict.ok);
    assert.equal(strict.message, 'strict decoding error: unknown field "spec.replicaz"');
    const warned = prepareCreate('Deployment', manifest, creation, 'Warn');
    assert.ok(warned.ok);
    assert.deepEqual(warned.warnings, ['unknown field "spec.replicaz"']);
    assert.ok(!('replicaz' in warned.object.spec!));
    const ignored = prepareCreate('Deployment', manifest, creation, 'Ignore');
    assert.deepEqual(ignored.ok && ignored.warnings, []);
  });

  it('with values of the wrong type is malformed, with the path', () => {
    const manifest = {
      ...deploymentManifest(),
      spec: { ...deploymentManifest().spec, replicas: 'three' },
    };
    const prepared = prepareCreate('Deployment', manifest, creation);
    assert.ok(!prepared.ok && prepared.reason === 'malformed');
    assert.deepEqual(errorsOf(prepared), [
      'spec.replicas: Invalid value: "three": must be of type int32',
    ]);
  });

  it('never makes the preparation throw, whatever it is', () => {
    const old = existing('Pod', podManifest());
    fc.assert(
      fc.property(
        fc.constantFrom(...kindNames),
        fc.jsonValue(),
        fc.jsonValue(),
        (kind, spec, metadata) => {
          prepareCreate(kind, { spec, metadata }, creation);
          prepareCreate(kind, spec, creation, 'Ignore');
          prepareUpdate('Pod', old, { spec, metadata });
        },
      ),
    );
  });

  it('never makes the preparation throw where one field of a good one is anything', () => {
    const good = { ...podManifest(), ...deploymentManifest() };
    const paths = allPaths(good);
    const junk = fc.oneof(fc.jsonValue(), fc.constantFrom(null, [], {}, '', 0, -1, [null], [{}]));
    fc.assert(
      fc.property(fc.constantFrom(...paths), junk, (path, value) => {
        prepareCreate('Deployment', withValueAt(good, path, value), creation);
        prepareCreate('Pod', withValueAt(podManifest(), path, value), creation, 'Ignore');
        prepareCreate('Service', withValueAt(serviceManifest(), path, value), creation, 'Ignore');
      }),
      { numRuns: 500 },
    );
  });
});
