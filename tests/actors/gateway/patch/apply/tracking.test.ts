// Appliers and updaters of one object: who owns what, what is removed, and what is a conflict.

import assert from 'node:assert/strict';
import { compare } from '../../../../../actors/gateway/patch/apply/comparison.ts';
import { isEmpty, pathsOf, pathText } from '../../../../../actors/gateway/patch/apply/field-set.ts';
import { fieldTypeOf } from '../../../../../actors/gateway/patch/apply/field-type.ts';
import type { Manager, Writer } from '../../../../../actors/gateway/patch/apply/managers.ts';
import { readManagers, writeManagers } from '../../../../../actors/gateway/patch/apply/managers.ts';
import { apply, trackUpdate } from '../../../../../actors/gateway/patch/apply/tracking.ts';
import { mergeWanted } from '../../../../../actors/gateway/patch/apply/merge.ts';
import { fieldsOf } from '../../../../../actors/gateway/patch/apply/object-fields.ts';
import type { JsonObject } from '../../../../../actors/gateway/request/body.ts';

const POD = fieldTypeOf('core.v1.Pod');
const SERVICE = fieldTypeOf('core.v1.Service');

const writer = (name: string, operation: 'Apply' | 'Update' = 'Apply'): Writer => ({
  name,
  operation,
  apiVersion: 'v1',
  subresource: '',
});

type Step =
  | { readonly apply: string; readonly want: JsonObject; readonly force?: boolean }
  | { readonly update: string; readonly to: (object: JsonObject) => JsonObject };

interface Story {
  readonly object: JsonObject;
  readonly managers: readonly Manager[];
  readonly conflicts: readonly string[];
}

/** Does the steps in turn, a second apart; stops at a conflict. */
function tell(steps: readonly Step[], type = POD): Story {
  let object: JsonObject = {};
  let managers: readonly Manager[] = [];
  for (const [index, step] of steps.entries()) {
    const now = { time: `2026-01-01T00:00:${String(index).padStart(2, '0')}Z` };
    if ('update' in step) {
      const next = step.to(object);
      managers = trackUpdate(managers, object, next, type, writer(step.update, 'Update'), now);
      object = next;
      continue;
    }
    const by = writer(step.apply);
    const outcome = apply(managers, object, step.want, type, by, step.force === true, now);
    if (!outcome.ok) {
      const conflicts = outcome.conflicts.flatMap(({ manager, fields }) =>
        pathsOf(fields).map((path) => `${manager.name}: ${pathText(path)}`),
      );
      return { object, managers, conflicts };
    }
    object = outcome.object as JsonObject;
    managers = outcome.managers;
  }
  return { object, managers, conflicts: [] };
}

const owned = ({ managers }: Story, name: string): string[] =>
  managers
    .filter((manager) => manager.name === name)
    .flatMap(({ fields }) => pathsOf(fields).map(pathText));

const labels = (of: Record<string, string>): JsonObject => ({ metadata: { labels: of } });
const labelsOf = ({ object }: Story): unknown => (object['metadata'] as JsonObject)?.['labels'];
const containers = (...of: JsonObject[]): JsonObject => ({ spec: { containers: of } });
const containersOf = ({ object }: Story): unknown =>
  (object['spec'] as JsonObject | undefined)?.['containers'];

