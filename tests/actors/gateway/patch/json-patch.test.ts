// JSON patch, case by case: what each operation makes of a document, and what is refused.

import assert from 'node:assert/strict';
import { jsonPatch } from '../../../../actors/gateway/patch/json-patch.ts';
import { StatusError } from '../../../../actors/gateway/status.ts';

type Operations = readonly Readonly<Record<string, unknown>>[];

describe('a JSON patch', () => {
  const made: readonly (readonly [unknown, Operations, unknown])[] = [
    [{}, [{ op: 'add', path: '/a', value: 1 }], { a: 1 }],
    [{ a: 1 }, [{ op: 'add', path: '/a', value: null }], { a: null }],
    [{ a: [1, 3] }, [{ op: 'add', path: '/a/1', value: 2 }], { a: [1, 2, 3] }],
    [{ a: [1] }, [{ op: 'add', path: '/a/-', value: 2 }], { a: [1, 2] }],
    [{ a: [1] }, [{ op: 'add', path: '/a/1', value: 2 }], { a: [1, 2] }],
    [{ a: 1, b: 2 }, [{ op: 'remove', path: '/a' }], { b: 2 }],
    [{ a: [1, 2] }, [{ op: 'remove', path: '/a/0' }], { a: [2] }],
    [{ a: 1 }, [{ op: 'replace', path: '/a', value: { b: 1 } }], { a: { b: 1 } }],
    [{ a: 1 }, [{ op: 'move', from: '/a', path: '/b' }], { b: 1 }],
    [{ a: { b: 1 } }, [{ op: 'copy', from: '/a', path: '/c' }], { a: { b: 1 }, c: { b: 1 } }],
    [{ a: { b: [1] } }, [{ op: 'test', path: '/a', value: { b: [1] } }], { a: { b: [1] } }],
    [{ 'x/y': 1, '~': 2 }, [{ op: 'remove', path: '/x~1y' }], { '~': 2 }],
    [{ 'x/y': 1, '~': 2 }, [{ op: 'remove', path: '/~0' }], { 'x/y': 1 }],
    [{ a: 1 }, [], { a: 1 }],
  ];
  for (const [before, operations, after] of made) {
    it(`makes ${JSON.stringify(after)} of ${JSON.stringify(before)} by ${JSON.stringify(operations)}`, () => {
      const target = structuredClone(before);
      assert.deepEqual(jsonPatch(target, operations), after);
      assert.deepEqual(target, before);
    });
  }

  const refused: readonly (readonly [unknown, unknown, number])[] = [
    [{ a: 1 }, [{ op: 'test', path: '/a', value: 2 }], 422],
    [{ a: 1 }, [{ op: 'test', path: '/b', value: 2 }], 422],
    [{ a: 1 }, [{ op: 'remove', path: '/b' }], 422],
    [{ a: 1 }, [{ op: 'replace', path: '/b', value: 1 }], 422],
    [{ a: 1 }, [{ op: 'add', path: '/b/c', value: 1 }], 422],
    [{ a: [1] }, [{ op: 'add', path: '/a/2', value: 1 }], 422],
    [{ a: [1] }, [{ op: 'add', path: '/a/x', value: 1 }], 422],
    [{ a: [1] }, [{ op: 'replace', path: '/a/length', value: 0 }], 422],
    [{ a: [1] }, [{ op: 'remove', path: '/a/1' }], 422],
    [{ a: [1] }, [{ op: 'remove', path: '/a/-' }], 422],
    [{ a: 1 }, [{ op: 'add', path: '/__proto__/x', value: 1 }], 422],
    [{ a: 1 }, [{ op: 'copy', from: '/constructor', path: '/b' }], 422],
    [{ a: { b: 1 } }, [{ op: 'move', from: '/a', path: '/a/c' }], 422],
    [{ a: 1 }, { op: 'add' }, 400],
    [{ a: 1 }, [{ op: 'put', path: '/a', value: 1 }], 400],
    [{ a: 1 }, [{ op: 'add', path: 'a', value: 1 }], 400],
    [{ a: 1 }, [{ op: 'add', path: '/a' }], 400],
    [{ a: 1 }, [{ op: 'move', path: '/a' }], 400],
    [{ a: 1 }, Array.from({ length: 10_001 }, () => ({ op: 'test', path: '/a', value: 1 })), 413],
    [
      { a: 'x'.repeat(1_000_000) },
      Array.from({ length: 4 }, (_, at) => ({ op: 'copy', from: '/a', path: `/b${at}` })),
      413,
    ],
  ];
  for (const [before, patch, code] of refused) {
    it(`is refused with ${code}: ${JSON.stringify(patch).slice(0, 80)}`, () => {
      const refusal = (error: unknown): boolean =>
        error instanceof StatusError && error.status.code === code;
      assert.throws(() => jsonPatch(before, patch), refusal);
    });
  }
});
