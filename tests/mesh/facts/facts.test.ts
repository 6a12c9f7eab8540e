// Facts: the newest wins, whatever the way and order in which they come, and nobody speaks for another.

import { deepEqual, equal, notDeepEqual, ok } from 'node:assert/strict';
import fc from 'fast-check';
import { ALL_BUCKETS } from '../../../mesh/bucket-hash.ts';
import { createFacts } from '../../../mesh/facts/facts.ts';
import type { Facts } from '../../../mesh/facts/facts.ts';
import type { NodeFacts } from '../../../mesh/mesh.ts';
import type { FactsDelta } from '../../../mesh/facts/signed-facts.ts';
import { createSimulatedSigner } from '../../simulation/simulated-signer.ts';

const everyone = (): boolean => true;
const factsOf = (self: string, incarnation = 1, accepts = everyone): Facts =>
  createFacts({ self, incarnation, accepts, signer: createSimulatedSigner(self) });

const set = (facts: Facts, values: NodeFacts): readonly string[] => {
  const outcome = facts.set(values, 0);
  ok(outcome.ok);
  return outcome.value;
};

/** What `to` lacks of what `from` holds. */
const lackedBy = (to: Facts, from: Facts, limitBytes?: number): readonly FactsDelta[] => {
  const buckets = from.differing(to.bucketHashes());
  return from.deltaFor(to.digest(buckets), buckets, limitBytes).deltas;
};

const whole = (facts: Facts): readonly FactsDelta[] => facts.deltaFor([], ALL_BUCKETS).deltas;

/** One full exchange, as the mesh does it. */
function exchange(one: Facts, other: Facts, limitBytes?: number): void {
  other.apply(lackedBy(other, one, limitBytes), 0);
  one.apply(lackedBy(one, other, limitBytes), 0);
}

describe('facts', () => {
  it('reach another peer with one exchange', () => {
    const [a, b] = [factsOf('a'), factsOf('b')];
    set(a, { name: 'one', labels: { disk: 'fast' } });
    set(b, { name: 'two' });
    exchange(a, b);
    deepEqual(b.get('a'), { name: 'one', labels: { disk: 'fast' } });
    deepEqual(a.get('b'), { name: 'two' });
    equal(a.hash(), b.hash());
  });

  it('say which keys changed, and nothing when nothing did', () => {
    const a = factsOf('a');
    deepEqual(set(a, { name: 'one', zone: 'z' }), ['name', 'zone']);
    deepEqual(set(a, { name: 'one', zone: 'y' }), ['zone']);
    deepEqual(set(a, { name: 'one' }), []);
  });

  it('forget a removed key everywhere', () => {
    const [a, b] = [factsOf('a'), factsOf('b')];
    set(a, { name: 'one', zone: 'z' });
    exchange(a, b);
    set(a, { zone: undefined } as never);
    exchange(a, b);
    deepEqual(b.get('a'), { name: 'one' });
  });

  it('of a later life replace those of an earlier one', () => {
    const b = factsOf('b');
    const before = factsOf('a', 1);
    set(before, { name: 'old', zone: 'z', version: '1' });
    exchange(before, b);
    const after = factsOf('a', 2);
    set(after, { name: 'new' });
    b.apply(lackedBy(b, after), 0);
    deepEqual(b.get('a'), { name: 'new' });
    b.apply(whole(before), 0);
    deepEqual(b.get('a'), { name: 'new' });
  });

  it('are said again above a life that a later clock made, and not for a life that never was', () => {
    const b = factsOf('b');
    const early = factsOf('a', 1000);
    set(early, { name: 'old' });
    exchange(early, b);
    const now = factsOf('a', 5);
    set(now, { name: 'new' });
    now.apply([{ ...whole(early)[0]!, incarnation: 2 ** 48 }], 0);
    equal(now.version('a')!.incarnation, 5);
    exchange(b, now);
    exchange(now, b);
    deepEqual(b.get('a'), { name: 'new' });
    equal(b.version('a')!.incarnation, 1001);
  });

  it('of peers that are not wanted are not kept', () => {
    const a = factsOf('a');
    set(a, { name: 'one' });
    const b = factsOf('b', 1, () => false);
    deepEqual(b.apply(whole(a), 0).changed, []);
    deepEqual(b.behind([a.version('a')!]), []);
  });

  it('over the limit are refused and change nothing', () => {
    const a = factsOf('a');
    const outcome = a.set({ name: 'one', big: 'x'.repeat(70_000) }, 0);
    ok(!outcome.ok);
    equal(outcome.error.code, 'too-large');
    ok(/32768 bytes/.test(outcome.error.message));
    deepEqual(a.get('a'), {});
  });

  it('are signed once however many change before somebody asks', () => {
    let signed = 0;
    const signer = createSimulatedSigner('a');
    const counting = { ...signer, sign: (bytes: Uint8Array) => (signed++, signer.sign(bytes)) };
    const a = createFacts({ self: 'a', incarnation: 1, accepts: everyone, signer: counting });
    for (let i = 0; i < 100; i++) set(a, { price: String(i) });
    equal(signed, 0);
    whole(a);
    whole(a);
    equal(signed, 1);
  });

  it('that are not what they should be are passed on and not shown', () => {
    const [a, b, c] = [factsOf('a'), factsOf('b'), factsOf('c')];
    set(a, { name: 'one', load: { cpu: 7, memory: 'much' }, labels: [] } as never);
    const outcome = b.apply(whole(a), 0);
    deepEqual(b.get('a'), { name: 'one' });
    deepEqual(outcome.unreadable, [
      { peer: 'a', key: 'load' },
      { peer: 'a', key: 'labels' },
    ]);
    exchange(b, c);
    equal(c.hash(), b.hash());
  });
});

