// What peers say of themselves: how soon all know it, and what it costs.

import { encodeGossip } from '../../../../mesh/gossip-message.ts';
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

const NOISE_EVERY_MS = 10;
/** Before the fact, so that every allowance that noise can use up is used up; and after it. */
const NOISE_MS = { before: 5_000, after: 5_000 };

export const noisyOrigin: MeshScenario = {
  name: 'noisy-origin',
  what: 'one publishes 100 hints a second about itself, and another changes a label: known to the others',
  // As if nobody made noise: by a hint. By exchanges alone it takes a LAN 80 to 420 ms, a WAN 0.9 to 1.1 s.
  goalMs: { lan: 50, wan: 800 },
  play: async (stage) => {
    const { world } = stage;
    const noisy = stage.anyone();
    const { index } = stage.anyone(noisy.index);
    const { incarnation } = noisy.mesh.member(noisy.peer)!;
    // Versions that nobody has, and that cannot be had of anybody either.
    const makeNoise = (version: number): void => {
      const newest = { peer: noisy.peer, incarnation, version: 1_000_000 + version };
      world.publish(noisy.index, encodeGossip({ type: 'facts', newest }));
    };
    for (let ms = 0; ms < NOISE_MS.before + NOISE_MS.after; ms += NOISE_EVERY_MS) {
      world.simulation.schedule(ms, () => makeNoise(ms));
    }
    await stage.pass(NOISE_MS.before);
    const stamp = world.say(index, 'urgent');
    const times = await stage.known(world.beliefs.watchStamp(index, 'urgent', stamp), PATIENCE_MS);
    await stage.pass(NOISE_MS.after);
    return times;
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
