// The containers actor over real processes: bound pods run, answer probes, and end.

import assert from 'node:assert/strict';
import type { Pod } from 'kubernetes-types/core/v1.d.ts';
import { containersActor } from '../../../actors/containers/containers-actor.ts';
import { createNodeProber } from '../../../actors/containers/node-prober.ts';
import { createObjects } from '../../../actors/objects/object-store.ts';
import type { Stored } from '../../../actors/objects/objects.ts';
import {
  createActorSystem,
  createImmediateDispatcher,
  createRingLogger,
  createSystemClock,
  createSystemRandom,
  ok,
} from '../../../runtime/index.ts';
import type { ActorSystem } from '../../../runtime/index.ts';
import { createMemoryStore } from '../objects/memory-store.ts';
import { conditionOf, markDeleted } from './containers-world.ts';
import { valueOf } from './driver-compliance.ts';
import { makeProcessHarness } from './process-driver-harness.ts';
import type { ProcessHarness } from './process-driver-harness.ts';

const server = `const { createServer } = require('node:http');
createServer((_, response) => response.end('hello from ' + process.env.HOSTNAME))
  .listen(Number(process.env.SKEIN_PORT_HTTP), process.env.SKEIN_POD_IP);`;

function podOf(name: string): Pod {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name,
      namespace: 'default',
      uid: `uid-of-${name}`,
      creationTimestamp: '2026-01-01T00:00:00Z',
    },
    spec: {
      nodeName: 'node-a',
      terminationGracePeriodSeconds: 2,
      containers: [
        {
          name: 'web',
          image: 'none',
          command: ['node', '-e', server],
          ports: [{ name: 'http', containerPort: 8080 }],
          readinessProbe: { httpGet: { path: '/', port: 'http' }, periodSeconds: 1 },
        },
      ],
    },
  };
}

describe('a peer with the process driver', () => {
  let harness: ProcessHarness;
  let system: ActorSystem;
  const store = createMemoryStore();
  const objects = createObjects(store);
  beforeEach(async () => {
    harness = await makeProcessHarness();
  });
  afterEach(() => harness.close());

  const boot = (): void => {
    const clock = createSystemClock();
    const driver = harness.driver();
    system = createActorSystem({
      peer: 'peer',
      clock,
      random: createSystemRandom(),
      log: createRingLogger(clock),
      dispatcher: createImmediateDispatcher(),
      onFailure: (path, error) => {
        throw new Error(`${path} failed`, { cause: error });
      },
    });
    system.spawn('containers', containersActor, {
      nodeName: 'node-a',
      hostIP: '127.70.3.1',
      // The harness has opened it.
      driver: { ...driver, open: async () => ok(undefined) },
      prober: createNodeProber(driver),
      objects,
      store,
      tellServing: () => undefined,
    });
  };
  const find = (name: string): Stored<'Pod'> | undefined =>
    objects.view.get('Pod', 'default', name);
  /** Looks at every change of a pod. */
  const when = (holds: () => boolean): Promise<void> =>
    new Promise((resolve) => {
      if (holds()) return resolve();
      const stop = objects.view.watch(['Pod'], () => {
        if (!holds()) return;
        stop();
        resolve();
      });
    });

  it('runs a service of two pods, takes them over when it comes back, and ends them', async () => {
    const names = ['web-1', 'web-2'];
    for (const name of names) {
      valueOf(await objects.write([{ type: 'create', kind: 'Pod', object: podOf(name) }]));
    }
    boot();
    await when(() => names.every((name) => conditionOf(find(name), 'Ready') === 'True'));
    for (const name of names) {
      const { podIP } = find(name)!.status!;
      const answer = await fetch(`http://${podIP}:8080/`);
      assert.equal(await answer.text(), `hello from ${name}`);
    }
    const ids = (): (string | undefined)[] =>
      names.map((name) => find(name)?.status?.containerStatuses?.[0]?.containerID);
    const before = ids();

    await system.stop();
    await harness.crashPeer();
    boot();
    const [one] = names;
    await when(() => conditionOf(find(one!), 'Ready') === 'True');
    assert.deepEqual(ids(), before);

    for (const name of names) {
      const object = structuredClone(find(name)) as Pod;
      markDeleted(object, 2);
      valueOf(await objects.write([{ type: 'update', kind: 'Pod', object }]));
    }
    await when(() => names.every((name) => find(name) === undefined));
    assert.deepEqual(valueOf(await harness.driver().pods()), []);
    await system.stop();
    objects.close();
  });
});
