// When a certificate is renewed, and what happens when nobody signs; tokens that are past their time.

import assert from 'node:assert/strict';
import {
  createJoinToken,
  listJoinTokens,
  revokeJoinToken,
} from '../../../actors/admission/join-tokens.ts';
import { keepRenewed } from '../../../actors/admission/renewal.ts';
import { tokensEnd, tokensPrefix } from '../../../actors/admission/records.ts';
import { collectTokens } from '../../../actors/admission/token-collection.ts';
import { parseToken } from '../../../mesh/index.ts';
import {
  createRingLogger,
  createSimulation,
  failed,
  ok,
  SkeinError,
} from '../../../runtime/index.ts';
import { createMemoryStore } from '../objects/memory-store.ts';

const dayMs = 86_400_000;

describe('a certificate', () => {
  const world = (refusals: number) => {
    const simulation = createSimulation(1);
    const { clock, random } = simulation.peer('a');
    const from = clock.wallMs();
    let period = { notBeforeMs: from, notAfterMs: from + 300 * dayMs };
    const askedAtDays: number[] = [];
    let left = refusals;
    const renewing = keepRenewed(
      {
        what: 'membership',
        period: () => period,
        renew: () => {
          askedAtDays.push((clock.wallMs() - from) / dayMs);
          if (left-- > 0) return Promise.resolve(failed(new SkeinError('unavailable', 'nobody')));
          period = { notBeforeMs: clock.wallMs(), notAfterMs: clock.wallMs() + 300 * dayMs };
          return Promise.resolve(ok(undefined));
        },
      },
      { clock, random, log: createRingLogger(clock, 10) },
    );
    return { simulation, askedAtDays, renewing };
  };

  it('is renewed after two thirds of its life, a little spread, again and again', async () => {
    const { simulation, askedAtDays } = world(0);
    await simulation.run({ untilMs: 500 * dayMs });
    const [first, second] = askedAtDays as [number, number];
    assert.equal(askedAtDays.length, 2);
    assert.ok(first > 194 && first < 206, `day ${first}`);
    assert.ok(second - first > 194 && second - first < 206, `day ${second}`);
  });

  it('is asked for again, with growing pauses, until somebody signs', async () => {
    const { simulation, askedAtDays } = world(12);
    await simulation.run({ untilMs: 210 * dayMs });
    assert.equal(askedAtDays.length, 13);
    const pausesMs = askedAtDays.slice(1).map((day, i) => (day - askedAtDays[i]!) * dayMs);
    assert.ok(pausesMs[0]! < 1_600 && pausesMs.every((pause) => pause <= 450_001));
    assert.ok(pausesMs.at(-1)! > 100_000);
  });

  it('is not asked for any more by a peer that ends', async () => {
    const { simulation, askedAtDays, renewing } = world(0);
    await simulation.run({ untilMs: dayMs });
    renewing.stop();
    await simulation.run({ untilMs: 400 * dayMs });
    assert.deepEqual(askedAtDays, []);
  });
});

describe('join tokens in the log', () => {
  const world = () => {
    const simulation = createSimulation(2);
    const { clock } = simulation.peer('a');
    const memory = createMemoryStore();
    const store = { ...memory, status: () => ({ ...memory.status(), role: 'leader' as const }) };
    const make = async (ttlMs: number): Promise<string> => {
      const wish = { ttlMs, uses: 2, zone: 'z', createdBy: 'ada' };
      const made = await createJoinToken(store, clock, new Uint8Array(32), wish);
      assert.ok(made.ok);
      return made.value.token;
    };
    return { simulation, clock, store, make };
  };

  it('let nobody in who reads the log: their secret is not there', async () => {
    const { store, make } = world();
    const token = parseToken(await make(dayMs));
    assert.ok(token.ok);
    const [kv] = store.view.range(tokensPrefix, tokensEnd).kvs;
    for (const encoding of ['base64', 'base64url', 'hex'] as const) {
      const secret = Buffer.from(token.value.secret).toString(encoding).replace(/=+$/, '');
      assert.ok(!kv!.value.includes(secret), encoding);
    }
  });

  it('are taken back once and for all, and listed as what they are', async () => {
    const { clock, store, make } = world();
    const id = (await make(dayMs)).split('.')[0]!;
    assert.ok((await revokeJoinToken(store, clock, id)).ok);
    const [note] = listJoinTokens(store.view, clock.wallMs());
    assert.equal(note?.state, 'revoked');
    assert.equal(note.createdBy, 'ada');
    const unknown = await revokeJoinToken(store, clock, 'nonesuch');
    assert.ok(!unknown.ok && unknown.error.code === 'not-found');
  });

  it('are collected a week after they expired, and not before', async () => {
    const { simulation, clock, store, make } = world();
    await make(dayMs);
    await make(3 * dayMs);
    const stop = collectTokens(store, clock);
    const count = (): number => listJoinTokens(store.view, clock.wallMs()).length;
    await simulation.run({ untilMs: 7.9 * dayMs });
    assert.equal(count(), 2);
    await simulation.run({ untilMs: 8.2 * dayMs });
    assert.equal(count(), 1);
    await simulation.run({ untilMs: 10.2 * dayMs });
    assert.equal(count(), 0);
    stop();
  });
});
