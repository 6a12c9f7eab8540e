// A peer's containers actor in virtual time, over a store in memory and a simulated engine.

import {
  createActorSystem,
  createRingLogger,
  createSimulation,
  ok,
} from '../../../runtime/index.ts';
import type { ActorSystem, Result, RingLogger, Simulation } from '../../../runtime/index.ts';
import type { Pod, PodSpec } from 'kubernetes-types/core/v1.d.ts';
import { containersActor } from '../../../actors/containers/containers-actor.ts';
import type { Prober } from '../../../actors/containers/prober.ts';
import { createObjects } from '../../../actors/objects/object-store.ts';
import type { ObjectStore } from '../../../actors/objects/object-store.ts';
import type { Stored } from '../../../actors/objects/objects.ts';
import { createMemoryStore } from '../objects/memory-store.ts';
import type { MemoryStore } from '../objects/memory-store.ts';
import {
  createSimulatedContainerHost,
  noFaults,
} from '../../simulation/simulated-container-driver.ts';
import type {
  ContainerFaults,
  SimulatedContainerHost,
} from '../../simulation/simulated-container-driver.ts';
import { valueOf } from './driver-compliance.ts';

export interface World {
  readonly simulation: Simulation;
  readonly store: MemoryStore;
  readonly objects: ObjectStore;
  readonly host: SimulatedContainerHost;
  /** What probes see: undefined is a success. */
  problem: (path: string) => string | undefined;
  /** What the containers actor tells of its pods. */
  tellServing: (uid: string, isServing: boolean) => void;
  /** What the barrier of the store answers. */
  barrier: () => Promise<Result<number>>;
  readonly crash: () => void;
  /** Sets the peer's wall clock so far off the true time. */
  readonly jump: (offsetMs: number) => void;
  readonly boot: () => void;
  readonly log: () => RingLogger;
  readonly bind: (name: string, spec: Partial<PodSpec> & { command?: string[] }) => Promise<string>;
  readonly pod: (name: string) => Stored<'Pod'> | undefined;
  readonly edit: (name: string, change: (pod: Pod) => void) => Promise<void>;
  readonly remove: (name: string) => Promise<void>;
  readonly settle: <T>(call: Promise<T>) => Promise<T>;
  readonly pass: (ms: number) => Promise<void>;
  readonly until: (holds: () => boolean, limitMs?: number) => Promise<boolean>;
  readonly close: () => Promise<void>;
}

export function createWorld(seed: string, faults: ContainerFaults = noFaults): World {
  const simulation = createSimulation(seed);
  const machine = simulation.peer('machine');
  const random = simulation.random.fork('containers');
  const host = createSimulatedContainerHost({ clock: machine.clock, random, faults });
  const store = createMemoryStore();
  const objects = createObjects(store);
  let peer = simulation.peer('peer');
  let driver = host.driver();
  let system: ActorSystem | undefined;
  let log = createRingLogger(peer.clock);
  let serial = 0;

  const prober: Prober = {
    look: async (target) => world.problem(target.type === 'http' ? target.path : target.type),
  };
  const settle = async <T>(call: Promise<T>): Promise<T> => {
    let isDone = false;
    const done = call.finally(() => (isDone = true));
    await simulation.run({ until: () => isDone, limitMs: 600_000 });
    return done;
  };
  const find = (name: string): Stored<'Pod'> | undefined =>
    objects.view.get('Pod', 'default', name);

  const world: World = {
    simulation,
    store,
    objects,
    host,
    problem: () => undefined,
    barrier: async () => ok(0),
    tellServing: () => undefined,
    settle,
    jump: (offsetMs) => peer.clock.setWallOffset(offsetMs),
    crash: () => {
      peer.crash();
      driver.crash();
      peer = simulation.peer('peer');
    },
    boot: () => {
      driver = host.driver();
      log = createRingLogger(peer.clock);
      system = createActorSystem({
        peer: 'peer',
        clock: peer.clock,
        random: peer.random,
        log,
        dispatcher: peer.dispatcher,
        onFailure: (path, error) => {
          throw new Error(`${path} failed`, { cause: error });
        },
      });
      system.spawn('containers', containersActor, {
        nodeName: 'node-a',
        hostIP: '127.70.3.1',
        driver,
        prober,
        objects,
        store: { view: store.view, barrier: () => world.barrier() },
        tellServing: (uid, isServing) => world.tellServing(uid, isServing),
      });
    },
    log: () => log,
    bind: async (name, { command = ['simulate'], ...spec }) => {
      serial++;
      const uid = `00000000-0000-4000-8000-${String(serial).padStart(12, '0')}`;
      const object: Pod = {
        apiVersion: 'v1',
        kind: 'Pod',
        metadata: { name, namespace: 'default', uid, creationTimestamp: '2026-01-01T00:00:00Z' },
        spec: {
          nodeName: 'node-a',
          containers: [{ name: 'main', image: 'none', command }],
          restartPolicy: 'Always',
          terminationGracePeriodSeconds: 5,
          ...spec,
        },
        status: { phase: 'Pending' },
      };
      valueOf(await settle(objects.write([{ type: 'create', kind: 'Pod', object }])));
      return uid;
    },
    pod: find,
    edit: async (name, change) => {
      const object = structuredClone(find(name)) as Pod;
      change(object);
      valueOf(await settle(objects.write([{ type: 'update', kind: 'Pod', object }])));
    },
    remove: async (name) => {
      const object = find(name) as Pod;
      valueOf(await settle(objects.write([{ type: 'delete', kind: 'Pod', object }])));
    },
    pass: async (ms) => {
      await simulation.run({ untilMs: simulation.nowMs() + ms });
    },
    until: (holds, limitMs = 60_000) => simulation.run({ until: holds, limitMs }),
    close: async () => {
      await settle(system?.stop() ?? Promise.resolve());
      objects.close();
    },
  };
  return world;
}

/** Marks it for deletion, as the API does. */
export function markDeleted(pod: Pod, graceSeconds = 5): void {
  pod.metadata = {
    ...pod.metadata,
    deletionTimestamp: '2026-01-01T00:01:00Z',
    deletionGracePeriodSeconds: graceSeconds,
  };
}

export const isRunning = (pod: Stored<'Pod'> | undefined): boolean =>
  pod?.status?.phase === 'Running';

export const conditionOf = (pod: Stored<'Pod'> | undefined, type: string): string | undefined =>
  pod?.status?.conditions?.find((one) => one.type === type)?.status;
