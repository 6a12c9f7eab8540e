// Adapter: chance from the operating system, good enough for secrets.

import { randomFillSync } from 'node:crypto';

import { assert } from './errors.ts';
import type { Random } from './random.ts';

// One call to the system per this many bytes instead of one per number.
const poolBytes = 4_096;

export function createSystemRandom(): Random {
  const pool = Buffer.alloc(poolBytes);
  let used = poolBytes;

  const float = (): number => {
    if (used + 8 > poolBytes) {
      randomFillSync(pool);
      used = 0;
    }
    const high = pool.readUInt32LE(used) >>> 5;
    const low = pool.readUInt32LE(used + 4) >>> 6;
    used += 8;
    return (high * 2 ** 26 + low) / 2 ** 53;
  };

  return {
    float,
    integer: (limit) => {
      assert(Number.isInteger(limit) && limit > 0, `random integer below ${limit}`);
      return Math.floor(float() * limit);
    },
    // Not from the pool: bytes become keys and tokens, and the pool keeps what it gave away.
    bytes: (length) => randomFillSync(new Uint8Array(length)),
  };
}
