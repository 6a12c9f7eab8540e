// Differences between two sets found by hashes alone.

import { deepEqual, equal, notEqual } from 'node:assert/strict';
import fc from 'fast-check';
import { ALL_BUCKETS, BUCKET_COUNT, createBucketHashes } from '../../mesh/bucket-hash.ts';
import type { BucketHashes } from '../../mesh/bucket-hash.ts';

const contents = fc.dictionary(
  fc.constantFrom(...Array.from({ length: 40 }, (_, i) => `peer ${i}`)),
  fc.nat(3),
);

function holding(items: Readonly<Record<string, number>>): BucketHashes {
  const hashes = createBucketHashes();
  for (const [peer, version] of Object.entries(items)) hashes.set(peer, version);
  return hashes;
}

describe('bucket hashes', () => {
  it('do not depend on the way by which a state was reached', () => {
    fc.assert(
      fc.property(contents, contents, (before, after) => {
        const changed = holding(before);
        for (const peer of Object.keys(before)) changed.set(peer, undefined);
        for (const [peer, version] of Object.entries(after)) changed.set(peer, version);
        const fresh = holding(after);
        equal(changed.root(), fresh.root());
        equal(changed.size(), Object.keys(after).length);
        deepEqual(changed.buckets(), fresh.buckets());
      }),
    );
  });

  it('differ exactly where the items do', () => {
    fc.assert(
      fc.property(contents, contents, (one, other) => {
        const [a, b] = [holding(one), holding(other)];
        const buckets = a.differing(b.buckets());
        deepEqual(buckets, b.differing(a.buckets()));
        equal(a.root() === b.root(), buckets.length === 0);
        const lacking = a.lacking(b.items(buckets));
        const expected = Object.keys(other).filter((peer) => one[peer] !== other[peer]);
        deepEqual(lacking.toSorted(), expected.toSorted());
        deepEqual(b.lackedBy(a.items(buckets), buckets).toSorted(), expected.toSorted());
      }),
    );
  });

  it('are safe integers, one for each bucket', () => {
    const hashes = createBucketHashes();
    for (let i = 0; i < 2000; i++) hashes.set(`peer ${i}`, `${i}:alive`);
    equal(hashes.buckets().length, BUCKET_COUNT);
    equal(hashes.buckets().every(Number.isSafeInteger), true);
    equal(hashes.items(ALL_BUCKETS).length, 2000);
    notEqual(hashes.root(), 0);
  });

  it('take a list of hashes of another length for one that differs everywhere', () => {
    deepEqual(createBucketHashes().differing([1, 2, 3]), ALL_BUCKETS);
  });
});
