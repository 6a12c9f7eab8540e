// A bookmark has nothing but metadata, and is shown in columns like any other object.

import assert from 'node:assert/strict';
import { kindDefinition, kindNames } from '../../../../actors/objects/kind-table.ts';
import type { KindName, ObjectTypes } from '../../../../actors/objects/kinds.ts';

describe('the columns of an object that has nothing but metadata', () => {
  for (const kind of kindNames) {
    it(`have a cell each, for a ${kind}`, () => {
      const bare = { metadata: { resourceVersion: '7' } } as ObjectTypes[KindName];
      for (const { name, cell } of kindDefinition(kind).columns) {
        assert.ok(['string', 'number', 'boolean'].includes(typeof cell(bare, 0)), name);
      }
    });
  }
});
