// The difference that apply sends, judged by the server's own merge.

import assert from 'node:assert/strict';
import fc from 'fast-check';
import { patchSchemaOf } from '../../actors/gateway/patch/kind-patch-schema.ts';
import { kindDefinition, kindNames } from '../../actors/objects/kind-table.ts';
import { schemaFields } from '../../actors/objects/schema.ts';
import { strategicMerge } from '../../actors/gateway/patch/strategic-merge.ts';
import { listRule, threeWayPatch } from '../../cli/apply/manifest-merge.ts';

type Fields = Readonly<Record<string, unknown>>;

const schema = patchSchemaOf('apps.v1.Deployment');

/** What the server makes of live when last was applied and wanted is. */
const applied = (last: Fields, wanted: Fields, live: Fields): Fields =>
  strategicMerge(live, threeWayPatch(last, wanted, live) ?? {}, schema);

const deployment = (containers: unknown, more: Fields = {}): Fields => ({
  spec: { ...more, template: { spec: { containers } } },
});

const containersOf = (object: Fields): readonly Fields[] =>
  (object as { spec: { template: { spec: { containers: Fields[] } } } }).spec.template.spec
    .containers;

/** Each list of a kind, with its path. A definition within itself is not entered again. */
function* listsOf(
  definition: string,
  path: readonly string[] = [],
  inside: readonly string[] = [],
): Generator<{
  readonly path: readonly string[];
  readonly merges: boolean;
  readonly key: string | undefined;
}> {
  if (inside.includes(definition)) return;
  for (const [name, field] of schemaFields(definition) ?? []) {
    const here = [...path, name];
    if (field.shape === 'list') {
      yield { path: here, merges: field.patchStrategies.includes('merge'), key: field.mergeKey };
    }
    const below = field.shape === 'one' ? here : [...here, '*'];
    yield* listsOf(field.type, below, [...inside, definition]);
  }
}

describe('the merge rules of apply', () => {
  for (const { schema: kind } of kindNames.map((name) => kindDefinition(name))) {
    it(`are those of the published schema for ${kind}`, () => {
      let seen = 0;
      for (const { path, merges, key } of listsOf(kind)) {
        if (path[0] === 'status') continue;
        const expected = !merges
          ? undefined
          : key === undefined
            ? { type: 'by-value' }
            : { type: 'by-key', key };
        assert.deepEqual(listRule(path), expected, path.join('.'));
        seen++;
      }
      assert.ok(seen > 0);
    });
  }
});

describe('the difference of three versions', () => {
  it('is nothing when the live object says all the manifest says', () => {
    const wanted = deployment([{ name: 'web', image: 'a' }]);
    const live = deployment([{ name: 'web', image: 'a', imagePullPolicy: 'Always' }], {
      replicas: 1,
    });
    assert.equal(threeWayPatch(wanted, wanted, live), undefined);
  });

  it('leaves alone what nobody applied', () => {
    const wanted = deployment([{ name: 'web', image: 'b' }]);
    const live = deployment([{ name: 'web', image: 'a', imagePullPolicy: 'Always' }], {
      replicas: 5,
    });
    assert.deepEqual(applied({}, wanted, live), {
      spec: {
        replicas: 5,
        template: {
          spec: { containers: [{ name: 'web', image: 'b', imagePullPolicy: 'Always' }] },
        },
      },
    });
  });

  it('removes what was applied once and is no longer in the manifest', () => {
    const last = deployment(
      [
        { name: 'web', image: 'a' },
        { name: 'log', image: 'l' },
      ],
      { paused: true },
    );
    const wanted = deployment([{ name: 'web' }]);
    const live = deployment(
      [
        { name: 'web', image: 'a' },
        { name: 'log', image: 'l' },
        { name: 'injected', image: 'i' },
      ],
      { paused: true },
    );
    const result = applied(last, wanted, live);
    assert.deepEqual(containersOf(result), [{ name: 'web' }, { name: 'injected', image: 'i' }]);
    assert.ok(!('paused' in (result['spec'] as Fields)));
  });

  it('merges ports of containers by their number and env by name', () => {
    const last = deployment([
      {
        name: 'web',
        ports: [{ containerPort: 80 }, { containerPort: 81 }],
        env: [{ name: 'A', value: '1' }],
      },
    ]);
    const wanted = deployment([
      {
        name: 'web',
        ports: [{ containerPort: 80, name: 'http' }],
        env: [{ name: 'B', value: '2' }],
      },
    ]);
    const live = deployment([
      {
        name: 'web',
        ports: [
          { containerPort: 80, protocol: 'TCP' },
          { containerPort: 81, protocol: 'TCP' },
        ],
        env: [{ name: 'A', value: '1' }],
      },
    ]);
    assert.deepEqual(containersOf(applied(last, wanted, live)), [
      {
        name: 'web',
        ports: [{ containerPort: 80, protocol: 'TCP', name: 'http' }],
        env: [{ name: 'B', value: '2' }],
      },
    ]);
  });

  it('replaces lists that are not merged as a whole', () => {
    const live = deployment([{ name: 'web', args: ['a', 'b'] }]);
    const wanted = deployment([{ name: 'web', args: ['c'] }]);
    assert.deepEqual(containersOf(applied(live, wanted, live)), [{ name: 'web', args: ['c'] }]);
  });

  it('drops the defaults of a strategy that is no longer chosen', () => {
    const live = {
      spec: { strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: '25%' } } },
    };
    const wanted = { spec: { strategy: { type: 'Recreate' } } };
    assert.deepEqual(applied({}, wanted, live), wanted);
  });

  it('follows the order of the manifest', () => {
    const live = deployment([{ name: 'a' }, { name: 'b' }]);
    const wanted = deployment([{ name: 'b' }, { name: 'a' }]);
    assert.deepEqual(containersOf(applied(live, wanted, live)), [{ name: 'b' }, { name: 'a' }]);
  });

  const value = fc.constantFrom('x', 'y', 'z');
  const container = fc.record(
    {
      name: fc.constantFrom('a', 'b', 'c'),
      image: value,
      args: fc.array(value, { maxLength: 3 }),
      env: fc.uniqueArray(fc.record({ name: value, value }), {
        selector: ({ name }) => name,
        maxLength: 3,
      }),
      ports: fc.uniqueArray(fc.record({ containerPort: fc.nat(2) }), {
        selector: ({ containerPort }) => containerPort,
      }),
    },
    { requiredKeys: ['name'] },
  );
  const containers = fc.uniqueArray(container, { selector: ({ name }) => name, maxLength: 3 });
  const manifest = fc
    .record(
      { containers, replicas: fc.nat(3), paused: fc.boolean() },
      { requiredKeys: ['containers'] },
    )
    .map(({ containers: list, ...more }) => deployment(list, more));

  it('brings any applied object to any manifest exactly, and then is nothing', () => {
    fc.assert(
      fc.property(manifest, manifest, (last, wanted) => {
        const result = applied(last, wanted, last);
        assert.deepEqual(withoutEmpty(result), withoutEmpty(wanted));
        assert.equal(threeWayPatch(wanted, wanted, result), undefined);
      }),
    );
  });
});

/** A list whose last element was taken out stays as an empty list: the same to the API. */
function withoutEmpty(object: unknown): unknown {
  if (Array.isArray(object)) return object.map(withoutEmpty);
  if (typeof object !== 'object' || object === null) return object;
  const kept = Object.entries(object).filter(
    ([, inner]) => !(Array.isArray(inner) && inner.length === 0),
  );
  return Object.fromEntries(kept.map(([key, inner]) => [key, withoutEmpty(inner)]));
}
