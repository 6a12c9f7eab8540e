// Chance that a seed decides (mulberry32).

import type { Random } from '../../../runtime/index.ts';

export function seededRandom(seed: number): Random {
  let state = seed >>> 0;
  const float = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
  const integer = (limit: number): number => Math.floor(float() * limit);
  const bytes = (length: number): Uint8Array => Uint8Array.from({ length }, () => integer(256));
  return { float, integer, bytes };
}
