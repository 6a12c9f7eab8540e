// Peers come: all at once, one more, all again.

import type { Stage, Times } from '../stage.ts';
import type { MeshScenario } from './scenario.ts';

const FORMING_MS = 60_000;

/** A whole site starts within this time. */
const SPREAD_MS = 100;

/** The world before anything happens: the first peer, and all others at once, which know nobody else. */
export async function form(stage: Stage): Promise<Times> {
  const { world, chance, size } = stage;
  world.beliefs.pardon(true);
  await world.start(0, []);
  for (let index = 1; index < size; index++) {
    world.simulation.schedule(SPREAD_MS * chance.float(), () => void world.start(index, [0]));
  }
  await stage.pass(SPREAD_MS + 1);
  const times = await stage.reach(world.beliefs.agreement, FORMING_MS);
  if (times.to100Ms === undefined) {
    world.judge.say('convergence', `not all of ${size} know all after ${FORMING_MS} ms`);
  }
  world.beliefs.pardon(false);
  return times;
}

export const join: MeshScenario = {
  name: 'join',
  what: 'one more joins at any peer: it knows all, all know it',
  goalMs: { lan: 2_000, wan: 4_000 },
  play: async (stage) => {
    const { world } = stage;
    const newcomer = stage.size;
    world.beliefs.pardon(true);
    await world.start(newcomer, [stage.anyone().index]);
    const times = await stage.reach(world.beliefs.agreement, FORMING_MS);
    world.beliefs.pardon(false);
    await stage.pass(5_000);
    const left = world.leave(newcomer);
    await stage.pass(5_000);
    await left;
    return times;
  },
};

export const restartAll: MeshScenario = {
  name: 'restart-all',
  what: 'all are killed, and start again from their address books within a second',
  play: async (stage) => {
    const { world, chance } = stage;
    const all = stage.everyone();
    world.beliefs.pardon(true);
    for (const index of all) world.crash(index);
    await stage.pass(2_000);
    for (const index of all) {
      world.simulation.schedule(1_000 * chance.float(), () => void world.start(index, []));
    }
    await stage.pass(1_001);
    const times = await stage.reach(world.beliefs.agreement, FORMING_MS);
    world.beliefs.pardon(false);
    return times;
  },
};

/** Every peer is restarted once within about this time. */
const ROLLING_MS = 60_000;
const DOWN_MS = 1_000;

export const rolling: MeshScenario = {
  name: 'rolling',
  what: 'every peer is killed and started again a second later, one after the other',
  play: async (stage) => {
    const { world } = stage;
    const all = stage.everyone();
    const stepMs = Math.max(100, Math.min(5_000, ROLLING_MS / all.length));
    world.beliefs.pardon(true);
    for (const index of all) {
      world.crash(index);
      world.simulation.schedule(DOWN_MS, () => void world.start(index, []));
      await stage.pass(stepMs);
    }
    await stage.pass(DOWN_MS + 1);
    const times = await stage.reach(world.beliefs.agreement, FORMING_MS);
    world.beliefs.pardon(false);
    return times;
  },
};
