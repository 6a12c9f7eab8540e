// One peer is lost, in every way in which a peer can be lost.

import { FULL_MESH_LIMIT, RINGS } from '../../../../mesh/links/overlay.ts';
import type { Stage, Times } from '../stage.ts';
import type { Node } from '../world.ts';
import type { MeshScenario } from './scenario.ts';

/** Deaths that nobody hears of after this long are not heard of at all. */
const PATIENCE_MS = 30_000;

/** How long a peer stays frozen or cut off. */
const AWAY_MS = 20_000;

/** A peer comes back and is believed in by all after this long at most. */
const RETURN_MS = 20_000;

/** All links are back after this long: twice the longest wait between two dials. */
const REDIAL_MS = 30_000;

const buried = async (stage: Stage, victim: Node, strike: () => void): Promise<Times> => {
  strike();
  stage.world.beliefs.setTruth(victim.index, 'down');
  return await stage.known(
    stage.world.beliefs.watchStatus(victim.index, ['dead', 'left']),
    PATIENCE_MS,
  );
};

/** Share of peers that have all the links which the overlay wants. */
function linkedShare({ world, everyone }: Stage): number {
  const here = everyone();
  const wanted = here.length <= FULL_MESH_LIMIT ? here.length - 1 : RINGS;
  const linked = here.filter((i) => world.network.linked(world.peers[i]!).length >= wanted);
  return linked.length / here.length;
}

/** Until everybody believes in everybody again, the one that was away included. */
export async function returns(stage: Stage, index: number): Promise<void> {
  const { beliefs, judge } = stage.world;
  beliefs.pardon(true);
  beliefs.setTruth(index, 'up');
  const { to100Ms } = await stage.reach(beliefs.agreement, RETURN_MS);
  if (to100Ms === undefined) {
    judge.say('convergence', `p${index} is back, and not believed in by all after ${RETURN_MS} ms`);
  }
  // Links are dialled again with a growing delay; until then another loss would be two at once.
  const linked = await stage.reach(() => linkedShare(stage), REDIAL_MS);
  if (linked.to100Ms === undefined) {
    judge.say('overlay', `links are still missing ${REDIAL_MS} ms after p${index} came back`);
  }
  beliefs.pardon(false);
}

async function back(stage: Stage, victim: Node): Promise<void> {
  await stage.world.start(victim.index, [stage.anyone(victim.index).index]);
  await returns(stage, victim.index);
}

export const kill: MeshScenario = {
  name: 'kill',
  what: 'kill -9 of one: held for dead by the others',
  goalMs: { lan: 2_000, wan: 3_000 },
  play: async (stage) => {
    const victim = stage.anyone();
    const times = await buried(stage, victim, () => stage.world.crash(victim.index));
    await back(stage, victim);
    return times;
  },
};

export const vanish: MeshScenario = {
  name: 'vanish',
  what: 'the machine of one loses its power: no reset, links die by timeout',
  goalMs: { lan: 4_000, wan: 6_000 },
  play: async (stage) => {
    const victim = stage.anyone();
    const times = await buried(stage, victim, () => stage.world.vanish(victim.index));
    await back(stage, victim);
    return times;
  },
};

export const freeze: MeshScenario = {
  name: 'freeze',
  what: 'one is frozen for 20 s (SIGSTOP)',
  goalMs: { lan: 4_000, wan: 6_000 },
  play: async (stage) => {
    const victim = stage.anyone();
    const times = await buried(stage, victim, () => victim.host.freeze());
    await stage.pass(AWAY_MS);
    victim.host.resume();
    await returns(stage, victim.index);
    return times;
  },
};

const cutOff = (name: string, what: string, hears: boolean, speaks: boolean): MeshScenario => ({
  name,
  what,
  goalMs: { lan: 4_000, wan: 6_000 },
  play: async (stage) => {
    const { network } = stage.world;
    const victim = stage.anyone();
    const times = await buried(stage, victim, () => {
      if (!speaks) network.paths.setFrom(victim.index, { isCut: true });
      if (!hears) network.paths.setTo(victim.index, { isCut: true });
      network.pathsChanged();
    });
    await stage.pass(AWAY_MS);
    network.paths.heal();
    network.pathsChanged();
    await returns(stage, victim.index);
    return times;
  },
});

export const cut = cutOff('cut', 'one is cut off, both ways, for 20 s', false, false);
export const mute = cutOff('mute', 'one hears and is not heard, for 20 s', true, false);
export const deaf = cutOff('deaf', 'one is heard and hears nothing, for 20 s', false, true);
