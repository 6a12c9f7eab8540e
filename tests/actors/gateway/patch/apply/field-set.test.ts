// Sets of fields: the laws of sets, and what is written is read back.

import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { FieldSet } from '../../../../../actors/gateway/patch/apply/field-set.ts';
import {
  difference,
  draftFieldSet,
  EMPTY,
  equalSets,
  fromFieldsV1,
  intersection,
  isEmpty,
  pathsOf,
  pathText,
  toFieldsV1,
  union,
} from '../../../../../actors/gateway/patch/apply/field-set.ts';

const element = fc.constantFrom(
  'f:a',
  'f:b',
  'f:__proto__',
  'k:{"name":"x"}',
  'k:{"port":80,"protocol":"TCP"}',
  'v:"one"',
  'v:2',
  'i:0',
);
const path = fc.array(element, { minLength: 1, maxLength: 4 });

function setOf(paths: readonly (readonly string[])[]): FieldSet {
  const draft = draftFieldSet();
  for (const each of paths) draft.insert(each);
  return draft.done();
}

const set = fc.array(path, { maxLength: 12 }).map(setOf);

/** The paths as texts: a set of which nobody doubts the laws. */
const texts = (of: FieldSet): ReadonlySet<string> =>
  new Set(pathsOf(of).map((each) => each.join('\n')));

const model = {
  union: (a: ReadonlySet<string>, b: ReadonlySet<string>) => new Set([...a, ...b]),
  intersection: (a: ReadonlySet<string>, b: ReadonlySet<string>) =>
    new Set([...a].filter((text) => b.has(text))),
  difference: (a: ReadonlySet<string>, b: ReadonlySet<string>) =>
    new Set([...a].filter((text) => !b.has(text))),
};

describe('a set of fields', () => {
  it('is joined, met and subtracted as sets of paths are', () => {
    fc.assert(
      fc.property(set, set, (a, b) => {
        assert.deepEqual(texts(union(a, b)), new Set(model.union(texts(a), texts(b))));
        assert.deepEqual(texts(intersection(a, b)), model.intersection(texts(a), texts(b)));
        assert.deepEqual(texts(difference(a, b)), model.difference(texts(a), texts(b)));
      }),
    );
  });

  it('obeys the laws of sets', () => {
    fc.assert(
      fc.property(set, set, set, (a, b, c) => {
        assert.ok(equalSets(union(a, b), union(b, a)));
        assert.ok(equalSets(intersection(a, b), intersection(b, a)));
        assert.ok(equalSets(union(a, union(b, c)), union(union(a, b), c)));
        assert.ok(
          equalSets(intersection(a, union(b, c)), union(intersection(a, b), intersection(a, c))),
        );
        assert.ok(equalSets(difference(a, union(b, c)), difference(difference(a, b), c)));
        assert.ok(equalSets(union(difference(a, b), intersection(a, b)), a));
        assert.ok(isEmpty(difference(a, a)));
        assert.ok(equalSets(union(a, EMPTY), a));
        assert.ok(isEmpty(intersection(a, EMPTY)));
      }),
    );
  });

  it('is read back from FieldsV1 as it was written, also through JSON', () => {
    fc.assert(
      fc.property(set, (a) => {
        const written: unknown = JSON.parse(JSON.stringify(toFieldsV1(a)));
        const back = fromFieldsV1(written);
        // JSON.stringify keeps `f:__proto__`, since no element is spelled without its prefix.
        assert.ok(back !== undefined && equalSets(back, a));
      }),
    );
  });

  it('is one set however its keys were spelled', () => {
    const one = fromFieldsV1({ 'k:{"protocol":"TCP", "port": 80}': { '.': {}, 'f:port': {} } })!;
    assert.deepEqual(Object.keys(toFieldsV1(one)), ['k:{"port":80,"protocol":"TCP"}']);
  });

  for (const [what, fields] of [
    ['a list', []],
    ['a text', 'f:a'],
    ['an element without a kind', { a: {} }],
    ['keys that are no JSON', { 'k:{': {} }],
    ['keys that are no object', { 'k:[1]': {} }],
    ['a place that is no number', { 'i:x': {} }],
    ['a leaf that is no object', { 'f:a': true }],
  ] as const) {
    it(`is not read from ${what}`, () => {
      assert.equal(fromFieldsV1(fields), undefined);
    });
  }

  it('is not read from what is nested deeper than any object', () => {
    let fields: object = {};
    for (let depth = 0; depth < 100; depth++) fields = { 'f:a': fields };
    assert.equal(fromFieldsV1(fields), undefined);
  });

  it('tells paths as people write them', () => {
    const told = (...of: string[]): string => pathText(of);
    assert.equal(
      told('f:spec', 'f:containers', 'k:{"name":"web"}', 'f:image'),
      '.spec.containers[name="web"].image',
    );
    assert.equal(
      told('f:ports', 'k:{"port":80,"protocol":"TCP"}'),
      '.ports[port=80,protocol="TCP"]',
    );
    assert.equal(told('f:finalizers', 'v:"a/b"'), '.finalizers[="a/b"]');
  });
});
