// What peers say of themselves: how soon all know it, and what it costs.

import type { MeshScenario } from './scenario.ts';

const PATIENCE_MS = 30_000;

export const urgentFact: MeshScenario = {
  name: 'urgent-fact',
  what: 'one changes a label: known to the others',
  goalMs: { lan: 1_000, wan: 2_000 },
  play: async (stage) => {
    const { world } = stage;
    const { index } = stage.anyone();
    const stamp = world.say(index, 'urgent');
    return await stage.known(world.beliefs.watchStamp(index, 'urgent', stamp), PATIENCE_MS);
  },
};

export const anyFact: MeshScenario = {
  name: 'any-fact',
  what: 'one changes its usage: known to the others',
  goalMs: { lan: 3_000, wan: 5_000 },
  play: async (stage) => {
    const { world } = stage;
    const { index } = stage.anyone();
    const stamp = world.say(index, 'calm');
    return await stage.known(world.beliefs.watchStamp(index, 'calm', stamp), PATIENCE_MS);
  },
};

const SECONDS = 20;

export const allLoad: MeshScenario = {
  name: 'all-load',
  what: 'all change their usage every second for 20 s: the last change known to all',
  play: async (stage) => {
    const { world, chance } = stage;
    const all = stage.everyone();
    const last = new Map<number, number>();
    for (let second = 0; second < SECONDS; second++) {
      for (const index of all) {
        world.simulation.schedule(1_000 * chance.float(), () => {
          last.set(index, world.say(index, 'calm'));
        });
      }
      await stage.pass(1_000);
    }
    return await stage.reach(() => world.beliefs.stampShare('calm', last), PATIENCE_MS);
  },
};
