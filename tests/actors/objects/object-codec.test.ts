// Text of the store, put into answers without being read.

import assert from 'node:assert/strict';
import { decodeObject, encodeObject, objectText } from '../../../actors/objects/object-codec.ts';
import type { KubernetesObject } from '../../../actors/objects/kinds.ts';

const kvOf = (value: string) => ({
  key: '/registry/pods/default/a',
  value,
  createRevision: 3,
  modRevision: 41,
  version: 2,
  lease: 0,
});

describe('the text of a stored object', () => {
  const pod = {
    spec: { containers: [{ name: '"metadata":{', image: 'é\u2028' }] },
    metadata: { name: 'a', resourceVersion: '7', labels: { kind: 'Pod' } },
    status: {},
  } as KubernetesObject;

  it('is what reading and writing it again would give', () => {
    const kv = kvOf(encodeObject('Pod', pod));
    const text = objectText('Pod', kv);
    assert.deepEqual(JSON.parse(text), structuredClone(decodeObject(kv)));
    assert.match(
      text,
      /^\{"kind":"Pod","apiVersion":"v1","metadata":\{"resourceVersion":"41","name"/,
    );
    assert.equal(text.match(/resourceVersion/g)?.length, 1);
  });

  it('is read first where it was written in another order, or has no metadata', () => {
    const { metadata, ...rest } = pod;
    const others = [
      JSON.stringify({ ...rest, apiVersion: 'v1', kind: 'Pod', metadata }),
      '{"kind":"Pod","apiVersion":"v1","metadata":{}}',
      '{"kind":"Pod","apiVersion":"v1"}',
    ];
    for (const value of others) {
      const kv = kvOf(value);
      assert.deepEqual(JSON.parse(objectText('Pod', kv)), structuredClone(decodeObject(kv)));
    }
  });
});
