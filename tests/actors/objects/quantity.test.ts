// Quantities are read, compared and written as Kubernetes does.

import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import {
  addQuantities,
  bytesQuantity,
  canonicalQuantity,
  compareQuantities,
  formatQuantity,
  millisQuantity,
  parseQuantity,
  quantityMillis,
  quantityUnits,
} from '../../../actors/objects/quantity.ts';
import type { Quantity } from '../../../actors/objects/quantity.ts';

const quantities: fc.Arbitrary<Quantity> = fc.record({
  nanos: fc.bigInt({ min: -(2n ** 62n), max: 2n ** 62n }),
  format: fc.constantFrom('decimal', 'binary', 'exponent'),
});

describe('quantities', () => {
  const canonical: readonly (readonly [string, string])[] = [
    ['0', '0'],
    ['0Gi', '0'],
    ['-0', '0'],
    ['1000m', '1'],
    ['0.5', '500m'],
    ['.5', '500m'],
    ['1.', '1'],
    ['+1', '1'],
    ['1024Mi', '1Gi'],
    ['1.5Gi', '1536Mi'],
    ['0.1Gi', '107374182400m'],
    ['1023Ki', '1023Ki'],
    ['512', '512'],
    ['0.5Ki', '512'],
    ['1500k', '1500k'],
    ['1000k', '1M'],
    ['1e3', '1e3'],
    ['1E3', '1e3'],
    ['1E', '1E'],
    ['12e2', '1200'],
    ['0.1n', '1n'],
    ['-1.5', '-1500m'],
    ['100000000000000000000', '9223372036854775807'],
  ];
  for (const [text, wanted] of canonical) {
    it(`writes ${text} as ${wanted}`, () => assert.equal(canonicalQuantity(text), wanted));
  }

  for (const text of [
    '',
    '.',
    'm',
    '1mm',
    '1 Gi',
    '1gi',
    '1KI',
    '0x1',
    '1e',
    '1.2.3',
    '--1',
    '1e9999999999',
    '1'.repeat(65),
  ]) {
    it(`refuses ${JSON.stringify(text.slice(0, 12))}`, () =>
      assert.equal(parseQuantity(text), undefined));
  }

  it('reads back what it writes', () => {
    fc.assert(
      fc.property(quantities, (quantity) => {
        const read = parseQuantity(formatQuantity(quantity));
        assert.equal(read?.nanos, quantity.nanos);
      }),
    );
  });

  it('writes a canonical text unchanged', () => {
    fc.assert(
      fc.property(quantities, (quantity) => {
        const text = formatQuantity(quantity);
        assert.equal(canonicalQuantity(text), text);
      }),
    );
  });

  it('compares and adds as the amounts do', () => {
    fc.assert(
      fc.property(quantities, quantities, (left, right) => {
        assert.equal(
          Math.sign(compareQuantities(left, right)),
          Number(left.nanos > right.nanos) - Number(left.nanos < right.nanos),
        );
        assert.equal(addQuantities(left, right).nanos, left.nanos + right.nanos);
      }),
    );
  });

  it('rounds up to thousandths and to units', () => {
    assert.equal(quantityMillis('100u'), 1);
    assert.equal(quantityMillis('1.5'), 1_500);
    assert.equal(quantityUnits('1m'), 1);
    assert.equal(quantityUnits('1Gi'), 2 ** 30);
    assert.equal(quantityUnits(undefined), 0);
  });

  it('makes quantities of thousandths and bytes', () => {
    assert.equal(millisQuantity(250), '250m');
    assert.equal(millisQuantity(4_000), '4');
    assert.equal(bytesQuantity(2 ** 20), '1Mi');
  });
});
