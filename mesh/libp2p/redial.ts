// Keeps trying: a dial that fails is tried again after a growing, jittered pause, without end. Pure.

import type { Random } from '../../runtime/index.ts';

const FIRST_MS = 100;
const LONGEST_MS = 15_000;

/** Pause before try number `failures` (1 after the first failure); halves to one and a half times the nominal. */
export function redialPauseMs(failures: number, random: Random): number {
  const nominal = Math.min(LONGEST_MS, FIRST_MS * 2 ** Math.min(failures - 1, 16));
  return nominal * (0.5 + random.float());
}

const UPGRADE_FIRST_MS = 2_000;
const UPGRADE_LONGEST_MS = 60_000;

/** The same while a relay carries what there is: less hurried, for each try may mean seconds of packets that vanish. */
export function upgradePauseMs(failures: number, random: Random): number {
  const nominal = Math.min(UPGRADE_LONGEST_MS, UPGRADE_FIRST_MS * 2 ** Math.min(failures - 1, 16));
  return nominal * (0.5 + random.float());
}
