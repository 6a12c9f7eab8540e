// Whatever stands in one field of a good object, and however it changes: it is answered, not thrown.

import fc from 'fast-check';
import { kindDefinition } from '../../../../actors/objects/kind-table.ts';
import {
  defaulted,
  prepareCreate,
  prepareUpdate,
} from '../../../../actors/objects/write-preparation.ts';
import { allPaths, withValueAt } from '../field-paths.ts';
import { manifest, stored, triedKinds } from './manifests.ts';

const junk = fc.oneof(fc.jsonValue(), fc.constantFrom(null, [], {}, '', 0, -1, [null], [{}], '/'));

describe('preparation never throws', () => {
  for (const kind of triedKinds) {
    it(`over a ${kind}`, () => {
      const old = stored(kind);
      // Fields that the server filled in are tried as well.
      const paths = allPaths(old);
      const { columns } = kindDefinition(kind);
      fc.assert(
        fc.property(fc.constantFrom(...paths), junk, (path, value) => {
          const spoiled = withValueAt(old, path, value);
          prepareCreate(kind, withValueAt({ ...manifest(kind), ...old }, path, value), {
            nowMs: 0,
            uid: 'u',
          });
          prepareUpdate(kind, old, spoiled, undefined, 'Ignore');
          const status = prepareUpdate(kind, old, { ...old, status: value }, 'status', 'Ignore', 0);
          if (!status.ok) return;
          for (const { cell } of columns) cell(status.object, 0);
          defaulted(kind, status.object);
        }),
        { numRuns: 300 },
      );
    });
  }
});
