// A world in virtual time: whole peers in one process, where the seed decides all that chance decides.
//
//   loop: run turns (the seed picks) -> let promises go on -> no turn waits? go to the next event

import type { Timer } from './clock.ts';
import { assert, SkeinError } from './errors.ts';
import { nextMacrotask } from './immediate-macrotask.ts';
import { createSeededRandom } from './seeded-random.ts';
import type { SeededRandom } from './seeded-random.ts';
import type { SimulatedClockOptions } from './simulated-clock.ts';
import { createSimulatedDispatcher } from './simulated-dispatcher.ts';
import { createEventQueue } from './simulated-events.ts';
import type { EventQueue } from './simulated-events.ts';
import { createSimulatedPeer } from './simulated-peer.ts';
import type { SimulatedPeer } from './simulated-peer.ts';
import { createTraceDigest } from './trace-digest.ts';

/**
 * Virtual time goes in steps of 1/1024 ms: such numbers add without rounding, and a timer for what
 * little is left after rounding elsewhere always moves time on.
 */
const ticksPerMs = 1_024;

/** Turns between two chances for promises to go on. */
const turnsPerBatch = 256;

/** Turns and events at one instant; more means that time stands still for ever. */
const maxStepsPerInstant = 50_000_000;

export type SimulationGoal =
  /** Until virtual time is `untilMs`. */
  | { readonly untilMs: number }
  /** Until `until` holds, asked after every batch of turns, but at most `limitMs` of virtual time from now. */
  | { readonly until: () => boolean; readonly limitMs: number };

export interface Simulation {
  readonly seed: string;
  /** For the world's own chance (faults, delays): fork it per purpose. */
  readonly random: SeededRandom;
  /** True virtual time since the simulation began; no peer can see it. */
  readonly nowMs: () => number;
  /** A new peer; or, after the one of this name crashed, its next life with a stream of its own. */
  readonly peer: (name: string, options?: SimulatedClockOptions) => SimulatedPeer;
  /** An event of the world itself: a fault, a delivery, a client. */
  readonly schedule: (delayMs: number, fire: () => void) => Timer;
  /**
   * Goes on in virtual time. True when the goal was reached, false when `limitMs` passed or nothing will
   * ever happen again. Rejects with what a turn or event threw.
   */
  readonly run: (goal: SimulationGoal) => Promise<boolean>;
  /** Makes `text` part of the trace. Every choice of a turn and every event is part of it anyway. */
  readonly trace: (text: string) => void;
  /** Same seed, same digest; 16 hexadecimal digits. */
  readonly digest: () => string;
  /** Turns run and events fired so far. */
  readonly steps: () => number;
}

export function createSimulation(seed: string | number): Simulation {
  const random = createSeededRandom(seed);
  const digest = createTraceDigest();
  const events = createEventQueue();
  const lives = new Map<string, { count: number; peer: SimulatedPeer }>();
  let nowMs = 0;
  let steps = 0;
  // How many steps had been taken when the present instant began.
  let instantSteps = 0;
  let isRunning = false;

  const dispatcher = createSimulatedDispatcher(random.fork('turns'), (picked, waiting) => {
    steps++;
    if (waiting > 1) digest.number(picked);
  });
  const schedule = (delayMs: number, fire: () => void): Timer => {
    const event = events.add(roundUp(nowMs + Math.max(0, delayMs)), fire);
    return { cancel: () => events.cancel(event) };
  };
  const world = { nowMs: () => nowMs, schedule, dispatcher };

  /** Goes to the next instant and fires what is due then; false when that is after `endMs`. */
  const advance = (endMs: number): boolean => {
    const nextMs = events.nextMs();
    if (nextMs === undefined || nextMs > endMs) return false;
    if (nextMs > nowMs) instantSteps = steps;
    nowMs = nextMs;
    digest.number(nowMs * ticksPerMs);
    steps += fireDue(events, nowMs);
    return true;
  };

  const run = async (goal: SimulationGoal): Promise<boolean> => {
    const until = 'until' in goal ? goal.until : undefined;
    const endMs = roundUp('until' in goal ? nowMs + goal.limitMs : goal.untilMs);
    for (;;) {
      for (let left = turnsPerBatch; left > 0 && dispatcher.runOne(); left--);
      await nextMacrotask();
      if (until?.() === true) return true;
      if (dispatcher.waiting() === 0 && !advance(endMs)) break;
      if (steps - instantSteps > maxStepsPerInstant) throw standsStill(nowMs);
    }
    nowMs = Math.max(nowMs, endMs);
    return until === undefined;
  };

  return {
    seed: String(seed),
    random,
    nowMs: () => nowMs,
    peer: (name, options = {}) => {
      const last = lives.get(name);
      assert(last === undefined || last.peer.status() === 'crashed', `two living peers "${name}"`);
      const count = (last?.count ?? 0) + 1;
      const stream = random.fork(`peer ${name} life ${count}`);
      const peer = createSimulatedPeer(world, name, stream, options);
      lives.set(name, { count, peer });
      return peer;
    },
    schedule,
    run: async (goal) => {
      assert(!isRunning, 'a simulation that runs is run again');
      isRunning = true;
      try {
        return await run(goal);
      } finally {
        isRunning = false;
      }
    },
    trace: digest.text,
    digest: digest.value,
    steps: () => steps,
  };
}

function roundUp(timeMs: number): number {
  return Math.ceil(timeMs * ticksPerMs) / ticksPerMs;
}

/** Fires what is due; what that makes due at the same instant waits for its turns. Returns how many. */
function fireDue(events: EventQueue, nowMs: number): number {
  const lastOrder = events.lastOrder();
  for (let fired = 0; ; fired++) {
    const fire = events.takeDue(nowMs, lastOrder);
    if (fire === undefined) return fired;
    fire();
  }
}

function standsStill(nowMs: number): SkeinError {
  return new SkeinError(
    'overloaded',
    `virtual time stands still at ${nowMs} ms after ${maxStepsPerInstant} steps: who tells whom for ever?`,
    { nowMs },
  );
}
