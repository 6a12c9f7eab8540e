// Finds what differs between two large sets of versioned items without sending either: first one hash of all,
// then one for each bucket of items, then one for each item of the buckets that differ. Pure.
//
// A bucket's hash is the exclusive or of its items' hashes, so that a change costs two operations, not a pass.

import { hash53 } from './hash53.ts';
import type { PeerId } from './transport.ts';

/** At a thousand items a difference then costs one message of hashes and one of eight items. */
export const BUCKET_COUNT = 128;

const TWO_TO_32 = 4_294_967_296;

/** One item as it stands on one side. */
export interface ItemHash {
  readonly peer: PeerId;
  readonly hash: number;
}

export interface BucketHashes {
  /** What is held of `peer` is now this version; undefined: nothing any more. */
  readonly set: (peer: PeerId, version: string | number | undefined) => void;
  /** Items held. */
  readonly size: () => number;
  /** Of all items: equal on two sides exactly when (but for a chance of 2^-53) they hold the same versions of the same items. */
  readonly root: () => number;
  /** One for each bucket, BUCKET_COUNT in all, as large as a safe integer. */
  readonly buckets: () => readonly number[];
  /** The buckets in which this side and the other differ; of a list of another length, all. */
  readonly differing: (theirs: readonly number[]) => readonly number[];
  /** All items of these buckets. */
  readonly items: (buckets: readonly number[]) => readonly ItemHash[];
  /** Items of these buckets that the other side, which holds `theirs` there, has otherwise or not at all. */
  readonly lackedBy: (theirs: readonly ItemHash[], buckets: readonly number[]) => readonly PeerId[];
  /** Those of `theirs` that this side has otherwise or not at all. */
  readonly lacking: (theirs: readonly ItemHash[]) => readonly PeerId[];
}

export const bucketOf = (peer: PeerId): number => hash53(peer) % BUCKET_COUNT;

/** Every bucket, for a side that holds so little that it may as well tell all. */
export const ALL_BUCKETS: readonly number[] = Array.from({ length: BUCKET_COUNT }, (_, i) => i);

export function createBucketHashes(): BucketHashes {
  const members = ALL_BUCKETS.map(() => new Map<PeerId, number>());
  const sums = ALL_BUCKETS.map(() => 0);
  let root = 0;
  let size = 0;

  const items = (buckets: readonly number[]): ItemHash[] =>
    buckets.flatMap((bucket) =>
      [...(members[bucket] ?? [])].map(([peer, hash]) => ({ peer, hash })),
    );

  return {
    set: (peer, version) => {
      const bucket = bucketOf(peer);
      const held = members[bucket]!;
      const before = held.get(peer);
      const after = version === undefined ? undefined : hash53(`${peer} ${version}`);
      if (before === after) return;
      size += (after === undefined ? 0 : 1) - (before === undefined ? 0 : 1);
      const change = xor(before ?? 0, after ?? 0);
      sums[bucket] = xor(sums[bucket]!, change);
      root = xor(root, change);
      if (after === undefined) held.delete(peer);
      else held.set(peer, after);
    },
    size: () => size,
    root: () => root,
    buckets: () => [...sums],
    differing: (theirs) =>
      theirs.length === BUCKET_COUNT
        ? ALL_BUCKETS.filter((bucket) => theirs[bucket] !== sums[bucket])
        : ALL_BUCKETS,
    items,
    lackedBy: (theirs, buckets) => {
      const held = new Map(theirs.map(({ peer, hash }) => [peer, hash]));
      return items(buckets)
        .filter(({ peer, hash }) => held.get(peer) !== hash)
        .map(({ peer }) => peer);
    },
    lacking: (theirs) =>
      theirs
        .filter(({ peer, hash }) => members[bucketOf(peer)]!.get(peer) !== hash)
        .map(({ peer }) => peer),
  };
}

/** Exclusive or of two 53-bit numbers; the operator of the language knows only 32. */
function xor(one: number, other: number): number {
  const high = Math.floor(one / TWO_TO_32) ^ Math.floor(other / TWO_TO_32);
  const low = (one >>> 0) ^ (other >>> 0);
  return (high >>> 0) * TWO_TO_32 + (low >>> 0);
}
