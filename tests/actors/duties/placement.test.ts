// Rendezvous hashing: same answer everywhere, little movement, even load.

import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import { rendezvousOrder } from '../../../actors/duties/placement.ts';

const peers = fc.uniqueArray(fc.string({ minLength: 1, maxLength: 12 }), { minLength: 1 });

describe('duties/placement', () => {
  it('gives the same order whatever the order of the peers', () => {
    fc.assert(
      fc.property(fc.string(), peers, (duty, names) => {
        const order = rendezvousOrder(duty, names);
        assert.deepEqual(rendezvousOrder(duty, names.toReversed()), order);
        assert.deepEqual([...order].sort(), [...names].sort());
      }),
    );
  });

  it('moves nothing but the duties of a peer that goes', () => {
    fc.assert(
      fc.property(fc.string(), peers, fc.nat(), (duty, names, at) => {
        const gone = names[at % names.length]!;
        const rest = rendezvousOrder(
          duty,
          names.filter((name) => name !== gone),
        );
        assert.deepEqual(
          rest,
          rendezvousOrder(duty, names).filter((name) => name !== gone),
        );
      }),
    );
  });

  it('spreads many duties evenly over ten peers', () => {
    const names = Array.from({ length: 10 }, (_, at) => `peer-${at}`);
    const held = new Map<string, number>();
    for (let at = 0; at < 10_000; at++) {
      const first = rendezvousOrder(`duty-${at}`, names)[0]!;
      held.set(first, (held.get(first) ?? 0) + 1);
    }
    for (const count of held.values()) assert.ok(count > 800 && count < 1_200, `${count}`);
    assert.equal(held.size, 10);
  });
});
