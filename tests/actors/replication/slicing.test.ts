// Endpoints over slices: exact, bounded, and a change of one pod rewrites one slice.

import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import type { EndpointSlice } from 'kubernetes-types/discovery/v1.d.ts';
import type { Backend } from '../../../actors/replication/endpoints/endpoint.ts';
import { SLICE_LIMIT, sliceEndpoints } from '../../../actors/replication/endpoints/slicing.ts';

const backend = (id: number, port = 80, ready = true): Backend => ({
  endpoint: {
    addresses: [`10.0.${id >> 8}.${id & 255}`],
    conditions: { ready },
    targetRef: { kind: 'Pod', uid: `uid-${id}` },
  },
  ports: [{ name: '', protocol: 'TCP', port }],
});

let created = 0;

/** The slices after the plan, as the controller would write them. */
function apply(slices: readonly EndpointSlice[], backends: readonly Backend[]): EndpointSlice[] {
  const { update, create, remove } = sliceEndpoints(slices, backends);
  const updated = new Map(update.map((slice) => [slice.metadata?.name, slice]));
  const kept = slices
    .filter((slice) => !remove.includes(slice))
    .map((slice) => updated.get(slice.metadata?.name) ?? slice);
  return [
    ...kept,
    ...create.map(({ ports, endpoints }) => ({
      metadata: { name: `slice-${created++}` },
      addressType: 'IPv4',
      ports: [...ports],
      endpoints: [...endpoints],
    })),
  ];
}

const ids = fc.uniqueArray(fc.nat({ max: 999 }), { maxLength: 400 });

describe('replication/slicing', () => {
  it('holds exactly the backends, at most a hundred a slice, after any changes', () => {
    fc.assert(
      fc.property(fc.array(ids, { minLength: 1, maxLength: 4 }), (rounds) => {
        let slices: EndpointSlice[] = [];
        for (const round of rounds) {
          const backends = round.map((id) => backend(id, id % 7 === 0 ? 81 : 80));
          slices = apply(slices, backends);
          const held = slices.flatMap(({ endpoints, ports }) =>
            endpoints.map(({ targetRef }) => `${targetRef?.uid} ${ports?.[0]?.port}`),
          );
          const wanted = backends.map(
            ({ endpoint, ports }) => `${endpoint.targetRef?.uid} ${ports[0]?.port}`,
          );
          assert.deepEqual(held.sort(), wanted.sort());
          for (const { endpoints } of slices) assert.ok(endpoints.length <= SLICE_LIMIT);
          assert.ok(slices.length >= 1);
          const again = sliceEndpoints(slices, backends);
          assert.deepEqual(again, { update: [], create: [], remove: [] });
        }
      }),
      { numRuns: 50 },
    );
  });

  it('rewrites one slice of many when one pod changes', () => {
    const before = Array.from({ length: 450 }, (_, id) => backend(id));
    const slices = apply([], before);
    assert.equal(slices.length, 5);
    const after = before.map((one, id) => (id === 321 ? backend(321, 80, false) : one));
    const plan = sliceEndpoints(slices, after);
    assert.equal(plan.update.length, 1);
    assert.equal(plan.create.length + plan.remove.length, 0);
    const gone = sliceEndpoints(slices, before.slice(1));
    assert.equal(gone.update.length, 1);
  });

  it('keeps one empty slice for a service without pods', () => {
    const [slice, ...rest] = apply([], []);
    assert.deepEqual(rest, []);
    assert.deepEqual(slice?.endpoints, []);
  });
});
