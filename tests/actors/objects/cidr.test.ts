// Blocks of addresses hold what they should, and addresses are written in one way.

import assert from 'node:assert/strict';
import fc from 'fast-check';
import {
  cidrContains,
  formatAddress,
  formatCidr,
  parseAddress,
  parseCidr,
} from '../../../actors/objects/cidr.ts';

describe('an address', () => {
  const cases: readonly (readonly [string, string])[] = [
    ['10.0.0.1', '10.0.0.1'],
    ['2001:DB8:0:0:0:0:0:1', '2001:db8::1'],
    ['::', '::'],
    ['0:0:0:0:0:0:0:1', '::1'],
    ['1:0:0:0:0:0:0:0', '1::'],
    ['1:0:2:0:0:3:4:5', '1:0:2::3:4:5'],
    ['1:0:0:2:0:0:3:4', '1::2:0:0:3:4'],
    ['1:2:0:4:5:6:7:8', '1:2:0:4:5:6:7:8'],
    ['20:0:0:0:0:0:0:10', '20::10'],
    ['::ffff:10.0.0.1', '::ffff:a00:1'],
  ];
  for (const [text, wanted] of cases) {
    it(`${text} is written ${wanted}`, () =>
      assert.equal(formatAddress(parseAddress(text)!), wanted));
  }

  it('is read back as it was written', () => {
    const address = fc.oneof(
      fc.record({ family: fc.constant(4 as const), value: fc.bigInt(0n, 2n ** 32n - 1n) }),
      fc.record({ family: fc.constant(6 as const), value: fc.bigInt(0n, 2n ** 128n - 1n) }),
      fc.record({
        family: fc.constant(6 as const),
        value: fc
          .array(fc.constantFrom(0n, 0n, 1n, 0x10n), { minLength: 8, maxLength: 8 })
          .map((groups) => groups.reduce<bigint>((sum, group) => (sum << 16n) | group, 0n)),
      }),
    );
    fc.assert(
      fc.property(address, (one) => assert.deepEqual(parseAddress(formatAddress(one)), { ...one })),
    );
  });
});

describe('a block', () => {
  const held: readonly (readonly [string, string, boolean])[] = [
    ['10.0.0.0/8', '10.1.0.0/16', true],
    ['10.0.0.0/8', '10.0.0.0/8', true],
    ['10.1.0.0/16', '10.0.0.0/8', false],
    ['10.0.0.0/8', '11.0.0.0/16', false],
    ['0.0.0.0/0', '255.0.0.0/8', true],
    ['::/0', '10.0.0.0/8', false],
    ['2001:db8::/32', '2001:db8:1::/48', true],
  ];
  for (const [outer, inner, wanted] of held) {
    it(`${outer} ${wanted ? 'holds' : 'does not hold'} ${inner}`, () =>
      assert.equal(cidrContains(parseCidr(outer)!, parseCidr(inner)!), wanted));
  }

  for (const text of [
    '10.0.0.0',
    '10.0.0.0/33',
    '10.0.0.0/08',
    '10.0.0/8',
    '::/129',
    'a/8',
    '/8',
  ]) {
    it(`is not ${text}`, () => assert.equal(parseCidr(text), undefined));
  }

  it('is written without bits beyond its prefix', () =>
    assert.equal(formatCidr(parseCidr('10.1.2.3/8')!), '10.0.0.0/8'));
});
