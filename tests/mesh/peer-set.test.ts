// A set that can be drawn from.

import { deepEqual, equal } from 'node:assert/strict';
import fc from 'fast-check';
import { createPeerSet } from '../../mesh/peer-set.ts';
import { createSeededRandom } from '../../runtime/index.ts';

describe('a set of peers', () => {
  it('holds what a set holds, and draws different ones of it', () => {
    const steps = fc.array(fc.tuple(fc.constantFrom('add', 'remove', 'draw'), fc.nat(12)));
    fc.assert(
      fc.property(steps, (list) => {
        const random = createSeededRandom('draw');
        const [peers, model] = [createPeerSet(), new Set<string>()];
        for (const [step, n] of list) {
          if (step === 'draw') {
            const drawn = peers.sample(random, n);
            equal(new Set(drawn).size, Math.min(n, model.size));
            equal(
              drawn.every((peer) => model.has(peer)),
              true,
            );
            continue;
          }
          peers[step](`p${n}`);
          if (step === 'add') model.add(`p${n}`);
          else model.delete(`p${n}`);
        }
        deepEqual([...peers.all()].toSorted(), [...model].toSorted());
        equal(peers.size(), model.size);
      }),
    );
  });

  it('draws each as often as any other', () => {
    const random = createSeededRandom('often');
    const peers = createPeerSet();
    for (let i = 0; i < 10; i++) peers.add(`p${i}`);
    const counts = new Map<string, number>();
    for (let i = 0; i < 10_000; i++) {
      for (const peer of peers.sample(random, 3)) counts.set(peer, (counts.get(peer) ?? 0) + 1);
    }
    for (const count of counts.values()) equal(Math.round(count / 1000), 3);
  });
});
