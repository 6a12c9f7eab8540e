// Sets of small whole numbers, one bit each.

export type BitSet = Uint32Array;

export const createBitSet = (size: number): BitSet => new Uint32Array((size + 31) >>> 5);

export const hasBit = (set: BitSet, at: number): boolean =>
  ((set[at >>> 5]! >>> (at & 31)) & 1) === 1;

export function addBit(set: BitSet, at: number): void {
  set[at >>> 5]! |= 1 << (at & 31);
}

export function removeBit(set: BitSet, at: number): void {
  set[at >>> 5]! &= ~(1 << (at & 31));
}

/** Both sets of one size. */
export function sameBits(a: BitSet, b: BitSet): boolean {
  for (let word = 0; word < a.length; word++) if (a[word] !== b[word]) return false;
  return true;
}

/** Whether everything in `a` is in `b`; both of one size. */
export function isSubset(a: BitSet, b: BitSet): boolean {
  for (let word = 0; word < a.length; word++) if ((a[word]! & ~b[word]!) !== 0) return false;
  return true;
}