describe('a peer that lies about the facts of another', () => {
  /** b holds a's first two versions; a has gone on to a fourth. */
  const scene = (): { b: Facts; old: FactsDelta; now: FactsDelta; step: FactsDelta } => {
    const [a, b] = [factsOf('a'), factsOf('b')];
    set(a, { name: 'one', zone: 'z' });
    const old = whole(a)[0]!;
    b.apply([old], 0);
    set(a, { zone: 'y', price: '3' });
    return { b, old, now: whole(a)[0]!, step: lackedBy(b, a)[0]! };
  };
  const held = { name: 'one', zone: 'z' };

  it('cannot change a value, nor leave one out, nor add one', () => {
    const { b, now } = scene();
    const [first] = now.entries;
    for (const entries of [
      [{ ...first!, text: '"two"' }, ...now.entries.slice(1)],
      now.entries.slice(1),
      [...now.entries, { key: 'isCordoned', version: now.version + 1, text: 'true' }],
    ]) {
      equal(b.apply([{ ...now, entries }], 0).forged, 'a');
      deepEqual(b.get('a'), held);
    }
  });

  it('cannot give a peer another version or life, nor its facts to another peer', () => {
    const { b, now } = scene();
    for (const lie of [{ version: 99 }, { incarnation: 2 }, { peer: 'c' }]) {
      const outcome = b.apply([{ ...now, ...lie }], 0);
      equal(outcome.forged, lie.peer ?? 'a');
      deepEqual(outcome.changed, []);
      deepEqual(b.get('c'), {});
      deepEqual(b.get('a'), held);
    }
  });

  it('cannot shorten what follows; the whole of it is asked for then and mends it', () => {
    const { b, now, step } = scene();
    equal(step.from, 2);
    const outcome = b.apply([{ ...step, entries: step.entries.slice(1) }], 0);
    equal(outcome.mismatched, 'a');
    deepEqual(b.get('a'), held);
    equal(b.behind([now])[0]!.version, 0, 'asks for all');
    b.apply([now], 0);
    deepEqual(b.get('a'), { name: 'one', zone: 'y', price: '3' });
  });

  it('cannot bring back what was true once', () => {
    const { b, old, now } = scene();
    b.apply([now], 0);
    const outcome = b.apply([old], 0);
    deepEqual(outcome.changed, []);
    deepEqual(b.get('a'), { name: 'one', zone: 'y', price: '3' });
  });

  it('wastes one check with a message, whatever follows in it', () => {
    const { b, now } = scene();
    let checks = 0;
    const signer = createSimulatedSigner('d');
    const d = createFacts({
      self: 'd',
      incarnation: 1,
      accepts: everyone,
      signer: { ...signer, verify: (...all) => (checks++, signer.verify(...all)) },
    });
    d.apply(
      Array.from({ length: 100 }, () => ({ ...now, version: 99 })),
      0,
    );
    equal(checks, 1);
    notDeepEqual(b.get('a'), {});
  });
});

describe('facts of four peers and a liar', () => {
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
      limit: fc.integer({ min: 1, max: 600 }),
      isLost: fc.boolean(),
      isTwice: fc.boolean(),
    }),
    fc.record({
      kind: fc.constant('lie' as const),
      to: fc.nat(3),
      /** Of what it once heard. */
      which: fc.nat(1000),
      how: fc.constantFrom('replay', 'raise', 'shorten', 'mix', 'change', 'live', 'from'),
    }),
  );

  const lieOf = (how: string, delta: FactsDelta, other: FactsDelta): FactsDelta => {
    if (how === 'raise') return { ...delta, version: delta.version + 5 };
    if (how === 'live') return { ...delta, incarnation: delta.incarnation + 1 };
    if (how === 'shorten') return { ...delta, entries: delta.entries.slice(0, -1) };
    if (how === 'mix') return { ...delta, entries: other.entries };
    if (how === 'from') return { ...delta, from: other.from, version: other.version };
    if (how === 'change') {
      const entries = delta.entries.map((entry) => ({ ...entry, text: '"lie"' }));
      return { ...delta, version: delta.version + 1, entries };
    }
    return delta;
  };

  it('become those of their origins, whoever talks to whom, with losses, in pieces, and never a lie', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
        const peers = ['p0', 'p1', 'p2', 'p3'].map((peer) => factsOf(peer));
        const heard: FactsDelta[] = [];
        /** Everything that each origin ever said. */
        const said = peers.map(() => new Set(['{}']));
        const check = (): void => {
          for (const reader of peers) {
            for (const [i, all] of said.entries()) {
              ok(all.has(JSON.stringify(reader.get(`p${i}`))), 'was said by its origin');
            }
          }
        };
        for (const s of steps) {
          if (s.kind === 'set') {
            set(peers[s.who]!, { [s.key]: s.value });
            said[s.who]!.add(JSON.stringify(peers[s.who]!.get(`p${s.who}`)));
          } else if (s.kind === 'talk' && s.who !== s.to) {
            const deltas = lackedBy(peers[s.to]!, peers[s.who]!, s.limit);
            heard.push(...deltas);
            for (let i = s.isLost ? 1 : 0; i < (s.isTwice ? 2 : 1); i++) {
              peers[s.to]!.apply(deltas, 0);
            }
          } else if (s.kind === 'lie' && heard.length > 0) {
            const delta = heard[s.which % heard.length]!;
            const other = heard[(s.which * 7 + 3) % heard.length]!;
            peers[s.to]!.apply([lieOf(s.how, delta, other)], 0);
          }
          check();
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
      { numRuns: 300 },
    );
  });
});
