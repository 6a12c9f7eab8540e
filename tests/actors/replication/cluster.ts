// A whole zone for tests of controllers: nodes, kubelets, every duty and the leader's role, over one store in memory.

import type { Deployment } from 'kubernetes-types/apps/v1.d.ts';
import type { Node, Pod, Service } from 'kubernetes-types/core/v1.d.ts';
import { replicationDuties } from '../../../actors/replication/replication-duties.ts';
import { nodeLifecycleActor } from '../../../actors/replication/node-lifecycle/node-lifecycle-actor.ts';
import { schedulingDuties } from '../../../actors/scheduling/scheduler-actor.ts';
import type { KindName, ObjectTypes } from '../../../actors/objects/kinds.ts';
import { isPodActive, isPodReady } from '../../../actors/objects/pod-status.ts';
import type { Zone, ZonePeer } from '../duties/zone.ts';
import { createZone } from '../duties/zone.ts';
import type { KubeletOptions } from './fake-kubelet.ts';
import { startKubelet } from './fake-kubelet.ts';

/** Stands for the certificate of the API's authority. */
export const AUTHORITY = 'authority in PEM';

export interface Cluster extends Zone {
  /** Any peer that lives: its view is what the test looks at. */
  readonly eye: () => ZonePeer;
  readonly create: <K extends KindName>(kind: K, object: ObjectTypes[K]) => Promise<void>;
  /** Reads, changes and writes as a client would, until it is not overtaken. */
  readonly change: <K extends KindName>(
    kind: K,
    name: string,
    change: (object: Readonly<ObjectTypes[K]>) => ObjectTypes[K],
  ) => Promise<void>;
  readonly pods: () => readonly Pod[];
  readonly readyPods: () => readonly Pod[];
  /** Kills a peer and lets the mesh find out after `afterMs`. */
  readonly kill: (name: string, afterMs?: number) => void;
}

export function testNode(name: string, change: Partial<Node> = {}): Node {
  return {
    apiVersion: 'v1',
    kind: 'Node',
    spec: {},
    status: {
      allocatable: { cpu: '4', memory: '8Gi', pods: '110' },
      conditions: [{ type: 'Ready', status: 'True', reason: 'PeerReady' }],
    },
    ...change,
    metadata: { uid: `node-${name}`, labels: {}, ...change.metadata, name },
  };
}

export function testDeployment(
  name: string,
  replicas: number,
  change: Partial<NonNullable<Deployment['spec']>> = {},
  image = 'v1',
): Deployment {
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name, namespace: 'default', uid: `deployment-${name}`, generation: 1 },
    spec: {
      replicas,
      selector: { matchLabels: { app: name } },
      template: {
        metadata: { labels: { app: name } },
        spec: {
          containers: [
            {
              name: 'main',
              image,
              command: ['true'],
              ports: [{ name: 'http', containerPort: 8080 }],
              resources: { requests: { cpu: '100m', memory: '64Mi' } },
            },
          ],
        },
      },
      ...change,
    },
  };
}

export function testService(name: string): Service {
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name, namespace: 'default', uid: `service-${name}` },
    spec: { selector: { app: name }, ports: [{ port: 80, targetPort: 'http', protocol: 'TCP' }] },
  };
}

/** Nodes are ready and duties taken when it resolves. */
export async function createCluster(
  seed: number,
  names: readonly string[],
  options: KubeletOptions & { readonly node?: (name: string) => Node } = {},
): Promise<Cluster> {
  const zone = createZone(seed, names);
  zone.setLeader(names[0]);
  const eye = (): ZonePeer => zone.peers.find((one) => one.simulated.status() === 'running')!;
  /** Lets virtual time go on until a write of the test itself is answered. */
  const settle = async <T>(promise: Promise<T>): Promise<T> => {
    let isDone = false;
    const done = promise.finally(() => (isDone = true));
    await zone.until('a write of the test is answered', () => isDone);
    return done;
  };
  for (const peer of zone.peers) {
    const { store, objects, mesh } = peer;
    peer.sit([
      ...replicationDuties(store, objects, () => AUTHORITY),
      ...schedulingDuties(store, objects, mesh),
    ]);
    peer.system.spawn('node-lifecycle', nodeLifecycleActor, { store, objects, mesh });
    startKubelet(peer, options);
  }
  const create: Cluster['create'] = async (kind, object) => {
    const result = await settle(eye().objects.write([{ type: 'create', kind, object }]));
    if (!result.ok) throw result.error;
  };
  const change: Cluster['change'] = async (kind, name, edit) => {
    const namespace = kind === 'Node' || kind === 'Namespace' ? '' : 'default';
    for (let attempt = 0; attempt < 100; attempt++) {
      const object = edit(eye().objects.view.get(kind, namespace, name)!);
      const result = await settle(eye().objects.write([{ type: 'update', kind, object }]));
      if (result.ok) return;
      if (result.error.code !== 'conflict') throw result.error;
    }
    throw new Error(`always overtaken while changing ${kind} ${name}`);
  };
  for (const name of names) await create('Node', options.node?.(name) ?? testNode(name));
  const pods = (): readonly Pod[] => eye().objects.view.list('Pod');
  return {
    ...zone,
    eye,
    create,
    change,
    pods,
    readyPods: () => pods().filter((pod) => isPodActive(pod) && isPodReady(pod)),
    kill: (name, afterMs = 0) => {
      zone.peers.find((peer) => peer.name === name)!.simulated.crash();
      zone.simulation.schedule(afterMs, () => zone.setMember(name, 'dead'));
    },
  };
}
