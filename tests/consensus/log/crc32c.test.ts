// The checksum against published values.

import assert from 'node:assert/strict';

import * as fc from 'fast-check';

import { crc32c } from '../../../consensus/log/crc32c.ts';

describe('crc32c', () => {
  it('gives the values of RFC 3720 appendix B.4', () => {
    assert.equal(crc32c(Buffer.alloc(32)), 0x8a9136aa);
    assert.equal(crc32c(Buffer.alloc(32, 0xff)), 0x62a8ab43);
    assert.equal(crc32c(Uint8Array.from({ length: 32 }, (_, i) => i)), 0x46dd794e);
    assert.equal(crc32c(Uint8Array.from({ length: 32 }, (_, i) => 31 - i)), 0x113fdb5c);
    assert.equal(crc32c(Buffer.from('123456789')), 0xe3069283);
  });

  it('is the same in pieces as in one', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), fc.nat(200), (bytes, at) => {
        const cut = Math.min(at, bytes.length);
        const first = crc32c(bytes, 0, cut);
        assert.equal(crc32c(bytes, cut, bytes.length, first), crc32c(bytes));
      }),
    );
  });
});
