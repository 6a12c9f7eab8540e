// Timers and promises of actors: what was cancelled, replaced or outlived never arrives.

import assert from 'node:assert/strict';

import * as fc from 'fast-check';

import { SkeinError } from '../../runtime/index.ts';
import type { Result } from '../../runtime/index.ts';
import { createWorld, diarist } from './simulated-system.ts';
import type { Act } from './simulated-system.ts';

describe('a timer', () => {
  it('arrives once, not before its time', async () => {
    const { system, pass } = createWorld();
    const diary: string[] = [];
    const ref = system.spawn('a', diarist('a', diary), undefined);
    ref.tell((ctx) => ctx.after('t', 100, 'now'));
    await pass(99.9);
    assert.deepEqual(diary, ['a start']);
    await pass(1_000);
    assert.deepEqual(diary, ['a start', 'a now']);
  });

  it('that was replaced or cancelled never arrives, even when it is queued already', async () => {
    const { system, pass } = createWorld();
    const diary: string[] = [];
    const ref = system.spawn('a', diarist('a', diary), undefined);
    ref.tell((ctx) => {
      ctx.after('replaced', 1, 'old');
      ctx.after('cancelled', 1, 'gone');
      // Fires at the same instant, before the messages of the timers have their turn.
      ctx.clock.setTimer(1, () => {
        ctx.after('replaced', 5, 'new');
        ctx.cancel('cancelled');
      });
    });
    await pass(100);
    assert.deepEqual(diary, ['a start', 'a new']);
  });

  it('may be set again under its key by the message it brings', async () => {
    const { system, pass } = createWorld();
    const diary: string[] = [];
    const ref = system.spawn('a', diarist('a', diary), undefined);
    const tick: Act = (ctx) => {
      diary.push('tick');
      ctx.after('tick', 10, tick);
    };
    ref.tell(tick);
    await pass(35);
    assert.deepEqual(diary, ['a start', 'tick', 'tick', 'tick', 'tick']);
  });

  it('arrives although the mailbox is full', async () => {
    const { system, pass } = createWorld();
    const diary: string[] = [];
    const ref = system.spawn('a', { ...diarist('a', diary), mailboxLimit: 1 }, undefined);
    ref.tell((ctx) => ctx.after('t', 0, 'timer'));
    await pass(0);
    ref.tell((ctx) => {
      ctx.after('t', 0, 'timer');
      ctx.self.tell('one');
      ctx.self.tell('too many');
    });
    await pass(0);
    assert.deepEqual(diary, ['a start', 'a timer', 'a one', 'a timer']);
  });

  it('arrives exactly when it is the last under its key and not cancelled, whatever the plan', async () => {
    const step = fc.record({
      gapMs: fc.integer({ min: 0, max: 3 }),
      key: fc.constantFrom('x', 'y'),
      delayMs: fc.option(fc.integer({ min: 0, max: 4 })),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 30 }), async (plan) => {
        const { system, pass } = createWorld();
        const diary: string[] = [];
        const ref = system.spawn('a', diarist('a', diary), undefined);
        await pass(0);
        const due = new Map<string, { readonly atMs: number; readonly name: string }>();
        const expected: string[] = [];
        const arrive = (untilMs: number): void => {
          for (const [key, { atMs, name }] of due) {
            if (atMs > untilMs) continue;
            expected.push(name);
            due.delete(key);
          }
        };
        let nowMs = 0;
        for (const [index, { gapMs, key, delayMs }] of plan.entries()) {
          await pass(gapMs);
          nowMs += gapMs;
          arrive(nowMs);
          const name = `${key}${index}`;
          if (delayMs === null) {
            ref.tell((ctx) => ctx.cancel(key));
            due.delete(key);
          } else {
            ref.tell((ctx) => ctx.after(key, delayMs, name));
            due.set(key, { atMs: nowMs + delayMs, name });
          }
          await pass(0);
          arrive(nowMs);
        }
        await pass(10);
        arrive(Infinity);
        const arrived = diary.slice(1).map((line) => line.slice(2));
        assert.deepEqual(arrived.sort(), expected.sort());
      }),
      { numRuns: 50 },
    );
  });
});

describe('an effect', () => {
  const show = (outcome: Result<number>): string =>
    outcome.ok ? `ok ${outcome.value}` : `${outcome.error.code}: ${outcome.error.message}`;

  it('brings its value, its rejection or its throw as a message', async () => {
    const { system, pass } = createWorld();
    const diary: string[] = [];
    const ref = system.spawn('a', diarist('a', diary), undefined);
    ref.tell((ctx) => ctx.run(() => Promise.resolve(1), show));
    await pass(0);
    ref.tell((ctx) => ctx.run(() => Promise.reject(new SkeinError('corrupt', 'disk')), show));
    await pass(0);
    ref.tell((ctx) =>
      ctx.run(() => {
        throw new Error('oh');
      }, show),
    );
    await pass(0);
    assert.deepEqual(diary, ['a start', 'a ok 1', 'a corrupt: disk', 'a unavailable: oh']);
  });

  it('is told by its signal that its actor ended, and its outcome reaches nobody', async () => {
    const { system, pass } = createWorld();
    const diary: string[] = [];
    const ref = system.spawn('a', diarist('a', diary), undefined);
    ref.tell((ctx) =>
      ctx.run(
        (signal) =>
          new Promise<number>((resolve) => {
            signal.addEventListener('abort', () => {
              diary.push('aborted');
              resolve(1);
            });
          }),
        show,
      ),
    );
    await pass(0);
    ref.tell((ctx) => ctx.stop(ctx.self));
    await pass(100);
    assert.deepEqual(diary, ['a start', 'aborted', 'a stopped']);
    assert.equal(system.counters().deadLetters, 0);
  });

  it('one too many is overloaded instead of run', async () => {
    const { system, pass } = createWorld();
    const diary: string[] = [];
    const ref = system.spawn('a', diarist('a', diary), undefined);
    ref.tell((ctx) => {
      for (let i = 0; i < 10_000; i++) ctx.run(() => new Promise<number>(() => undefined), show);
      ctx.run(() => assert.fail('must not run'), show);
    });
    await pass(0);
    assert.equal(diary.length, 2);
    assert.match(diary[1]!, /^a overloaded: a runs 10000 effects already/);
  });
});
