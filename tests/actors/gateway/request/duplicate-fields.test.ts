// Fields that a JSON text gives twice.

import assert from 'node:assert/strict';
import fc from 'fast-check';
import { duplicateFields } from '../../../../actors/gateway/request/duplicate-fields.ts';

describe('fields that are given twice', () => {
  const rows: readonly (readonly [string, readonly string[]])[] = [
    ['{}', []],
    ['{"a":1,"b":1}', []],
    ['{"a":1,"a":1}', ['a']],
    ['{"a":1,"a":2,"a":3}', ['a']],
    ['{"a":{"b":1,"c":2,"b":{}}}', ['a.b']],
    ['{"a":[{"b":1},{"b":1},{"b":1,"b":2}]}', ['a[2].b']],
    ['{"a":[[{"b":1,"b":2}]]}', ['a[0][0].b']],
    ['[{"op":"x","op":"y"}]', ['[0].op']],
    ['{"a":"b","b":"a"}', []],
    ['{"a" \n : 1, "\\u0061":2}', ['a']],
    ['{"a":"\\"a\\":1,","b":"{\\"b\\":1"}', []],
    ['{"a":["x","x"],"x":1}', []],
    ['{"a":{"x":1},"b":{"x":1}}', []],
  ];
  for (const [text, paths] of rows) {
    it(`in ${JSON.stringify(text)} are ${paths.join() || 'none'}`, () => {
      assert.deepEqual(duplicateFields(text), paths);
    });
  }

  it('are never found in what JSON.stringify writes', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        assert.deepEqual(duplicateFields(JSON.stringify(value, null, 1)), []);
      }),
    );
  });
});
