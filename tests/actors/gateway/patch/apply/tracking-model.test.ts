// Appliers and an updater of labels, at random, beside a model that keeps the owners of each key in a table.

import assert from 'node:assert/strict';
import fc from 'fast-check';
import { pathsOf, pathText } from '../../../../../actors/gateway/patch/apply/field-set.ts';
import { fieldTypeOf } from '../../../../../actors/gateway/patch/apply/field-type.ts';
import type { Manager, Writer } from '../../../../../actors/gateway/patch/apply/managers.ts';
import { readManagers, writeManagers } from '../../../../../actors/gateway/patch/apply/managers.ts';
import { apply, trackUpdate } from '../../../../../actors/gateway/patch/apply/tracking.ts';
import type { JsonObject } from '../../../../../actors/gateway/request/body.ts';

const POD = fieldTypeOf('core.v1.Pod');
const NOW = { time: '2026-01-01T00:00:00Z' };

type Labels = Readonly<Record<string, string>>;

interface Row {
  readonly value: string;
  readonly owners: ReadonlySet<string>;
}

type Table = ReadonlyMap<string, Row>;

interface Step {
  readonly by: string;
  readonly labels: Labels;
  /** Undefined for an update. */
  readonly force?: boolean;
}

const writer = (name: string, operation: 'Apply' | 'Update'): Writer => ({
  name,
  operation,
  apiVersion: 'v1',
  subresource: '',
});

const labels = fc.dictionary(fc.constantFrom('x', 'y', 'z'), fc.constantFrom('1', '2'), {
  noNullPrototype: true,
});
const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ by: fc.constantFrom('a', 'b', 'c'), labels, force: fc.boolean() }),
  fc.record({ by: fc.constantFrom('u', 'v'), labels }),
);

/** What the step makes of the table; undefined for a conflict. */
function modelled(table: Table, { by, labels: wanted, force }: Step): Table | undefined {
  const next = new Map<string, Row>();
  for (const [key, { value, owners }] of table) {
    const others = new Set([...owners].filter((owner) => owner !== by));
    const want = wanted[key];
    if (want === undefined) {
      if (force === undefined) continue;
      if (!owners.has(by) || others.size > 0) next.set(key, { value, owners: others });
    } else if (want === value) {
      next.set(key, { value, owners: force === undefined ? owners : new Set([...others, by]) });
    } else {
      if (force === false && others.size > 0) return undefined;
      next.set(key, { value: want, owners: new Set([by]) });
    }
  }
  for (const [key, value] of Object.entries(wanted)) {
    if (!table.has(key)) next.set(key, { value, owners: new Set([by]) });
  }
  return next;
}

interface State {
  readonly object: JsonObject;
  readonly managers: readonly Manager[];
}

/** What the machinery makes of the state; undefined for a conflict. */
function tracked(
  { object, managers }: State,
  { by, labels: wanted, force }: Step,
): State | undefined {
  // An empty map is a value of its own; who wants no label says nothing of labels.
  const next = Object.keys(wanted).length === 0 ? {} : { metadata: { labels: wanted } };
  if (force === undefined) {
    const by_ = writer(by, 'Update');
    return { object: next, managers: trackUpdate(managers, object, next, POD, by_, NOW) };
  }
  const outcome = apply(managers, object, next, POD, writer(by, 'Apply'), force, NOW);
  if (!outcome.ok) return undefined;
  return { object: outcome.object as JsonObject, managers: outcome.managers };
}

const labelsOf = ({ object }: State): Labels =>
  ((object['metadata'] as JsonObject | undefined)?.['labels'] ?? {}) as Labels;

/** Owners by key, of those that own something. */
function ownersOf({ managers }: State): Readonly<Record<string, readonly string[]>> {
  const owners: Record<string, string[]> = {};
  for (const { name, fields } of managers) {
    for (const path of pathsOf(fields).map(pathText)) {
      const key = /^\.metadata\.labels\.(.+)$/.exec(path)?.[1];
      if (key !== undefined) (owners[key] ??= []).push(name);
    }
  }
  for (const names of Object.values(owners)) names.sort();
  return owners;
}

describe('any sequence of applies and updates', () => {
  it('leaves the values and the owners that a table of them has', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 12 }), (steps) => {
        let table: Table = new Map();
        let state: State = { object: {}, managers: [] };
        for (const each of steps) {
          const [expected, found] = [modelled(table, each), tracked(state, each)];
          assert.equal(found === undefined, expected === undefined, JSON.stringify(each));
          table = expected ?? table;
          state = found ?? state;
          assert.deepEqual(
            labelsOf(state),
            Object.fromEntries([...table].map(([key, { value }]) => [key, value])),
          );
          const owned = [...table].filter(([, { owners }]) => owners.size > 0);
          assert.deepEqual(
            ownersOf(state),
            Object.fromEntries(owned.map(([key, { owners }]) => [key, [...owners].sort()])),
          );
          const entries = writeManagers(state.managers);
          assert.deepEqual(writeManagers(readManagers(entries, 'v1')!), entries);
        }
      }),
      { numRuns: 1_000 },
    );
  });
});
