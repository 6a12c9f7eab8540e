// Clocks that jump: by an hour, both ways, in peers that run and in peers that start again.

import type { MeshScenario } from './scenario.ts';

const HOUR_MS = 3_600_000;

export const clocks: MeshScenario = {
  name: 'clocks',
  what: 'all wall clocks jump by an hour, half of them back; two of them start again with theirs',
  play: async (stage) => {
    const { world } = stage;
    for (const index of stage.everyone()) {
      world.node(index).host.clock.setWallOffset(index % 2 === 0 ? HOUR_MS : -HOUR_MS);
    }
    await stage.pass(10_000);
    const early = stage.anyone().index;
    const late = stage.anyone(early).index;
    world.beliefs.pardon(true);
    for (const [index, offsetMs] of [
      [early, -HOUR_MS],
      [late, HOUR_MS],
    ] as const) {
      world.crash(index);
      await stage.pass(3_000);
      await world.start(index, [], offsetMs);
    }
    const times = await stage.reach(world.beliefs.agreement, 30_000);
    world.beliefs.pardon(false);
    await stage.pass(1_000);
    for (const index of [early, late]) {
      const stamp = world.say(index, 'urgent');
      const { to100Ms } = await stage.known(
        world.beliefs.watchStamp(index, 'urgent', stamp),
        30_000,
      );
      if (to100Ms === undefined) {
        world.judge.say(
          'any fact',
          `what p${index} says since its clock jumped is not heard by all`,
        );
      }
    }
    return times;
  },
};
