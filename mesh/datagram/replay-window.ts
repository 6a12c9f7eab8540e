// Which counters were seen: each is accepted once, in any order within a window behind the highest (RFC 6479). Pure.
//
// A ring of words, one bit a counter. One word more than the window holds: advancing clears whole words, and the
// word that is being filled is never the one that leaves.

const WORD_BITS = 32;

/** A power of two; 256 bytes a session. */
const WORDS = 64;

/** A counter this far behind the highest is refused unseen. */
export const REPLAY_WINDOW = (WORDS - 1) * WORD_BITS;

export interface ReplayWindow {
  /** Whether this counter may still be accepted. Tells nothing of whether it is genuine. */
  readonly isFresh: (counter: number) => boolean;
  /** Marks a counter that is fresh and was found genuine. */
  readonly mark: (counter: number) => void;
  /** The highest marked; 0 when none is. */
  readonly highest: () => number;
}

/** For counters from 1 to 2^32 - 1. */
export function createReplayWindow(): ReplayWindow {
  const words = new Uint32Array(WORDS);
  let highest = 0;

  const slotOf = (counter: number): number => (counter >>> 5) & (WORDS - 1);
  const bitOf = (counter: number): number => 1 << (counter & (WORD_BITS - 1));

  return {
    isFresh: (counter) => {
      if (counter > highest) return true;
      if (counter === 0 || highest - counter >= REPLAY_WINDOW) return false;
      return (words[slotOf(counter)]! & bitOf(counter)) === 0;
    },
    mark: (counter) => {
      if (counter > highest) {
        const passed = Math.min(WORDS, (counter >>> 5) - (highest >>> 5));
        for (let i = 0; i < passed; i++) words[((counter >>> 5) - i) & (WORDS - 1)] = 0;
        highest = counter;
      }
      words[slotOf(counter)]! |= bitOf(counter);
    },
    highest: () => highest,
  };
}
