// What the tests of the runtime share: one actor system in a simulated world, and an actor that writes down.

import {
  createActorSystem,
  createRingLogger,
  createSimulation,
  formatAddress,
} from '../../runtime/index.ts';
import type {
  Actor,
  ActorRef,
  ActorSystem,
  Context,
  RingLogger,
  Signal,
  SimulatedPeer,
  Simulation,
} from '../../runtime/index.ts';

export interface World {
  readonly simulation: Simulation;
  readonly peer: SimulatedPeer;
  readonly system: ActorSystem;
  readonly log: RingLogger;
  /** `PATH: MESSAGE` of every failure that reached the top. */
  readonly failures: string[];
  /** Lets everything happen that is due within `ms`. */
  readonly pass: (ms: number) => Promise<boolean>;
}

export function createWorld(seed: string | number = 1): World {
  const simulation = createSimulation(seed);
  const peer = simulation.peer('here');
  const log = createRingLogger(peer.clock);
  const failures: string[] = [];
  const system = createActorSystem({
    peer: 'here',
    clock: peer.clock,
    random: peer.random,
    dispatcher: peer.dispatcher,
    log,
    onFailure: (path, error) => failures.push(`${path}: ${error.message}`),
  });
  const pass = (ms: number) => simulation.run({ untilMs: simulation.nowMs() + ms });
  return { simulation, peer, system, log, failures, pass };
}

/** An instruction: the actor calls it with its own context. */
export type Act = (ctx: Context<Act | string>) => void;

/** Writes `NAME start`, `NAME MESSAGE`, `NAME stopped` and signals into `diary`; obeys functions. */
export function diarist(name: string, diary: string[]): Actor<Act | string, string> {
  const write = (what: string): void => void diary.push(`${name} ${what}`);
  return {
    start: () => {
      write('start');
      return name;
    },
    receive: (state, message, ctx) => {
      if (typeof message === 'string') write(message);
      else message(ctx);
      return state;
    },
    signal: (state, signal) => {
      write(describe(signal));
      return state;
    },
    stopped: () => write('stopped'),
  };
}

function describe(signal: Signal): string {
  if (signal.type === 'terminated') return `terminated ${signal.address.split('#')[0]}`;
  const suffix = signal.error === undefined ? '' : ` (${signal.error.message})`;
  return `child-stopped ${signal.name}${suffix}`;
}

/** An instruction to throw. */
export const fall =
  (message: string): Act =>
  () => {
    throw new Error(message);
  };

export function at<M>(system: ActorSystem, path: string, peer = system.peer): ActorRef<M> {
  return system.ref<M>(formatAddress({ peer, path }));
}
