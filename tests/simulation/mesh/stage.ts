// Where a scenario plays: a formed world, time that passes, and what is measured on the way.

import type { SeededRandom } from '../../../runtime/index.ts';
import { kindsOf } from './traffic.ts';
import type { Traffic } from './traffic.ts';
import type { Spread } from './beliefs.ts';
import type { Node, World } from './world.ts';

/** How long until something was known to 99 of 100 and to all; undefined when that never came. */
export interface Times {
  readonly to99Ms: number | undefined;
  readonly to100Ms: number | undefined;
}

export interface Stage {
  readonly world: World;
  readonly chance: SeededRandom;
  /** Peers that take part from the start; a spare one has the next number. */
  readonly size: number;
  readonly pass: (ms: number) => Promise<void>;
  /** Asks now and then how large a share is right, until all is or the time is up. */
  readonly reach: (share: () => number, limitMs: number) => Promise<Times>;
  /** Waits until everybody knows, or the time is up. */
  readonly known: (spread: Spread, limitMs: number) => Promise<Times>;
  /** A running peer that is in no trouble, not among `except`. */
  readonly anyone: (...except: readonly number[]) => Node;
  readonly everyone: () => readonly number[];
}

/** A share of a million beliefs is asked this often. */
const ASK_MS = 50;

export function createStage(world: World, size: number, chance: SeededRandom): Stage {
  const { simulation, beliefs } = world;
  const pass = async (ms: number): Promise<void> => {
    await simulation.run({ untilMs: simulation.nowMs() + ms });
  };
  return {
    world,
    chance,
    size,
    pass,
    reach: async (share, limitMs) => {
      const startMs = simulation.nowMs();
      let to99Ms: number | undefined;
      for (;;) {
        const reached = share();
        const afterMs = simulation.nowMs() - startMs;
        if (reached >= 0.99) to99Ms ??= afterMs;
        if (reached === 1) return { to99Ms, to100Ms: afterMs };
        if (afterMs >= limitMs) return { to99Ms, to100Ms: undefined };
        await pass(ASK_MS);
      }
    },
    known: async (spread, limitMs) => {
      const startMs = simulation.nowMs();
      const needed = Math.ceil(spread.observers * 0.99);
      await simulation.run({ until: () => spread.timesMs.length >= spread.observers, limitMs });
      const afterMs = (nth: number): number | undefined => {
        const timeMs = spread.timesMs[nth - 1];
        return timeMs === undefined ? undefined : timeMs - startMs;
      };
      return { to99Ms: afterMs(needed), to100Ms: afterMs(spread.observers) };
    },
    anyone: (...except) => {
      for (;;) {
        const index = chance.integer(size);
        if (!except.includes(index) && beliefs.truth(index) === 'up') return world.node(index);
      }
    },
    everyone: () => world.peers.map((_, index) => index).filter((i) => beliefs.truth(i) !== 'down'),
  };
}

/** What peers sent each second, on average, while `play` ran. */
export async function measured<T>(
  world: World,
  play: () => Promise<T>,
): Promise<readonly [T, Traffic]> {
  const before = world.network.counters();
  const startMs = world.simulation.nowMs();
  const result = await play();
  const seconds = (world.simulation.nowMs() - startMs) / 1_000;
  return [result, kindsOf(before, world.network.counters(), seconds * world.beliefs.observers())];
}
