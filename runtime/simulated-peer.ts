// One peer of a simulation: its own clock, chance and turns, and the ways it can fail.
//
//            freeze             crash
//   running -------> frozen ------------> crashed
//      ^  \____________|___________________^
//      |    resume     |
//      +---------------+

import type { Timer } from './clock.ts';
import type { Dispatcher } from './dispatcher.ts';
import { createFifo } from './fifo.ts';
import type { SeededRandom } from './seeded-random.ts';
import { createSimulatedClock } from './simulated-clock.ts';
import type { SimulatedClock, SimulatedClockOptions } from './simulated-clock.ts';
import type { SimulatedDispatcher } from './simulated-dispatcher.ts';

export interface SimulatedPeer {
  readonly name: string;
  readonly clock: SimulatedClock;
  /** A stream of this peer and this life alone. */
  readonly random: SeededRandom;
  readonly dispatcher: Dispatcher;
  readonly status: () => 'running' | 'frozen' | 'crashed';
  /**
   * Fires after `delayMs` of true virtual time, as part of this peer: never once it has crashed, and
   * only when it resumes while frozen. What a simulated network or disk hands to a peer comes this way.
   */
  readonly schedule: (delayMs: number, fire: () => void) => Timer;
  /** As SIGKILL: no turn, timer or event of this peer ever runs again. A new life is a new peer. */
  readonly crash: () => void;
  /** As SIGSTOP: its clock goes on, nothing else does. */
  readonly freeze: () => void;
  /** As SIGCONT: what came due meanwhile happens now, in order. */
  readonly resume: () => void;
}

export interface SimulatedWorld {
  readonly nowMs: () => number;
  readonly schedule: (delayMs: number, fire: () => void) => Timer;
  readonly dispatcher: SimulatedDispatcher;
}

export function createSimulatedPeer(
  world: SimulatedWorld,
  name: string,
  random: SeededRandom,
  options: SimulatedClockOptions,
): SimulatedPeer {
  let status: 'running' | 'frozen' | 'crashed' = 'running';
  const held = createFifo<() => void>();

  /** The only way in: whatever a peer does, it does inside this. */
  const enter = (act: () => void): void => {
    if (status === 'running') act();
    else if (status === 'frozen') held.push(act);
  };
  const schedule = (delayMs: number, fire: () => void): Timer => {
    let isCancelled = false;
    const guarded = (): void => {
      if (!isCancelled) fire();
    };
    const timer = world.schedule(delayMs, () => enter(guarded));
    return {
      cancel: () => {
        isCancelled = true;
        timer.cancel();
      },
    };
  };

  return {
    name,
    clock: createSimulatedClock(world.nowMs, schedule, options),
    random,
    dispatcher: world.dispatcher.forPeer(enter),
    status: () => status,
    schedule,
    crash: () => {
      status = 'crashed';
      held.clear();
    },
    freeze: () => {
      if (status === 'running') status = 'frozen';
    },
    resume: () => {
      if (status !== 'frozen') return;
      status = 'running';
      while (held.length() > 0) {
        const act = held.shift()!;
        world.schedule(0, () => enter(act));
      }
    },
  };
}
