// Chance from a seed: the generator sfc32 (Chris Doty-Humphrey, PractRand), seeded by a hashed string.

import { assert } from './errors.ts';
import type { Random } from './random.ts';

export interface SeededRandom extends Random {
  /**
   * A stream of its own, set by this stream's seed and `name` alone: how much was drawn from this
   * one changes nothing. The same name gives the same stream again.
   */
  readonly fork: (name: string) => SeededRandom;
}

const twoTo32 = 2 ** 32;
const twoTo53 = 2 ** 53;

// sfc32's author asks for 12 rounds before the state is well mixed.
const warmUpRounds = 12;

/** The same seed gives the same numbers, on every machine. Not for secrets. */
export function createSeededRandom(seed: string | number): SeededRandom {
  const text = String(seed);
  let [a, b, c] = hash96(text);
  let counter = 1;

  const next = (): number => {
    const sum = (a + b + counter++) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = ((c << 21) | (c >>> 11)) + sum;
    c |= 0;
    return sum >>> 0;
  };
  for (let round = 0; round < warmUpRounds; round++) next();

  const float = (): number => ((next() >>> 5) * 2 ** 26 + (next() >>> 6)) / twoTo53;

  return {
    float,
    integer: (limit) => {
      assert(Number.isInteger(limit) && limit > 0, `random integer below ${limit}`);
      // One draw where 32 bits are plenty; the bias is below limit / 2^32.
      return limit <= 2 ** 20
        ? Math.floor((next() / twoTo32) * limit)
        : Math.floor(float() * limit);
    },
    bytes: (length) => {
      const bytes = new Uint8Array(length);
      for (let i = 0; i < length; i += 4) {
        const word = next();
        for (let j = i; j < i + 4 && j < length; j++) bytes[j] = word >>> ((j - i) * 8);
      }
      return bytes;
    },
    fork: (name) => createSeededRandom(`${text}/${name}`),
  };
}

/** Three 32-bit lanes over the text (FNV-1a with a different prime and start each), then mixed. */
function hash96(text: string): [number, number, number] {
  let x = 0x811c9dc5;
  let y = 0x9e3779b9;
  let z = 0x85ebca6b;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    x = Math.imul(x ^ code, 0x01000193);
    y = Math.imul(y ^ code, 0x85ebca77);
    z = Math.imul(z ^ code, 0xc2b2ae3d);
  }
  return [mix(x ^ (z >>> 7)), mix(y ^ (x >>> 11)), mix(z ^ (y >>> 13))];
}

/** The finalizer of MurmurHash3: every input bit reaches every output bit. */
export function mix(value: number): number {
  let word = value;
  word = Math.imul(word ^ (word >>> 16), 0x85ebca6b);
  word = Math.imul(word ^ (word >>> 13), 0xc2b2ae35);
  return (word ^ (word >>> 16)) | 0;
}
