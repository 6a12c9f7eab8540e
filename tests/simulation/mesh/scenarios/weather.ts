// Nobody is lost, and much goes wrong: nobody may be held for dead.

import { shuffled } from '../../../../runtime/index.ts';
import type { Stage, Times } from '../stage.ts';
import type { MeshScenario } from './scenario.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

const nothingToSpread: Times = { to99Ms: undefined, to100Ms: undefined };

const calm = (
  name: string,
  what: string,
  lastsMs: number,
  begin: (stage: Stage) => () => void,
): MeshScenario => ({
  name,
  what,
  ...(lastsMs > 2 * MINUTE_MS ? { isLong: true } : {}),
  play: async (stage) => {
    const end = begin(stage);
    await stage.pass(lastsMs);
    end();
    return nothingToSpread;
  },
});

const nothing = (): void => undefined;

const healing =
  ({ world }: Stage): (() => void) =>
  () => {
    world.network.paths.heal();
    world.network.pathsChanged();
  };

export const idle = calm('idle', 'two minutes without anything', 2 * MINUTE_MS, () => nothing);

export const lossyLink = calm(
  'lossy-link',
  '30 % loss on one link for an hour',
  HOUR_MS,
  (stage) => {
    const one = stage.anyone();
    const other = stage.anyone(one.index);
    stage.world.network.paths.setPair(one.index, other.index, { loss: 0.3 });
    return healing(stage);
  },
);

/** A starved peer stands still for up to this long, and then runs for up to that long. */
const STARVED_MS = 1_500;
const FED_MS = 150;

export const starved = calm(
  'starved',
  'one is starved of CPU for an hour: stands still for up to 1.5 s, runs for up to 0.15 s, over and over',
  HOUR_MS,
  (stage) => {
    const { simulation } = stage.world;
    const { host } = stage.anyone();
    let isOver = false;
    const sleep = (): void => {
      if (isOver) return;
      host.freeze();
      simulation.schedule(STARVED_MS * stage.chance.float(), () => {
        host.resume();
        simulation.schedule(FED_MS * stage.chance.float(), sleep);
      });
    };
    sleep();
    return () => (isOver = true);
  },
);

const lossy = (percent: number): MeshScenario =>
  calm(
    `loss-${percent}`,
    `${percent} % loss everywhere for two minutes`,
    2 * MINUTE_MS,
    (stage) => {
      stage.world.network.paths.setAll({ loss: percent / 100 });
      return () => stage.world.network.paths.setAll({ loss: 0 });
    },
  );

export const loss1 = lossy(1);
export const loss5 = lossy(5);
/** Measured, without a goal: every fourth packet lost is no network any more. */
export const loss25: MeshScenario = { ...lossy(25), mayWrong: true };

export const slowPeers = calm(
  'slow-peers',
  'a tenth takes 50 to 150 ms longer for everything it hears, for two minutes',
  2 * MINUTE_MS,
  (stage) => {
    const slow = shuffled(stage.chance, stage.everyone()).slice(0, Math.ceil(stage.size / 10));
    for (const index of slow) {
      stage.world.network.paths.setTo(index, { latencyMinMs: 50, latencyMaxMs: 150 });
    }
    return healing(stage);
  },
);

export const oneWayLinks = calm(
  'one-way-links',
  'one path of twenty is cut in one direction, for two minutes; everybody keeps most of its paths',
  2 * MINUTE_MS,
  (stage) => {
    const { network } = stage.world;
    const lost = new Map(stage.everyone().map((index) => [index, 0]));
    const mayLose = (index: number): boolean => lost.get(index)! + 1 < stage.size / 2;
    for (const from of stage.everyone()) {
      for (const to of stage.everyone()) {
        if (from >= to || stage.chance.float() >= 0.05) continue;
        if (!mayLose(from) || !mayLose(to)) continue;
        for (const end of [from, to]) lost.set(end, lost.get(end)! + 1);
        network.paths.setPath(from, to, { isCut: true });
      }
    }
    network.pathsChanged();
    return healing(stage);
  },
);
