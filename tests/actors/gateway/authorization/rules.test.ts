// Rules of roles: which deeds they speak of, and which other rules they cover.

import assert from 'node:assert/strict';
import type { PolicyRule } from 'kubernetes-types/rbac/v1.d.ts';
import type { Attributes } from '../../../../actors/gateway/authorization/attributes.ts';
import { ruleText, uncovered } from '../../../../actors/gateway/authorization/rule-covering.ts';
import { ruleAllows } from '../../../../actors/gateway/authorization/rule-matching.ts';

/** `get apps/deployments/scale web`, with '-' for an empty part. */
function deed(verb: string, what: string, name = ''): Attributes {
  if (what.startsWith('/')) return { type: 'path', verb, path: what };
  const [group = '', resource = '', subresource = ''] = what.split('/');
  const place = { namespace: 'default', name };
  return {
    type: 'resource',
    verb,
    group: group === '-' ? '' : group,
    resource,
    subresource,
    ...place,
  };
}

const rule = (
  verbs: string[],
  apiGroups: string[],
  resources: string[],
  resourceNames?: string[],
): PolicyRule => ({
  verbs,
  apiGroups,
  resources,
  ...(resourceNames === undefined ? {} : { resourceNames }),
});

const paths = (verbs: string[], ...nonResourceURLs: string[]): PolicyRule => ({
  verbs,
  nonResourceURLs,
});

describe('a rule speaks of', () => {
  const readPods = rule(['get', 'list'], [''], ['pods']);
  const cases: readonly (readonly [string, PolicyRule, Attributes, boolean])[] = [
    ['its verb, group and resource', readPods, deed('get', '-/pods', 'a'), true],
    ['no other verb', readPods, deed('delete', '-/pods', 'a'), false],
    ['no other group', readPods, deed('get', 'metrics.k8s.io/pods', 'a'), false],
    ['no other resource', readPods, deed('get', '-/secrets', 'a'), false],
    ['no subresource it does not name', readPods, deed('get', '-/pods/log', 'a'), false],
    ['a subresource it names', rule(['get'], [''], ['pods/log']), deed('get', '-/pods/log'), true],
    [
      'not the object of a subresource',
      rule(['get'], [''], ['pods/log']),
      deed('get', '-/pods'),
      false,
    ],
    [
      'a subresource of anything',
      rule(['update'], ['*'], ['*/scale']),
      deed('update', 'apps/deployments/scale'),
      true,
    ],
    [
      'and of nothing else by that',
      rule(['update'], ['*'], ['*/scale']),
      deed('update', 'apps/deployments'),
      false,
    ],
    ['all verbs', rule(['*'], [''], ['pods']), deed('anything', '-/pods'), true],
    ['all groups', rule(['get'], ['*'], ['pods']), deed('get', 'metrics.k8s.io/pods'), true],
    ['all resources', rule(['get'], [''], ['*']), deed('get', '-/pods/log'), true],
    ['the names it lists', rule(['get'], [''], ['pods'], ['a']), deed('get', '-/pods', 'a'), true],
    ['no other name', rule(['get'], [''], ['pods'], ['a']), deed('get', '-/pods', 'b'), false],
    ['no list by a name', rule(['list'], [''], ['pods'], ['a']), deed('list', '-/pods'), false],
    ['no path, though all resources', rule(['*'], ['*'], ['*']), deed('get', '/metrics'), false],
    ['a path', paths(['get'], '/metrics'), deed('get', '/metrics'), true],
    ['nothing below it', paths(['get'], '/metrics'), deed('get', '/metrics/slis'), false],
    ['what begins so', paths(['get'], '/apis/*'), deed('get', '/apis/apps/v1'), true],
    ['not what only looks so', paths(['get'], '/apis/*'), deed('get', '/apisx'), false],
    ['every path', paths(['*'], '*'), deed('post', '/anything'), true],
    ['no resource, though all paths', paths(['*'], '*'), deed('get', '-/pods'), false],
  ];
  for (const [what, given, asked, expected] of cases) {
    it(what, () => assert.equal(ruleAllows(given, asked), expected));
  }
});

describe('what somebody holds', () => {
  const missing = (held: readonly PolicyRule[], wanted: readonly PolicyRule[]): string[] => {
    const covering = uncovered(held, wanted);
    assert.equal(covering.type, 'judged');
    return covering.type === 'judged' ? covering.missing.map(ruleText) : [];
  };
  const pods = (...verbs: string[]): PolicyRule => rule(verbs, [''], ['pods']);

  it('covers the same and less', () => {
    assert.deepEqual(missing([pods('get', 'list')], [pods('get')]), []);
  });

  it('covers together what no rule covers alone', () => {
    const wanted = rule(['get', 'list'], ['', 'apps'], ['pods', 'deployments']);
    const held = [
      rule(['get'], ['', 'apps'], ['*']),
      rule(['list'], ['*'], ['pods', 'deployments']),
    ];
    assert.deepEqual(missing(held, [wanted]), []);
  });

  it('does not cover more, and says what', () => {
    assert.deepEqual(missing([pods('get')], [pods('get', 'list', 'watch')]), [
      '{APIGroups:[""], Resources:["pods"], Verbs:["list" "watch"]}',
    ]);
  });

  it('does not cover all by some', () => {
    const named = rule(['get'], [''], ['pods'], ['a']);
    assert.equal(missing([named], [pods('get')]).length, 1);
    assert.equal(missing([pods('get')], [named]).length, 0);
    assert.equal(missing([pods('get')], [rule(['*'], [''], ['pods'])]).length, 1);
    assert.equal(missing([pods('get')], [rule(['get'], ['*'], ['pods'])]).length, 1);
    assert.equal(missing([pods('get')], [rule(['get'], [''], ['*'])]).length, 1);
  });

  it('covers paths by what they begin with', () => {
    assert.equal(missing([paths(['get'], '/apis/*')], [paths(['get'], '/apis/apps')]).length, 0);
    assert.equal(missing([paths(['get'], '/apis/*')], [paths(['get'], '/apis/*')]).length, 0);
    assert.equal(missing([paths(['get'], '/apis/apps')], [paths(['get'], '/apis/*')]).length, 1);
    assert.equal(missing([rule(['*'], ['*'], ['*'])], [paths(['get'], '/metrics')]).length, 1);
  });

  it('is not compared with more than a bounded number of deeds', () => {
    const many = Array.from({ length: 100 }, (_, i) => `r${i}`);
    const wanted = rule(many, many, many);
    assert.deepEqual(uncovered([], [wanted]), {
      type: 'too-many',
      deeds: 1_000_000,
      limit: 50_000,
    });
    assert.deepEqual(missing([rule(['*'], ['*'], ['*'])], [wanted]), []);
  });
});
