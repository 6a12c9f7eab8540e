// A running digest of what happened: two runs that differ anywhere differ in it.

import { mix } from './seeded-random.ts';

export interface TraceDigest {
  readonly text: (text: string) => void;
  /** An integer. */
  readonly number: (value: number) => void;
  /** 16 hexadecimal digits over everything so far. */
  readonly value: () => string;
}

export function createTraceDigest(): TraceDigest {
  // Two lanes of 32 bits with different multipliers (those of FNV-1a and xxHash).
  let high = 0x811c9dc5 | 0;
  let low = 0x9e3779b1 | 0;

  const fold = (word: number): void => {
    high = Math.imul(high ^ word, 0x01000193);
    high ^= high >>> 15;
    low = Math.imul(low ^ word, 0x85ebca77);
    low ^= low >>> 13;
  };

  return {
    text: (text) => {
      // The length first, so that ("ab", "c") and ("a", "bc") differ.
      fold(text.length);
      for (let i = 0; i < text.length; i++) fold(text.charCodeAt(i));
    },
    number: (value) => {
      fold(value | 0);
      if (value !== (value | 0)) fold(Math.floor(value / 2 ** 32));
    },
    value: () => hex(mix(high)) + hex(mix(low ^ high)),
  };
}

function hex(word: number): string {
  return (word >>> 0).toString(16).padStart(8, '0');
}
