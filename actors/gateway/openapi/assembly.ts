// A document put together from pieces, in short turns, with a hash of all its bytes.

import { hash32 } from '../../objects/stable-hash.ts';
import type { Pace } from '../pace.ts';

export interface Document {
  readonly bytes: Uint8Array;
  /** 64 bits in hexadecimal digits; differs when any byte does. */
  readonly hash: string;
}

export interface Assembly {
  readonly add: (piece: string | Uint8Array) => Promise<void>;
  readonly finish: () => Document;
}

/** Where the second half of the hash begins. */
const LOW_SEED = 0x9e3779b9;

const digits = (half: number): string => half.toString(16).padStart(8, '0');

export function createAssembly(pace: Pace): Assembly {
  const pieces: Uint8Array[] = [];
  let high: number | undefined;
  let low = LOW_SEED;
  return {
    add: async (piece) => {
      const bytes = typeof piece === 'string' ? Buffer.from(piece) : piece;
      high = hash32(bytes, high);
      low = hash32(bytes, low);
      pieces.push(bytes);
      await pace.rest();
    },
    finish: () => ({
      bytes: Buffer.concat(pieces),
      hash: digits(high ?? 0) + digits(low),
    }),
  };
}
