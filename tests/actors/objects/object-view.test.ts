// The view holds what the store holds, at every moment, whatever happens to the replica.

import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import type { Operation, Transaction } from '../../../consensus/index.ts';
import { kindNames } from '../../../actors/objects/kind-table.ts';
import { parseStoreKey, storeKey } from '../../../actors/objects/object-keys.ts';
import { createObjects } from '../../../actors/objects/object-store.ts';
import type {
  ObjectChange,
  ObjectKey,
  ObjectView,
  Stored,
} from '../../../actors/objects/objects.ts';
import type { KindName } from '../../../actors/objects/kinds.ts';
import { createMemoryStore } from './memory-store.ts';
import type { MemoryStore } from './memory-store.ts';

const podValue = (name: string, node: string, owner: string, uid: string): string =>
  JSON.stringify({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name,
      namespace: 'default',
      uid,
      ...(owner === ''
        ? {}
        : {
            ownerReferences: [
              { apiVersion: 'v1', kind: 'X', name: owner, uid: owner, controller: true },
            ],
          }),
    },
    spec: { containers: [], ...(node === '' ? {} : { nodeName: node }) },
  });

const podKey = (name: string): string => storeKey({ kind: 'Pod', namespace: 'default', name });

const name = fc.constantFrom('a', 'b', 'c', 'd');
const operation: fc.Arbitrary<Operation> = fc.oneof(
  fc
    .tuple(name, fc.constantFrom('', 'n1', 'n2'), fc.constantFrom('', 'o1', 'o2'), fc.uuid())
    .map(([pod, node, owner, uid]) => ({
      type: 'put' as const,
      key: podKey(pod),
      value: podValue(pod, node, owner, uid),
    })),
  name.map((pod) => ({ type: 'delete' as const, key: podKey(pod) })),
  fc.constant({ type: 'put' as const, key: '/skein/other', value: 'x' }),
);
const transaction: fc.Arbitrary<Transaction> = fc
  .uniqueArray(operation, { selector: ({ key }) => key, minLength: 1, maxLength: 3 })
  .map((success) => ({ compare: [], success }));
const step = fc.oneof(
  fc.record({ type: fc.constant('apply' as const), transaction }),
  fc.record({
    type: fc.constant('jump' as const),
    transactions: fc.array(transaction, { maxLength: 4 }),
  }),
);

/** What the store says, read without the view. */
function stored(store: MemoryStore): Map<string, string> {
  const { kvs } = store.view.range('/registry/', '/registry0');
  return new Map(kvs.map((kv) => [kv.key, `${kv.modRevision} ${kv.value}`]));
}

function viewed(view: ObjectView): Map<string, string> {
  const pods = view.list('Pod').map((pod) => {
    const { resourceVersion, ...metadata } = pod.metadata!;
    return [
      podKey(metadata.name!),
      `${resourceVersion} ${JSON.stringify({ ...pod, metadata })}`,
    ] as const;
  });
  return new Map(pods);
}

const pods = (
  view: ObjectView,
  keep: (pod: Stored<'Pod'>) => boolean,
): readonly (string | undefined)[] =>
  view
    .list('Pod')
    .filter(keep)
    .map(({ metadata }) => metadata?.name);

