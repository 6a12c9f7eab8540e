// Field selectors ask the fields that the kind table offers, and no others.

import assert from 'node:assert/strict';
import { matchesFields, parseFieldSelector } from '../../../actors/objects/field-selectors.ts';
import { kindDefinition } from '../../../actors/objects/kind-table.ts';
import type { KindName, ObjectTypes } from '../../../actors/objects/kinds.ts';

function selects<K extends KindName>(kind: K, text: string, object: ObjectTypes[K]): boolean {
  const parsed = parseFieldSelector(kindDefinition(kind), text);
  assert.ok(parsed.ok, text);
  return matchesFields(kindDefinition(kind), parsed.value, object);
}

describe('field selectors', () => {
  const pod = {
    metadata: { name: 'web-1', namespace: 'shop' },
    spec: { nodeName: 'n1', containers: [] },
    status: { phase: 'Running' },
  };

  it('all requirements must hold', () => {
    assert.equal(selects('Pod', 'spec.nodeName=n1,status.phase!=Failed', pod), true);
    assert.equal(selects('Pod', 'spec.nodeName==n1,status.phase=Failed', pod), false);
    assert.equal(selects('Pod', '', pod), true);
  });

  it('a field that is not there is empty', () => {
    assert.equal(selects('Pod', 'status.podIP=', pod), true);
    assert.equal(selects('Pod', 'spec.nodeName!=', pod), true);
  });

  it('a node that says nothing of it is not unschedulable', () => {
    assert.equal(selects('Node', 'spec.unschedulable=false', { metadata: { name: 'n1' } }), true);
  });

  it('values may hold escaped commas, equals signs and backslashes', () => {
    const event = { metadata: {}, involvedObject: {}, reason: 'a,b=c\\d' };
    assert.equal(selects('Event', 'reason=a\\,b\\=c\\\\d', event), true);
  });

  for (const text of ['spec.image=x', 'nonsense', 'metadata.name=a=b', 'constructor=1']) {
    it(`refuses ${text} for pods`, () => {
      const parsed = parseFieldSelector(kindDefinition('Pod'), text);
      assert.ok(!parsed.ok);
      assert.equal(parsed.error.code, 'invalid');
    });
  }

  it('kinds without a namespace have no field for it', () => {
    assert.ok(!parseFieldSelector(kindDefinition('Node'), 'metadata.namespace=x').ok);
  });
});
