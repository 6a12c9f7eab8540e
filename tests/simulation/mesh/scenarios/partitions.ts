// Many go silent at once: partitions that heal, and peers that come and go.

import { shuffled } from '../../../../runtime/index.ts';
import type { Stage } from '../stage.ts';
import type { MeshScenario } from './scenario.ts';

const APART_MS = 60_000;
const TOGETHER_MS = 60_000;

/** Fewer lost at once do not look like a partition. */
const MANY_LEAST = 3;

const parted = (name: string, what: string, share: number): MeshScenario => ({
  name,
  what,
  play: async (stage) => {
    const { world } = stage;
    const all = shuffled(stage.chance, stage.everyone());
    const few = new Set(all.slice(0, Math.max(1, Math.floor(all.length * share))));
    world.beliefs.pardon(true);
    world.network.paths.partition((peer) => (few.has(peer) ? 1 : 0));
    world.network.pathsChanged();
    await stage.pass(APART_MS);
    if (all.length - few.size >= MANY_LEAST) judgeOutlook(stage, few);
    world.network.paths.heal();
    world.network.pathsChanged();
    const times = await stage.reach(world.beliefs.agreement, TOGETHER_MS);
    world.beliefs.pardon(false);
    return times;
  },
});

/** Whoever lost most of the others must know that it may be itself that is cut off. */
function judgeOutlook({ world }: Stage, few: ReadonlySet<number>): void {
  for (const index of few) {
    const { state, alive, silent } = world.node(index).mesh.outlook();
    if (state === 'partitioned') continue;
    const sentence = `p${index} sees ${alive} alive and ${silent} silent, and takes the mesh for whole`;
    world.judge.say('outlook', sentence);
  }
}

export const half = parted(
  'partition-half',
  'two halves for a minute, then healed: all see all',
  0.5,
);

export const tenth = parted(
  'partition-tenth',
  'a tenth is cut off together for a minute, then healed: all see all',
  0.1,
);

export const flapping: MeshScenario = {
  name: 'flapping',
  what: 'a twentieth is cut off for 3 s of every 8, for two minutes',
  play: async (stage) => {
    const { world, chance } = stage;
    const few = shuffled(chance, stage.everyone()).slice(
      0,
      Math.max(1, Math.floor(stage.size / 20)),
    );
    for (const index of few) world.beliefs.setTruth(index, 'unjudged');
    for (let round = 0; round < 15; round++) {
      for (const index of few) {
        world.network.paths.setFrom(index, { isCut: true });
        world.network.paths.setTo(index, { isCut: true });
      }
      world.network.pathsChanged();
      await stage.pass(3_000);
      world.network.paths.heal();
      world.network.pathsChanged();
      await stage.pass(5_000);
    }
    world.beliefs.pardon(true);
    for (const index of few) world.beliefs.setTruth(index, 'up');
    const times = await stage.reach(world.beliefs.agreement, TOGETHER_MS);
    world.beliefs.pardon(false);
    return times;
  },
};