describe('the view of the objects', () => {
  it('equals the store after every change, and its changes lead from one state to the next', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 20 }), (steps) => {
        const store = createMemoryStore();
        const { view } = createObjects(store);
        const told = new Map<string, string | undefined>();
        view.watch(kindNames, ({ key, object, previous }) => {
          const at = storeKey(key);
          assert.equal(
            told.get(at),
            previous?.metadata?.resourceVersion,
            'previous is what was told',
          );
          assert.notEqual(object?.metadata?.resourceVersion, previous?.metadata?.resourceVersion);
          told.set(at, object?.metadata?.resourceVersion);
        });
        for (const one of steps) {
          if (one.type === 'apply') store.apply(one.transaction);
          else store.jump(one.transactions);
          assert.deepEqual(viewed(view), stored(store));
          assert.equal(view.revision(), store.view.revision());
          for (const node of ['n1', 'n2']) {
            assert.deepEqual(
              view.podsOnNode(node).map(({ metadata }) => metadata?.name),
              pods(view, ({ spec }) => spec?.nodeName === node),
            );
          }
          for (const owner of ['o1', 'o2']) {
            assert.deepEqual(
              view.listOwnedBy('Pod', owner).map(({ metadata }) => metadata?.name),
              pods(view, ({ metadata }) => metadata?.ownerReferences?.[0]?.uid === owner),
            );
            assert.deepEqual(
              view.listDependents(owner).map(({ object }) => object),
              view.listOwnedBy('Pod', owner),
            );
          }
          for (const pod of view.list('Pod')) {
            assert.equal(view.getByUid('Pod', pod.metadata!.uid!), pod);
            assert.equal(told.get(podKey(pod.metadata!.name!)), pod.metadata!.resourceVersion);
          }
        }
      }),
      { numRuns: 200 },
    );
  });

  it('finds what names an owner, controlled by it or not, of whatever kind', () => {
    const store = createMemoryStore();
    const { view } = createObjects(store);
    const put = (key: string, owners: readonly object[]): void => {
      const value = JSON.stringify({ metadata: { name: key, uid: key, ownerReferences: owners } });
      store.apply({ compare: [], success: [{ type: 'put', key, value }], failure: [] });
    };
    const owner = (uid: string, controller: boolean) => ({ uid, controller });
    put('/registry/configmaps/d/a', [owner('u', false), owner('v', false)]);
    put('/registry/pods/d/b', [owner('v', false), owner('u', true)]);
    const dependents = (uid: string): readonly string[] =>
      view.listDependents(uid).map(({ kind }) => kind);
    assert.deepEqual(
      [dependents('u'), dependents('v')],
      [
        ['ConfigMap', 'Pod'],
        ['ConfigMap', 'Pod'],
      ],
    );
    assert.deepEqual(view.listOwnedBy('Pod', 'v'), []);
    assert.equal(view.listOwnedBy('Pod', 'u').length, 1);
    put('/registry/configmaps/d/a', [owner('v', false)]);
    assert.deepEqual([dependents('u'), dependents('v')], [['Pod'], ['ConfigMap', 'Pod']]);
  });

  it('holds what was in the store before it began', () => {
    const store = createMemoryStore();
    store.apply({
      compare: [],
      success: [{ type: 'put', key: podKey('a'), value: podValue('a', 'n1', '', 'u1') }],
    });
    const { view } = createObjects(store);
    assert.equal(view.get('Pod', 'default', 'a')?.metadata?.resourceVersion, '1');
    assert.equal(view.getByUid('Pod', 'u1'), view.get('Pod', 'default', 'a'));
    assert.equal(view.getByUid('Node', 'u1'), undefined);
  });

  it('has all changes of one revision before it tells of the first', () => {
    const store = createMemoryStore();
    const { view } = createObjects(store);
    const seen: number[] = [];
    view.watch(['Pod'], () => seen.push(view.list('Pod').length));
    const put = (pod: string): Operation => ({
      type: 'put',
      key: podKey(pod),
      value: podValue(pod, '', '', pod),
    });
    store.apply({ compare: [], success: [put('a'), put('b')] });
    assert.deepEqual(seen, [2, 2]);
  });

  it('tells of an object that was deleted and made again while it could not see as of two', () => {
    const store = createMemoryStore();
    const { view } = createObjects(store);
    const value = podValue('a', '', '', 'first');
    store.apply({ compare: [], success: [{ type: 'put', key: podKey('a'), value }] });
    const changes: ObjectChange[] = [];
    view.watch(['Pod'], (change) => changes.push(change));
    store.jump([
      { compare: [], success: [{ type: 'delete', key: podKey('a') }] },
      {
        compare: [],
        success: [{ type: 'put', key: podKey('a'), value: podValue('a', '', '', 'second') }],
      },
    ]);
    assert.deepEqual(
      changes.map(({ object, previous }) => [previous?.metadata?.uid, object?.metadata?.uid]),
      [
        ['first', undefined],
        [undefined, 'second'],
      ],
    );
  });

  it('tells only of the kinds asked for, and nothing once it is told to stop', () => {
    const store = createMemoryStore();
    const { view } = createObjects(store);
    const kinds: KindName[] = [];
    const stop = view.watch(['Node'], ({ kind }) => kinds.push(kind));
    const node = (n: string): Operation => ({
      type: 'put',
      key: storeKey({ kind: 'Node', namespace: '', name: n }),
      value: '{}',
    });
    store.apply({
      compare: [],
      success: [{ type: 'put', key: podKey('a'), value: '{}' }, node('n1')],
    });
    stop();
    store.apply({ compare: [], success: [node('n2')] });
    assert.deepEqual(kinds, ['Node']);
    assert.equal(view.list('Node').length, 2);
  });

  it('gives frozen objects', () => {
    const store = createMemoryStore();
    const { view } = createObjects(store);
    store.apply({
      compare: [],
      success: [{ type: 'put', key: podKey('a'), value: podValue('a', '', '', 'u') }],
    });
    const pod = view.get('Pod', 'default', 'a')!;
    assert.ok(Object.isFrozen(pod) && Object.isFrozen(pod.metadata) && Object.isFrozen(pod.spec));
    assert.equal(view.get('Pod', 'default', 'a'), pod, 'parsed once');
  });

  it('lists one namespace without its neighbours', () => {
    const store = createMemoryStore();
    const { view } = createObjects(store);
    for (const namespace of ['a', 'a-b', 'ab']) {
      store.apply({
        compare: [],
        success: [
          { type: 'put', key: storeKey({ kind: 'Pod', namespace, name: 'x' }), value: '{}' },
        ],
      });
    }
    assert.equal(view.list('Pod', 'a').length, 1);
    assert.equal(view.list('Pod').length, 3);
  });

  it('names the key of a value that is no object', () => {
    const store = createMemoryStore();
    store.apply({ compare: [], success: [{ type: 'put', key: podKey('a'), value: 'nonsense' }] });
    assert.throws(() => createObjects(store), {
      code: 'corrupt',
      message: /\/registry\/pods\/default\/a/,
    });
  });
});

describe('the keys of objects', () => {
  it('are read back as they were written', () => {
    const key = fc.oneof(
      fc.record({
        kind: fc.constantFrom('Pod' as const, 'Deployment' as const),
        namespace: fc.constantFrom('default', 'x-1'),
        name: fc.constantFrom('a', 'a.b'),
      }),
      fc.record({
        kind: fc.constantFrom('Node' as const, 'Namespace' as const),
        namespace: fc.constant(''),
        name: fc.constantFrom('a', 'a.b'),
      }),
    );
    fc.assert(
      fc.property(key, (one: ObjectKey) =>
        assert.deepEqual(parseStoreKey(storeKey(one)), { ...one }),
      ),
    );
  });

  for (const key of [
    '/skein/x',
    '/registry/pods/a',
    '/registry/nodes/a/b',
    '/registry/unknown/a/b',
    '/registry/pods//b',
  ]) {
    it(`${key} is no object`, () => assert.equal(parseStoreKey(key), undefined));
  }
});
