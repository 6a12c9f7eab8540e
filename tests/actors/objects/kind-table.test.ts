// One table says all about a kind, and its entries are whole.

import assert from 'node:assert/strict';
import {
  apiVersionOf,
  kindDefinition,
  kindNames,
  kindOfAlias,
  kindOfObject,
} from '../../../actors/objects/kind-table.ts';
import {
  kindOfReference,
  servedKindAt,
  servedKinds,
} from '../../../actors/objects/served-kinds.ts';
import { schemaDefinitions, schemaFields } from '../../../actors/objects/schema.ts';

const SCALARS = [
  'string',
  'bytes',
  'int32',
  'int64',
  'float',
  'boolean',
  'time',
  'microtime',
  'quantity',
  'int-or-string',
  'any',
];

describe('the kind table', () => {
  for (const kind of kindNames) {
    it(`finds ${kind} by resource, by object and by every alias`, () => {
      const { names, schema, columns } = kindDefinition(kind);
      assert.equal(names.kind, kind);
      const at = servedKindAt(names.group, names.version, names.plural);
      assert.equal(at?.names.kind, kind);
      assert.equal(at.form, undefined);
      assert.equal(kindOfObject(apiVersionOf(names), kind), kind);
      for (const alias of [names.plural, names.singular, kind, ...names.shortNames]) {
        assert.equal(kindOfAlias(alias), kind, alias);
      }
      assert.ok(schemaFields(schema)?.has('metadata'));
      assert.ok(columns.some(({ name }) => name === 'Name'));
    });
  }

  it('knows a kind by plural and group, and not under another group', () => {
    assert.equal(kindOfAlias('deployments.apps'), 'Deployment');
    assert.equal(kindOfAlias('deployments.extensions'), undefined);
    assert.equal(servedKindAt('extensions', 'v1beta1', 'deployments'), undefined);
    assert.equal(kindOfObject('v1', 'Deployment'), undefined);
    assert.equal(kindOfReference('apps/v1beta2', 'Deployment'), 'Deployment');
    assert.equal(kindOfReference('events.k8s.io/v1', 'Event'), 'Event');
    assert.equal(kindOfReference('v1', 'Pod'), 'Pod');
    assert.equal(kindOfReference('serving.knative.dev/v1', 'Service'), undefined);
  });

  it('serves no two kinds at one place, and every form with a schema of its own', () => {
    const places = servedKinds.map(({ names }) => `${apiVersionOf(names)}/${names.plural}`);
    assert.equal(new Set(places).size, places.length);
    for (const { form, schema, names } of servedKinds) {
      if (form === undefined) continue;
      assert.ok(schemaFields(schema)?.has('metadata'), schema);
      assert.notEqual(schema, kindDefinition(names.kind).schema);
    }
    assert.equal(servedKindAt('events.k8s.io', 'v1', 'events')?.names.kind, 'Event');
  });

  it('has in every other form a place for each field, and finds it again', () => {
    for (const { form, schema, names } of servedKinds) {
      if (form === undefined) continue;
      const stored = [...schemaFields(kindDefinition(names.kind).schema)!.keys()];
      const object = Object.fromEntries(stored.map((field) => [field, { was: field }]));
      const shown = form.fromStored(object);
      assert.deepEqual(Object.keys(shown).toSorted(), [...schemaFields(schema)!.keys()].toSorted());
      assert.deepEqual(form.toStored(shown), object);
    }
  });

  it('stores no two kinds under one plural', () => {
    const plurals = kindNames.map((kind) => kindDefinition(kind).names.plural);
    assert.equal(new Set(plurals).size, plurals.length);
  });
});

describe('the derived schema', () => {
  it('is closed: every type is a scalar or a definition of its own', () => {
    for (const definition of schemaDefinitions()) {
      for (const [name, { type }] of schemaFields(definition)!) {
        assert.ok(
          SCALARS.includes(type) || schemaFields(type) !== undefined,
          `${definition}.${name}: ${type}`,
        );
      }
    }
  });

  it('knows how lists merge', () => {
    const containers = schemaFields('core.v1.PodSpec')!.get('containers');
    assert.deepEqual(containers, {
      type: 'core.v1.Container',
      shape: 'list',
      required: true,
      listType: 'map',
      listKeys: ['name'],
      patchStrategies: ['merge'],
      mergeKey: 'name',
      atomic: false,
    });
    assert.deepEqual(schemaFields('core.v1.Container')!.get('ports')?.listKeys, [
      'containerPort',
      'protocol',
    ]);
    assert.deepEqual(schemaFields('apps.v1.DeploymentSpec')!.get('strategy')?.patchStrategies, [
      'retainKeys',
    ]);
    assert.equal(schemaFields('core.v1.ServiceSpec')!.get('selector')?.atomic, true);
  });

  it('has no fields for scalars and names of properties of all objects', () => {
    assert.equal(schemaFields('string'), undefined);
    assert.equal(schemaFields('constructor'), undefined);
  });
});
