// How many messages a second actors exchange: under the real dispatcher, in simulation, and over a simulated network.

import {
  createActorSystem,
  createImmediateDispatcher,
  createRingLogger,
  createSimulation,
  createSystemClock,
  createSystemRandom,
  formatAddress,
} from '../../runtime/index.ts';
import type { Actor, ActorRef, ActorSystem } from '../../runtime/index.ts';

interface Ball {
  readonly type: 'ball';
  readonly left: number;
  readonly from: ActorRef<Ball>;
}

const pairs = 100;
const throwsPerPair = 10_000;
const networkPeers = 10;
const ballsPerPeer = 20;
const networkMs = 4_000;

/** Throws the ball back until none is left, then tells `done`. */
function player(done: () => void): Actor<Ball, undefined> {
  return {
    start: () => undefined,
    receive: (state, { left, from }, ctx) => {
      if (left === 0) done();
      else from.tell({ type: 'ball', left: left - 1, from: ctx.self });
      return state;
    },
  };
}

/** Passes what it gets to the next peer. */
const relayer: Actor<string, ActorRef<string>, ActorRef<string>> = {
  start: (next) => next,
  receive: (next, message) => {
    next.tell(message);
    return next;
  },
  schema: () => undefined,
};

function fail(path: string, error: Error): void {
  throw new Error(`${path} failed`, { cause: error });
}

function startPairs(system: ActorSystem, done: () => void): void {
  for (let pair = 0; pair < pairs; pair++) {
    const one = system.spawn(`one-${pair}`, player(done), undefined);
    const other = system.spawn(`other-${pair}`, player(done), undefined);
    one.tell({ type: 'ball', left: throwsPerPair, from: other });
  }
}

async function measure(act: () => Promise<number>): Promise<number> {
  const startMs = performance.now();
  const messages = await act();
  return Math.round((messages / (performance.now() - startMs)) * 1_000);
}

function real(): Promise<number> {
  const clock = createSystemClock();
  const system = createActorSystem({
    peer: 'bench',
    clock,
    random: createSystemRandom(),
    log: createRingLogger(clock),
    dispatcher: createImmediateDispatcher(),
    onFailure: fail,
  });
  return new Promise((resolve) => {
    let running = pairs;
    startPairs(system, () => {
      running--;
      if (running === 0) resolve(system.counters().processed);
    });
  });
}

async function simulated(): Promise<number> {
  const simulation = createSimulation(1);
  const { clock, random, dispatcher } = simulation.peer('bench');
  const log = createRingLogger(clock);
  const system = createActorSystem({
    peer: 'bench',
    clock,
    random,
    log,
    dispatcher,
    onFailure: fail,
  });
  let running = pairs;
  startPairs(system, () => running--);
  await simulation.run({ until: () => running === 0, limitMs: 1 });
  return system.counters().processed;
}

/** Every message takes a random time over a network, so nearly every one is a step of virtual time. */
async function networked(): Promise<number> {
  const simulation = createSimulation(1);
  const delays = simulation.random.fork('delays');
  const systems = new Map<string, ActorSystem>();
  for (let index = 0; index < networkPeers; index++) {
    const name = `peer-${index}`;
    const peer = simulation.peer(name);
    const { clock, random, dispatcher } = peer;
    const log = createRingLogger(clock);
    const system = createActorSystem({
      peer: name,
      clock,
      random,
      log,
      dispatcher,
      onFailure: fail,
    });
    system.connect({
      send: (to, message) => {
        const target = systems.get(to.slice('skein://'.length).split('/')[0]!);
        simulation.schedule(0.5 + delays.float(), () => target?.deliver(name, to, message));
        return true;
      },
      watch: () => () => undefined,
    });
    systems.set(name, system);
    const next = formatAddress({ peer: `peer-${(index + 1) % networkPeers}`, path: 'relay' });
    const relay = system.spawn('relay', relayer, system.ref<string>(next));
    for (let ball = 0; ball < ballsPerPeer; ball++) relay.tell('ball');
  }
  await simulation.run({ untilMs: networkMs });
  return [...systems.values()].reduce((sum, system) => sum + system.counters().processed, 0);
}

const figures = {
  realPerSecond: await measure(real),
  simulatedPerSecond: await measure(simulated),
  simulatedNetworkPerSecond: await measure(networked),
};
console.log(`messages a second: ${figures.realPerSecond} real dispatcher, \
${figures.simulatedPerSecond} simulated, ${figures.simulatedNetworkPerSecond} over a simulated network`);
console.log(JSON.stringify({ bench: 'runtime', ...figures }));
