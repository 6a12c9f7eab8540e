// The epoch of a zone: its history since it was founded, or since it was recovered last.
//
//   epoch = recoveries * 2^32 + chance        0: a replica that holds nothing yet and takes what it is given
//
// A recovery begins a new epoch, and whoever belongs to an older one is fenced out. The epoch is a key of the
// replicated state, so that a replica which was fed by the new epoch knows it from its snapshot and cannot lose it.
// Chance keeps two recoveries of one zone apart that should not both have been made: the greater epoch goes on, and the
// replicas of the other are fenced like any old member.

import type { Random } from '../../runtime/index.ts';
import type { StoreView } from '../store/store.ts';

export const epochKey = '/skein/zone/epoch';
/** Of a replica that was never fed. */
export const blankEpoch = 0;
/** Epochs of one count differ by chance below this. */
const chanceLimit = 2 ** 32;
/** Of a zone that was never recovered: it has no such key. */
export const foundingEpoch = chanceLimit;

/** The epoch of a state that is not blank. */
export function epochOf(view: StoreView): number {
  const kv = view.get(epochKey);
  return kv === undefined ? foundingEpoch : Number(kv.value);
}

export function nextEpoch(epoch: number, random: Random): number {
  return (Math.floor(epoch / chanceLimit) + 1) * chanceLimit + random.integer(chanceLimit);
}

/** For people: `1` for a founded zone, then `2-9f3a0c11`. */
export function formatEpoch(epoch: number): string {
  const chance = epoch % chanceLimit;
  const count = Math.floor(epoch / chanceLimit);
  return chance === 0 ? String(count) : `${count}-${chance.toString(16).padStart(8, '0')}`;
}