describe('an apply', () => {
  it('owns what it wants, and takes out what it wants no more', () => {
    const story = tell([
      { apply: 'a', want: labels({ x: '1', y: '1' }) },
      { apply: 'a', want: labels({ y: '2' }) },
    ]);
    assert.deepEqual(labelsOf(story), { y: '2' });
    assert.deepEqual(owned(story, 'a'), ['.metadata.labels.y']);
  });

  it('of a value that another applier has as well shares it, and then neither takes it out', () => {
    const shared: Step[] = [
      { apply: 'a', want: labels({ x: '1' }) },
      { apply: 'b', want: labels({ x: '1' }) },
    ];
    assert.deepEqual(tell(shared).conflicts, []);
    const left = tell([...shared, { apply: 'a', want: {} }]);
    assert.deepEqual(labelsOf(left), { x: '1' });
    assert.deepEqual(owned(left, 'a'), []);
    assert.deepEqual(owned(left, 'b'), ['.metadata.labels.x']);
    const gone = tell([...shared, { apply: 'a', want: {} }, { apply: 'b', want: {} }]);
    assert.equal(labelsOf(gone), undefined);
  });

  it('of another value than another applier has is a conflict, unless it is forced', () => {
    const steps: Step[] = [
      { apply: 'a', want: labels({ x: '1', y: '1' }) },
      { apply: 'b', want: labels({ x: '2' }) },
    ];
    assert.deepEqual(tell(steps).conflicts, ['a: .metadata.labels.x']);
    const forced = tell([steps[0]!, { apply: 'b', want: labels({ x: '2' }), force: true }]);
    assert.deepEqual(labelsOf(forced), { x: '2', y: '1' });
    assert.deepEqual(owned(forced, 'a'), ['.metadata.labels.y']);
    assert.deepEqual(owned(forced, 'b'), ['.metadata.labels.x']);
  });

  it('names every field in conflict with every manager', () => {
    const { conflicts } = tell([
      { apply: 'a', want: { ...labels({ x: '1' }), spec: { nodeName: 'n' } } },
      { apply: 'b', want: { spec: { hostname: 'h' } } },
      {
        apply: 'c',
        want: { ...labels({ x: '2' }), spec: { nodeName: 'm', hostname: 'i' } },
      },
    ]);
    assert.deepEqual(conflicts, [
      'a: .metadata.labels.x',
      'a: .spec.nodeName',
      'b: .spec.hostname',
    ]);
  });

  it('after an update of what it owns is a conflict with the updater', () => {
    const steps: Step[] = [
      { apply: 'a', want: labels({ x: '1' }) },
      { update: 'u', to: () => labels({ x: '2' }) },
    ];
    assert.deepEqual(owned(tell(steps), 'a'), []);
    assert.deepEqual(owned(tell(steps), 'u'), ['.metadata.labels.x']);
    assert.deepEqual(tell([...steps, { apply: 'a', want: labels({ x: '1' }) }]).conflicts, [
      'u: .metadata.labels.x',
    ]);
    const agreed = tell([...steps, { apply: 'a', want: labels({ x: '2' }) }]);
    assert.deepEqual(agreed.conflicts, []);
    assert.deepEqual(owned(agreed, 'a'), owned(agreed, 'u'));
  });

  it('leaves alone what nobody owns, unless it stands in what goes', () => {
    const probe = { httpGet: { port: 80 } };
    const withDefault = (object: JsonObject): JsonObject => object;
    const story = tell([
      { apply: 'a', want: containers({ name: 'c', image: 'i', livenessProbe: probe }) },
      { update: 'u', to: withDefault },
      { apply: 'a', want: containers({ name: 'c', image: 'i' }) },
    ]);
    assert.deepEqual(containersOf(story), [{ name: 'c', image: 'i' }]);
  });

  it('merges items of a list by their keys, and takes out the ones it wants no more', () => {
    const story = tell([
      { apply: 'a', want: containers({ name: 'c', image: '1' }, { name: 'd', image: '1' }) },
      { apply: 'b', want: containers({ name: 'e', image: '1' }) },
      { apply: 'a', want: containers({ name: 'd', image: '2' }) },
    ]);
    assert.deepEqual(containersOf(story), [
      { name: 'd', image: '2' },
      { name: 'e', image: '1' },
    ]);
    assert.deepEqual(owned(story, 'a'), [
      '.spec.containers[name="d"]',
      '.spec.containers[name="d"].image',
      '.spec.containers[name="d"].name',
    ]);
  });

  it('keeps an item that another applier has, without the fields that only it had', () => {
    const story = tell([
      { apply: 'a', want: containers({ name: 'c', image: '1', tty: true }) },
      { apply: 'b', want: containers({ name: 'c', image: '1' }) },
      { apply: 'a', want: {} },
    ]);
    assert.deepEqual(containersOf(story), [{ name: 'c', image: '1' }]);
  });

  it('tells ports apart by all their keys, one of which has a default', () => {
    const ports = (...of: JsonObject[]): JsonObject => ({ spec: { ports: of } });
    const story = tell(
      [
        { apply: 'a', want: ports({ port: 53, protocol: 'TCP' }, { port: 53, protocol: 'UDP' }) },
        { apply: 'a', want: ports({ port: 53 }) },
      ],
      SERVICE,
    );
    assert.deepEqual((story.object['spec'] as JsonObject)['ports'], [
      // What has a default gets it again after the apply.
      { port: 53 },
    ]);
  });

  it('owns atomic lists and maps whole', () => {
    const story = tell([
      { apply: 'a', want: { spec: { nodeSelector: { x: '1' }, containers: [] } } },
      { apply: 'b', want: { spec: { nodeSelector: { y: '1' } } } },
    ]);
    assert.deepEqual(story.conflicts, ['a: .spec.nodeSelector']);
  });

  it('owns the values of a set one by one', () => {
    const finalizers = (...of: string[]): JsonObject => ({ metadata: { finalizers: of } });
    const story = tell([
      { apply: 'a', want: finalizers('x/a', 'x/b') },
      { apply: 'b', want: finalizers('x/c') },
      { apply: 'a', want: finalizers('x/b') },
    ]);
    assert.deepEqual((story.object['metadata'] as JsonObject)['finalizers'], ['x/b', 'x/c']);
  });

  it('that changes nothing keeps its time, and one that changes something does not', () => {
    const timeOf = ({ managers }: Story): string => managers.find(({ name }) => name === 'a')!.time;
    const first: Step = { apply: 'a', want: labels({ x: '1' }) };
    assert.equal(timeOf(tell([first, first])), '2026-01-01T00:00:00Z');
    const other: Step = { apply: 'a', want: labels({ x: '2' }) };
    assert.equal(timeOf(tell([first, other])), '2026-01-01T00:00:01Z');
  });

  it('of nothing from who owned something ends its entry', () => {
    const { managers } = tell([
      { apply: 'a', want: labels({ x: '1' }) },
      { apply: 'a', want: {} },
    ]);
    assert.deepEqual(managers, []);
  });

  it('never takes out the names of the object', () => {
    const named = { metadata: { name: 'p', uid: 'u', labels: { x: '1' } } };
    const story = tell([
      { apply: 'a', want: named },
      { apply: 'a', want: {} },
    ]);
    assert.deepEqual(story.object['metadata'], { name: 'p', uid: 'u' });
  });
});

