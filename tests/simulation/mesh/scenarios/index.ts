// All scenarios, in the order in which one world goes through them.

import { join, restartAll, rolling } from './arrivals.ts';
import { clocks } from './clocks.ts';
import { allLoad, anyFact, noisyOrigin, urgentFact } from './facts.ts';
import { cut, deaf, freeze, kill, mute, vanish } from './losses.ts';
import { liar } from './liar.ts';
import { flapping, half, tenth } from './partitions.ts';
import type { MeshScenario } from './scenario.ts';
import {
  idle,
  loss1,
  loss25,
  loss5,
  lossyLink,
  oneWayLinks,
  slowPeers,
  starved,
} from './weather.ts';

export type { MeshScenario } from './scenario.ts';

export const meshScenarios: readonly MeshScenario[] = [
  idle,
  join,
  kill,
  vanish,
  freeze,
  cut,
  mute,
  deaf,
  urgentFact,
  anyFact,
  allLoad,
  loss1,
  loss5,
  loss25,
  slowPeers,
  oneWayLinks,
  flapping,
  half,
  tenth,
  liar,
  noisyOrigin,
  clocks,
  rolling,
  restartAll,
  lossyLink,
  starved,
];
