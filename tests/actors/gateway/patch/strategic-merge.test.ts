// Strategic merge, rule by rule, on the types of pods and Deployments.

import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import { patchSchemaOf } from '../../../../actors/gateway/patch/kind-patch-schema.ts';
import { strategicMerge } from '../../../../actors/gateway/patch/strategic-merge.ts';
import type { JsonObject } from '../../../../actors/gateway/request/body.ts';
import { StatusError } from '../../../../actors/gateway/status.ts';

const POD = patchSchemaOf('core.v1.PodSpec');
const DEPLOYMENT = patchSchemaOf('apps.v1.DeploymentSpec');
const SERVICE = patchSchemaOf('core.v1.ServiceSpec');
const META = patchSchemaOf('meta.v1.ObjectMeta');

interface Row {
  readonly rule: string;
  readonly schema?: typeof POD;
  readonly target: JsonObject;
  readonly patch: JsonObject;
  readonly result: JsonObject;
}

const named = (...names: string[]): JsonObject[] => names.map((name) => ({ name }));

const ROWS: readonly Row[] = [
  {
    rule: 'merges a list of objects by its merge key and keeps what the patch does not name',
    target: {
      containers: [
        { name: 'a', image: '1' },
        { name: 'b', image: '1' },
      ],
    },
    patch: { containers: [{ name: 'b', image: '2' }] },
    result: {
      containers: [
        { name: 'a', image: '1' },
        { name: 'b', image: '2' },
      ],
    },
  },
  {
    rule: 'puts an element that is new ahead of those that the patch does not name, as Kubernetes does',
    target: { containers: [{ name: 'a', image: '1' }] },
    patch: { containers: [{ name: 'b', image: '2' }] },
    result: {
      containers: [
        { name: 'b', image: '2' },
        { name: 'a', image: '1' },
      ],
    },
  },
  {
    rule: 'removes a field by null and says nothing of a null that removes nothing',
    target: { nodeName: 'n', hostname: 'h' },
    patch: { nodeName: null, subdomain: null },
    result: { hostname: 'h' },
  },
  {
    rule: 'deletes an element with $patch: delete',
    target: { containers: named('a', 'b') },
    patch: { containers: [{ name: 'a', $patch: 'delete' }] },
    result: { containers: named('b') },
  },
  {
    rule: 'replaces a whole list with $patch: replace',
    target: { containers: named('a', 'b') },
    patch: { containers: [{ name: 'c', image: '3' }, { $patch: 'replace' }] },
    result: { containers: [{ name: 'c', image: '3' }] },
  },
  {
    rule: 'replaces an object with $patch: replace',
    target: { securityContext: { runAsUser: 1, runAsGroup: 1 } },
    patch: { securityContext: { $patch: 'replace', runAsUser: 2 } },
    result: { securityContext: { runAsUser: 2 } },
  },
  {
    rule: 'empties an object with $patch: delete',
    target: { securityContext: { runAsUser: 1 } },
    patch: { securityContext: { $patch: 'delete' } },
    result: { securityContext: {} },
  },
  {
    rule: 'orders a merged list by $setElementOrder',
    target: { containers: named('a', 'b', 'c') },
    patch: {
      '$setElementOrder/containers': named('c', 'a', 'b'),
      containers: [{ name: 'a', image: '2' }],
    },
    result: { containers: [{ name: 'c' }, { name: 'a', image: '2' }, { name: 'b' }] },
  },
  {
    rule: 'reorders with $setElementOrder alone',
    target: { containers: named('a', 'b') },
    patch: { '$setElementOrder/containers': named('b', 'a') },
    result: { containers: named('b', 'a') },
  },
  {
    rule: 'keeps elements that $setElementOrder does not name in their places',
    target: { containers: named('server', 'a', 'b') },
    patch: { '$setElementOrder/containers': named('b', 'a') },
    result: { containers: named('server', 'b', 'a') },
  },
  {
    rule: 'replaces an atomic list',
    target: { tolerations: [{ key: 'a' }, { key: 'b' }] },
    patch: { tolerations: [{ key: 'c' }] },
    result: { tolerations: [{ key: 'c' }] },
  },
  {
    rule: 'merges maps key by key',
    target: { nodeSelector: { a: '1', b: '2' } },
    patch: { nodeSelector: { b: '3', a: null } },
    result: { nodeSelector: { b: '3' } },
  },
  {
    rule: 'keeps only what $retainKeys lists',
    schema: DEPLOYMENT,
    target: { strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: 1 } } },
    patch: { strategy: { $retainKeys: ['type'], type: 'Recreate' } },
    result: { strategy: { type: 'Recreate' } },
  },
  {
    rule: 'merges a list of scalars as a set',
    schema: META,
    target: { finalizers: ['a', 'b'] },
    patch: { finalizers: ['b', 'c'] },
    result: { finalizers: ['a', 'b', 'c'] },
  },
  {
    rule: 'takes elements out with $deleteFromPrimitiveList',
    schema: META,
    target: { finalizers: ['a', 'b', 'c'] },
    patch: { '$deleteFromPrimitiveList/finalizers': ['b'] },
    result: { finalizers: ['a', 'c'] },
  },
  {
    rule: 'merges Service ports by port',
    schema: SERVICE,
    target: { ports: [{ port: 80, name: 'http' }] },
    patch: {
      ports: [
        { port: 443, name: 'https' },
        { port: 80, nodePort: 30080 },
      ],
    },
    result: {
      ports: [
        { port: 443, name: 'https' },
        { port: 80, name: 'http', nodePort: 30080 },
      ],
    },
  },
  {
    rule: 'leaves no directive and no null in what is new',
    target: {},
    patch: {
      containers: [{ name: 'a', image: null, env: [{ name: 'x', $patch: 'delete' }] }],
      securityContext: { $retainKeys: ['runAsUser'], runAsUser: 1, runAsGroup: null },
    },
    result: { containers: [{ name: 'a', env: [] }], securityContext: { runAsUser: 1 } },
  },
  {
    rule: 'replaces a value by one of another type',
    target: { securityContext: 'wrong' },
    patch: { securityContext: { runAsUser: 1 } },
    result: { securityContext: { runAsUser: 1 } },
  },
];

