// Facts: the newest wins, whatever the way and order in which they come.

import { deepEqual, equal, throws } from 'node:assert/strict';
import fc from 'fast-check';
import { createFacts } from '../../mesh/facts.ts';
import type { Facts } from '../../mesh/facts.ts';

const everyone = (): boolean => true;
const factsOf = (self: string, incarnation = 1): Facts => createFacts(self, incarnation, everyone);

/** One full exchange, as the mesh does it. */
function exchange(one: Facts, other: Facts, limitBytes?: number): void {
  other.apply(one.deltaFor(other.digest(), limitBytes));
  one.apply(other.deltaFor(one.digest(), limitBytes));
}

describe('facts', () => {
  it('reach another peer with one exchange', () => {
    const [a, b] = [factsOf('a'), factsOf('b')];
    a.set({ name: 'one', labels: { disk: 'fast' } });
    b.set({ name: 'two' });
    exchange(a, b);
    deepEqual(b.get('a'), { name: 'one', labels: { disk: 'fast' } });
    deepEqual(a.get('b'), { name: 'two' });
    equal(a.hash(), b.hash());
  });

  it('say which keys changed, and nothing when nothing did', () => {
    const a = factsOf('a');
    deepEqual(a.set({ name: 'one', zone: 'z' }), ['name', 'zone']);
    deepEqual(a.set({ name: 'one', zone: 'y' }), ['zone']);
    deepEqual(a.set({ name: 'one' }), []);
  });

  it('forget a removed key everywhere', () => {
    const [a, b] = [factsOf('a'), factsOf('b')];
    a.set({ name: 'one', zone: 'z' });
    exchange(a, b);
    a.set({ zone: undefined } as never);
    exchange(a, b);
    deepEqual(b.get('a'), { name: 'one' });
  });

  it('of a later life replace those of an earlier one', () => {
    const b = factsOf('b');
    const before = factsOf('a', 1);
    before.set({ name: 'old', zone: 'z', version: '1' });
    exchange(before, b);
    const after = factsOf('a', 2);
    after.set({ name: 'new' });
    b.apply(after.deltaFor(b.digest()));
    deepEqual(b.get('a'), { name: 'new' });
    b.apply(before.deltaFor([]));
    deepEqual(b.get('a'), { name: 'new' });
  });

  it('are said again above a life that a later clock made', () => {
    const b = factsOf('b');
    const early = factsOf('a', 1000);
    early.set({ name: 'old' });
    exchange(early, b);
    const now = factsOf('a', 5);
    now.set({ name: 'new' });
    exchange(b, now);
    exchange(now, b);
    deepEqual(b.get('a'), { name: 'new' });
  });

  it('of peers that are not wanted are not kept', () => {
    const a = factsOf('a');
    a.set({ name: 'one' });
    const b = createFacts('b', 1, (peer) => peer !== 'a');
    deepEqual(b.apply(a.deltaFor([])).changed, []);
    equal(b.isBehind(a.digest()), false);
  });

  it('over the limit are refused and change nothing', () => {
    const a = factsOf('a');
    throws(() => a.set({ name: 'one', big: 'x'.repeat(70_000) }), /65536 bytes/);
    deepEqual(a.get('a'), {});
  });

  it('converge, whoever changes what and whoever talks to whom, in small pieces', () => {
    const step = fc.oneof(
      fc.record({
        kind: fc.constant('set' as const),
        who: fc.nat(3),
        key: fc.constantFrom('k', 'l', 'm'),
        value: fc.option(fc.string({ maxLength: 40 }), { nil: undefined }),
      }),
      fc.record({
        kind: fc.constant('talk' as const),
        who: fc.nat(3),
        to: fc.nat(3),
        limit: fc.integer({ min: 1, max: 200 }),
      }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const peers = ['p0', 'p1', 'p2', 'p3'].map((peer) => factsOf(peer));
        for (const s of steps) {
          if (s.kind === 'set') peers[s.who]!.set({ [s.key]: s.value });
          else if (s.who !== s.to) exchange(peers[s.who]!, peers[s.to]!, s.limit);
        }
        for (let round = 0; round < 4; round++) {
          for (const one of peers)
            for (const other of peers) if (one !== other) exchange(one, other);
        }
        for (const [i, origin] of peers.entries()) {
          for (const reader of peers) deepEqual(reader.get(`p${i}`), origin.get(`p${i}`));
        }
        equal(new Set(peers.map((peer) => peer.hash())).size, 1);
      }),
    );
  });
});
