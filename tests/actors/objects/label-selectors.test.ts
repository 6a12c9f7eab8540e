// Label selectors mean the same as text and as objects.

import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import {
  formatSelector,
  matchesLabels,
  parseLabelSelector,
  selectorOf,
  selectorOfLabels,
} from '../../../actors/objects/label-selectors.ts';
import type { LabelRequirement } from '../../../actors/objects/label-selectors.ts';

function selects(text: string, labels: Record<string, string>): boolean {
  const parsed = parseLabelSelector(text);
  assert.ok(parsed.ok, text);
  return matchesLabels(parsed.value, labels);
}

describe('label selectors', () => {
  const web = { app: 'web', tier: 'front', size: '10' };
  const cases: readonly (readonly [string, boolean])[] = [
    ['', true],
    ['app=web', true],
    ['app==web', true],
    [' app = web , tier = front ', true],
    ['app!=web', false],
    ['gone!=x', true],
    ['app in (web, db)', true],
    ['app in(web)', true],
    ['app notin (web,db)', false],
    ['gone notin (x)', true],
    ['app', true],
    ['!app', false],
    ['!gone', true],
    ['gone', false],
    ['size>9', true],
    ['size<9', false],
    ['app>1', false],
    ['app=', false],
    ['gone in ()', false],
  ];
  for (const [text, wanted] of cases) {
    it(`${JSON.stringify(text)} ${wanted ? 'selects' : 'leaves out'} the web pod`, () =>
      assert.equal(selects(text, web), wanted));
  }

  for (const text of [
    '=x',
    'a=b=c',
    'app in web',
    'app in (a',
    'a,,b',
    'a b',
    '-x=1',
    'a=_',
    'a>b',
    '(a)',
    'a/b/c=1',
  ]) {
    it(`refuses ${JSON.stringify(text)} with the place`, () => {
      const parsed = parseLabelSelector(text);
      assert.ok(!parsed.ok);
      assert.equal(parsed.error.code, 'invalid');
      assert.match(parsed.error.message, /unable to parse requirement: ./);
    });
  }

  it('an absent selector matches nothing and an empty one everything', () => {
    assert.equal(matchesLabels(selectorOf(undefined), web), false);
    assert.equal(matchesLabels(selectorOf({}), web), true);
    assert.equal(matchesLabels(selectorOfLabels({}), web), false);
  });

  it('labels and expressions of an object must all hold', () => {
    const selector = selectorOf({
      matchLabels: { app: 'web' },
      matchExpressions: [{ key: 'tier', operator: 'NotIn', values: ['back'] }],
    });
    assert.equal(matchesLabels(selector, web), true);
    assert.equal(matchesLabels(selector, { app: 'web', tier: 'back' }), false);
  });

  it('a label named like a property of all objects is no label', () => {
    assert.equal(selects('constructor', {}), false);
  });

  const key = fc.constantFrom('app', 'tier', 'example.com/x', 'n');
  const value = fc.constantFrom('', 'a', 'b', 'web-1', '7');
  const requirement: fc.Arbitrary<LabelRequirement> = fc.oneof(
    fc.record({
      key,
      operator: fc.constantFrom('in' as const, 'not-in' as const),
      values: fc.uniqueArray(value, { minLength: 1 }).map((all) => all.sort()),
    }),
    fc.record({
      key,
      operator: fc.constantFrom('exists' as const, 'not-exists' as const),
      values: fc.constant([]),
    }),
    fc.record({
      key,
      operator: fc.constantFrom('greater' as const, 'less' as const),
      values: fc.nat().map((n) => [String(n)]),
    }),
  );

  it('text written from a selector selects the same', () => {
    fc.assert(
      fc.property(
        fc.array(requirement, { maxLength: 4 }),
        fc.dictionary(key, value),
        (selector, labels) => {
          assert.equal(
            selects(formatSelector(selector), labels),
            matchesLabels(selector, labels),
            formatSelector(selector),
          );
        },
      ),
    );
  });
});