describe('the order of applied items', () => {
  const rows: readonly (readonly [string, string, string])[] = [
    ['abc', 'cx', 'abcx'],
    ['ab', 'xa', 'xab'],
    ['ba', 'xa', 'bxa'],
    ['abc', 'ca', 'bca'],
    ['', 'ba', 'ba'],
    ['abc', '', 'abc'],
    ['adb', 'bca', 'dbca'],
  ];
  for (const [live, wanted, merged] of rows) {
    it(`of ${live || 'none'} and wanted ${wanted || 'none'} is ${merged}`, () => {
      const items = (names: string): JsonObject =>
        containers(...names.split('').map((name) => ({ name })));
      const result = mergeWanted(items(live), items(wanted), POD);
      assert.deepEqual(result, items(merged));
    });
  }
});

describe('an update', () => {
  it("owns what it changes; what it takes away is nobody's", () => {
    const story = tell([
      { update: 'u', to: () => labels({ x: '1', y: '1' }) },
      { update: 'v', to: () => labels({ x: '2' }) },
    ]);
    assert.deepEqual(owned(story, 'u'), ['.metadata.labels']);
    assert.deepEqual(owned(story, 'v'), ['.metadata.labels.x']);
  });

  it('that changes nothing leaves the managers as they are', () => {
    const { managers } = tell([{ update: 'u', to: () => labels({ x: '1' }) }]);
    const now = { time: '2027-01-01T00:00:00Z' };
    const object = labels({ x: '1' });
    assert.equal(
      trackUpdate(managers, object, labels({ x: '1' }), POD, writer('u', 'Update'), now),
      managers,
    );
  });

  it('of an eleventh updater puts the oldest two into one entry, which is then the oldest', () => {
    const steps = Array.from({ length: 12 }, (_, index): Step => ({
      update: `u${String(index).padStart(2, '0')}`,
      to: (object) => ({
        metadata: {
          labels: {
            ...((object['metadata'] as JsonObject | undefined)?.['labels'] as JsonObject),
            [`l${index}`]: 'x',
          },
        },
      }),
    }));
    const { managers } = tell(steps.slice(0, 11));
    assert.equal(managers.length, 10);
    assert.deepEqual(
      managers.map(({ name }) => name).sort(),
      [
        ...Array.from({ length: 9 }, (_, index) => `u${String(index + 2).padStart(2, '0')}`),
        'ancient-changes',
      ].sort(),
    );
    const more = tell(steps);
    assert.equal(more.managers.length, 10);
    assert.deepEqual(owned(more, 'ancient-changes'), [
      '.metadata.labels',
      '.metadata.labels.l0',
      '.metadata.labels.l1',
      '.metadata.labels.l2',
    ]);
  });
});

describe('a pod with a hundred containers', () => {
  const big = containers(
    ...Array.from({ length: 100 }, (_, index) => ({
      name: `c${index}`,
      image: `image:${index}`,
      env: Array.from({ length: 10 }, (_e, at) => ({ name: `E${at}`, value: String(at) })),
      ports: [{ containerPort: 80 + index, protocol: 'TCP' }],
    })),
  );

  it('is compared with its fields owned by one, and every path is told once', () => {
    const paths = pathsOf(fieldsOf(big, POD)).map(pathText);
    assert.equal(new Set(paths).size, paths.length);
    assert.equal(paths.length, 100 * (3 + 10 * 3 + 3));
    const { added, modified, removed } = compare(big, structuredClone(big), POD);
    assert.ok(isEmpty(added) && isEmpty(modified) && isEmpty(removed));
  });

  it('is applied again without a change, and its managers are read as they were written', () => {
    const story = tell([
      { apply: 'a', want: big },
      { apply: 'a', want: structuredClone(big) },
    ]);
    assert.deepEqual(story.object, big);
    const entries = writeManagers(story.managers);
    assert.deepEqual(writeManagers(readManagers(entries, 'v1')!), entries);
  });
});
