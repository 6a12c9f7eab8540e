// Configurations the search has been in: what was put in order, and the state that came of it.

import { addBit, createBitSet, hasBit, isSubset, removeBit, sameBits } from './bit-set.ts';
import type { BitSet } from './bit-set.ts';
import type { Model } from './model.ts';

interface Place<S> {
  readonly done: BitSet;
  readonly state: S;
  /** The sets of unknown operations it was reached with; none contains another. */
  spent: BitSet[];
}

/** The configuration the search is in, and the memory of those it was in before. */
export interface Visited<S> {
  readonly addDone: (at: number) => void;
  readonly removeDone: (at: number) => void;
  readonly addSpent: (at: number) => void;
  readonly removeSpent: (at: number) => void;
  readonly isSpent: (at: number) => boolean;
  /**
   * Remembers the present configuration with `state`. False when the search was in one that could do at least
   * as much: the same but for unknown operations, of which it had spent no others.
   */
  readonly enter: (state: S) => boolean;
  readonly size: () => number;
}

export function createVisited<S>(
  model: Pick<Model<S, never, never>, 'equals' | 'hash'>,
  doneSize: number,
  spentSize: number,
): Visited<S> {
  const places = new Map<number, Place<S>[]>();
  const done = createBitSet(doneSize);
  const spent = createBitSet(spentSize);
  let doneHash = 0;
  let size = 0;

  const placeOf = (state: S): Place<S> => {
    const hash = (doneHash ^ model.hash(state)) | 0;
    let bucket = places.get(hash);
    if (bucket === undefined) places.set(hash, (bucket = []));
    let place = bucket.find((each) => sameBits(each.done, done) && model.equals(each.state, state));
    if (place === undefined) bucket.push((place = { done: done.slice(), state, spent: [] }));
    return place;
  };

  return {
    addDone: (at) => {
      addBit(done, at);
      doneHash ^= spread(at);
    },
    removeDone: (at) => {
      removeBit(done, at);
      doneHash ^= spread(at);
    },
    addSpent: (at) => addBit(spent, at),
    removeSpent: (at) => removeBit(spent, at),
    isSpent: (at) => hasBit(spent, at),
    enter: (state) => {
      const place = placeOf(state);
      if (place.spent.some((before) => isSubset(before, spent))) return false;
      const kept = place.spent.filter((before) => !isSubset(spent, before));
      size += 1 + kept.length - place.spent.length;
      place.spent = [...kept, spent.slice()];
      return true;
    },
    size: () => size,
  };
}

/** 32 well mixed bits for a small number, so that the exclusive or of several tells sets apart. */
function spread(at: number): number {
  let bits = Math.imul(at + 1, 0x9e3779b1);
  bits = Math.imul(bits ^ (bits >>> 16), 0x85ebca6b);
  bits = Math.imul(bits ^ (bits >>> 13), 0xc2b2ae35);
  return bits ^ (bits >>> 16);
}
