// Chance: seeded streams repeat and are apart from each other; all streams keep their bounds.

import assert from 'node:assert/strict';

import * as fc from 'fast-check';

import { createSeededRandom, createSystemRandom, randomUuid } from '../../runtime/index.ts';
import type { Random } from '../../runtime/index.ts';

const draw = (random: Random): number[] => Array.from({ length: 8 }, () => random.float());

describe('seeded chance', () => {
  it('repeats for the same seed and differs for every other', () => {
    assert.deepEqual(draw(createSeededRandom('a')), draw(createSeededRandom('a')));
    assert.deepEqual(draw(createSeededRandom(7)), draw(createSeededRandom('7')));
    const firsts = new Set<number>();
    for (let seed = 0; seed < 10_000; seed++) firsts.add(createSeededRandom(seed).float());
    assert.equal(firsts.size, 10_000);
  });

  it('gives the same fork whatever was drawn before, and other names other forks', () => {
    const random = createSeededRandom('a');
    const early = draw(random.fork('x'));
    draw(random);
    assert.deepEqual(draw(random.fork('x')), early);
    assert.notDeepEqual(draw(random.fork('y')), early);
    assert.notDeepEqual(draw(createSeededRandom('b').fork('x')), early);
  });

  it('stays what it is: a changed generator would change what every seed means', () => {
    const random = createSeededRandom('skein');
    const numbers = [random.integer(1_000), random.integer(2 ** 40), random.float()];
    assert.deepEqual(numbers, [531, 856_108_943_158, 0.10899057687311642]);
    assert.equal(Buffer.from(random.bytes(6)).toString('hex'), 'a5b51b7da7a6');
  });
});

for (const [name, create] of [
  ['seeded chance', () => createSeededRandom(1)],
  ['chance of the system', createSystemRandom],
] as const) {
  describe(name, () => {
    it('is even enough over its range', () => {
      const random = create();
      const counts = Array.from({ length: 10 }, () => 0);
      for (let i = 0; i < 100_000; i++) counts[random.integer(10)]!++;
      // Five standard deviations (95 each) around 10,000.
      for (const count of counts) assert(Math.abs(count - 10_000) < 475, counts.join());
      const mean = Array.from({ length: 10_000 }, random.float).reduce((a, b) => a + b) / 10_000;
      assert(Math.abs(mean - 0.5) < 0.015, `a mean of ${mean}`);
    });

    it('keeps its bounds and refuses impossible ones', () => {
      const random = create();
      fc.assert(
        fc.property(fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER }), (limit) => {
          const value = random.integer(limit);
          return Number.isInteger(value) && value >= 0 && value < limit;
        }),
      );
      for (const limit of [0, -1, 0.5, Number.NaN]) assert.throws(() => random.integer(limit));
      assert.equal(random.bytes(33).length, 33);
      assert.match(randomUuid(random), /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-/);
    });
  });
}
