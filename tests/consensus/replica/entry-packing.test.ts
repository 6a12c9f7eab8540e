// Entries as bytes on their way to other replicas.

import assert from 'node:assert/strict';
import fc from 'fast-check';
import {
  createEntryPacker,
  packEntries,
  unpackEntries,
} from '../../../consensus/replica/entry-packing.ts';
import type { Entry } from '../../../consensus/raft/types.ts';

const anyEntry = fc.record({
  term: fc.integer({ min: 1, max: 2 ** 47 }),
  type: fc.constantFrom('normal' as const, 'config' as const),
  data: fc.uint8Array({ maxLength: 300 }),
});
const from = (firstIndex: number, entries: readonly Omit<Entry, 'index'>[]): Entry[] =>
  entries.map((entry, at) => ({ index: firstIndex + at, ...entry }));
const plain = (entries: readonly Entry[]) =>
  entries.map(({ data, ...rest }) => ({ ...rest, data: [...data] }));

describe('packed entries', () => {
  it('come out as they went in', () => {
    fc.assert(
      fc.property(fc.nat(2 ** 40), fc.array(anyEntry), (firstIndex, list) => {
        const entries = from(firstIndex, list);
        assert.deepEqual(plain(unpackEntries(packEntries(entries), firstIndex)), plain(entries));
      }),
    );
  });

  it('are refused when they break off, whatever was cut', () => {
    const packed = packEntries(
      from(1, [
        { term: 3, type: 'normal', data: Buffer.from('one') },
        { term: 3, type: 'config', data: Buffer.from('another') },
      ]),
    );
    const whole = 11 + 3;
    for (let length = 1; length < packed.length; length++) {
      if (length === whole) continue;
      assert.throws(() => unpackEntries(packed.subarray(0, length), 1), { code: 'invalid' });
    }
  });

  it('are packed once for all who are sent the same, and anew after a change of the log', () => {
    const pack = createEntryPacker();
    const entries = from(7, [
      { term: 1, type: 'normal', data: Buffer.from('a') },
      { term: 1, type: 'normal', data: Buffer.from('b') },
    ]);
    const packed = pack(entries);
    assert.equal(pack([...entries]), packed);
    const rewritten = from(7, [
      { term: 2, type: 'normal', data: Buffer.from('c') },
      { term: 2, type: 'normal', data: Buffer.from('d') },
    ]);
    assert.deepEqual(plain(unpackEntries(pack(rewritten), 7)), plain(rewritten));
    assert.equal(pack([]).length, 0);
  });
});
