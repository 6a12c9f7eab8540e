// What others send as MessagePack: what we write comes back, and no claim is believed before it is counted.

import { deepEqual, equal, ok } from 'node:assert/strict';
import fc from 'fast-check';
import { pack, SkeinError, unpack } from '../../runtime/index.ts';

/** The code of the error, and how much was taken on the way to it. */
function refusal(bytes: Uint8Array, valuesLimit?: number): string {
  const before = process.memoryUsage();
  try {
    unpack(bytes, valuesLimit);
    return 'read';
  } catch (error) {
    const after = process.memoryUsage();
    ok(after.heapUsed - before.heapUsed < 16 * 1024 * 1024, 'it took memory');
    return error instanceof SkeinError ? error.code : String(error);
  }
}

/** Lists within lists, each of which claims so many elements; five bytes a list. */
const claims = (depth: number, elements: number): Buffer => {
  const one = Buffer.of(0xdd, 0, 0, 0, 0);
  one.writeUInt32BE(elements, 1);
  return Buffer.concat(Array.from({ length: depth }, () => one));
};

describe('MessagePack of others', () => {
  it('gives back whatever was packed', () => {
    const value = fc.anything({
      withBigInt: false,
      withDate: false,
      withMap: false,
      withSet: false,
      withTypedArray: false,
      withSparseArray: false,
      withNullPrototype: false,
      maxDepth: 5,
    });
    fc.assert(
      fc.property(value, (original) => {
        const packed = Buffer.from(pack(original));
        deepEqual(unpack(packed), unpack(Buffer.from(pack(unpack(packed)))));
      }),
    );
    const all = [undefined, null, true, -1, -129, 2 ** 40, 1.5, 'é'.repeat(300), { a: { b: [] } }];
    deepEqual(unpack(pack(all)), all);
    const [bytes, date] = unpack(pack([new Uint8Array(70_000), new Date(1_500)])) as unknown[];
    equal((bytes as Uint8Array).length, 70_000);
    deepEqual(date, new Date(1_500));
  });

  it('is refused when it claims more than there is, and takes no memory for it', () => {
    equal(refusal(claims(1, 30_000_000)), 'corrupt');
    equal(refusal(claims(200, 1_000_000)), 'corrupt');
    equal(refusal(claims(13_000, 2 ** 32 - 1)), 'corrupt');
    for (const token of [0xc6, 0xc9, 0xdb, 0xdd, 0xdf]) {
      equal(refusal(Buffer.of(token, 0xff, 0xff, 0xff, 0xff, 0)), 'corrupt', `${token}`);
    }
  });

  it('is refused when it is nested too deep, or holds too many values', () => {
    const nested = (depth: number): Buffer =>
      Buffer.concat([Buffer.alloc(depth, 0x91), Buffer.of(1)]);
    equal(refusal(nested(128)), 'read');
    equal(refusal(nested(129)), 'corrupt');
    equal(refusal(nested(8 * 1024 * 1024)), 'corrupt');
    equal(refusal(Buffer.from(pack([1, 2, 3])), 3), 'read');
    equal(refusal(Buffer.from(pack([1, 2, 3, 4])), 3), 'too-large');
    equal(refusal(Buffer.from(pack({ a: 1, b: 2 })), 3), 'too-large');
    equal(refusal(Buffer.from(pack(Array.from({ length: 1_000_000 }, () => 0)))), 'too-large');
  });

  it('is refused when it is cut short, goes on, or is of a kind that nobody writes', () => {
    const whole = Buffer.from(pack({ text: 'abc', list: [1, 70_000, new Uint8Array(9)] }));
    for (let end = 0; end < whole.length; end++) equal(refusal(whole.subarray(0, end)), 'corrupt');
    equal(refusal(Buffer.concat([whole, Buffer.of(1)])), 'corrupt');
    equal(refusal(Buffer.of(0xc1)), 'corrupt');
    // A record, an error, a set, a pattern, a pointer, bundled strings, a big number.
    for (const kind of [0x72, 0x65, 0x73, 0x78, 0x70, 0x69, 0x62, 0x42, 0x74]) {
      equal(refusal(Buffer.of(0xd4, kind, 0x40, 0x91, 0xa1, 0x61, 1)), 'corrupt', `${kind}`);
      equal(refusal(Buffer.of(0xd6, kind, 0, 0, 0, 1)), 'corrupt', `${kind}`);
    }
  });

  it('of random bytes is read as a whole or refused', () => {
    const tokens = fc.array(
      fc.oneof(fc.integer({ min: 0, max: 255 }), fc.integer({ min: 0xc0, max: 0xdf })),
      { maxLength: 60 },
    );
    fc.assert(
      fc.property(tokens, (bytes) => {
        ok(['read', 'corrupt', 'too-large'].includes(refusal(Buffer.from(bytes))));
      }),
      { numRuns: 2_000 },
    );
  });
});