describe('a strategic merge patch', () => {
  for (const { rule, schema = POD, target, patch, result } of ROWS) {
    it(rule, () => {
      const before = structuredClone({ target, patch });
      assert.deepEqual(strategicMerge(target, patch, schema), result);
      assert.deepEqual({ target, patch }, before, 'the arguments are not changed');
    });
  }

  const refused: readonly (readonly [string, JsonObject, RegExp])[] = [
    ['an element without its merge key', { containers: [{ image: 'x' }] }, /merge key: name/],
    ['an unknown directive', { $patch: 'merg' }, /unknown \$patch/],
    ['an unknown directive in a list', { containers: [{ $patch: 'x' }] }, /unknown \$patch/],
    ['a delete without a merge key', { containers: [{ $patch: 'delete' }] }, /merge key/],
    [
      '$retainKeys that leave out a field of the patch',
      { securityContext: { $retainKeys: [], runAsUser: 1 } },
      /does not list "runAsUser"/,
    ],
    ['an order that is no list', { '$setElementOrder/containers': 'a' }, /must be a list/],
    ['scalars in a list of objects', { containers: ['a'] }, /must hold objects/],
  ];
  for (const [what, patch, words] of refused) {
    it(`refuses ${what} with 400`, () => {
      assert.throws(
        () => strategicMerge({ containers: named('a') }, patch, POD),
        (error) =>
          error instanceof StatusError && error.status.code === 400 && words.test(error.message),
      );
    });
  }

  it('merges a patch of the whole object into the same object, whatever it is', () => {
    const containers = fc.uniqueArray(
      fc.record(
        { name: fc.constantFrom('a', 'b', 'c', 'd'), image: fc.string() },
        { noNullPrototype: true },
      ),
      { selector: ({ name }) => name },
    );
    fc.assert(
      fc.property(containers, containers, (before, after) => {
        const order = after.map(({ name }) => ({ name }));
        const gone = before
          .filter(({ name }) => !order.some((one) => one.name === name))
          .map(({ name }) => ({ name, $patch: 'delete' }));
        const patch = { '$setElementOrder/containers': order, containers: [...after, ...gone] };
        const merged = strategicMerge({ containers: before }, patch, POD);
        assert.deepEqual(merged['containers'], after);
      }),
    );
  });
});
