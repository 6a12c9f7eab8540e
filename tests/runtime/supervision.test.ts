// What becomes of actors that fail.

import assert from 'node:assert/strict';

import * as fc from 'fast-check';

import type { Actor, ActorRef, Supervision } from '../../runtime/index.ts';
import { decide, noFailures } from '../../runtime/supervision.ts';
import { createWorld, diarist, fall } from './simulated-system.ts';
import type { Act } from './simulated-system.ts';

const restart: Supervision = {
  directive: 'restart',
  maxRestarts: 3,
  withinMs: 60_000,
  backoffMs: 100,
};

describe('an actor that throws', () => {
  it('stops by default, and its parent hears why', async () => {
    const { system, pass, failures } = createWorld();
    const diary: string[] = [];
    const top = system.spawn('top', diarist('top', diary), undefined);
    top.tell((ctx) => ctx.spawn('child', diarist('child', diary), undefined).tell(fall('oh')));
    await pass(0);
    assert.deepEqual(diary, [
      'top start',
      'child start',
      'child stopped',
      'top child-stopped child (oh)',
    ]);
    assert.deepEqual(failures, []);
  });

  it('is reported as a failure of the peer when nobody is above it', async () => {
    const { system, pass, failures } = createWorld();
    system.spawn('top', diarist('top', []), undefined).tell(fall('oh'));
    await pass(0);
    assert.deepEqual(failures, ['top: oh']);
    assert.equal(system.counters().living, 0);
  });

  it('restarts with the same arguments after its children ended and the backoff passed', async () => {
    const { system, simulation, pass } = createWorld();
    const diary: string[] = [];
    const note = (what: string) => diary.push(`${Math.floor(simulation.nowMs())} ${what}`);
    const actor: Actor<'fall' | 'hello', number, { readonly first: number }> = {
      start: ({ first }, ctx) => {
        note(`start ${first}`);
        ctx.spawn(
          'child',
          { ...diarist('c', []), stopped: () => note('child stopped') },
          undefined,
        );
        return first;
      },
      receive: (count, message) => {
        if (message === 'fall') throw new Error('oh');
        note(`${message} ${count}`);
        return count + 1;
      },
      stopped: (count) => note(`stopped ${count}`),
    };
    const ref = system.spawn('a', actor, { first: 7 }, restart);
    ref.tell('hello');
    ref.tell('fall');
    ref.tell('hello');
    await pass(50);
    ref.tell('hello');
    await pass(1_000);
    assert.deepEqual(diary, [
      '0 start 7',
      '0 hello 7',
      '0 child stopped',
      '0 stopped 8',
      '100 start 7',
      '100 hello 7',
      '100 hello 8',
    ]);
    assert.equal(system.counters().deadLetters, 0);
  });

  it('keeps no more messages during the backoff than its mailbox holds', async () => {
    const { system, pass } = createWorld();
    const diary: string[] = [];
    const actor = { ...diarist('a', diary), mailboxLimit: 2 };
    const ref = system.spawn('a', actor, undefined, restart);
    ref.tell(fall('oh'));
    await pass(0);
    for (let i = 0; i < 3; i++) ref.tell(String(i));
    await pass(1_000);
    assert.deepEqual(diary, ['a start', 'a stopped', 'a start', 'a 0', 'a 1']);
    assert.equal(system.counters().deadLetters, 1);
  });

  it('can be stopped during the backoff and never starts again', async () => {
    const { system, pass } = createWorld();
    const diary: string[] = [];
    system.spawn('a', diarist('a', diary), undefined, restart).tell(fall('oh'));
    await pass(50);
    const stopped = system.stop();
    await pass(1_000);
    await stopped;
    assert.deepEqual(diary, ['a start', 'a stopped']);
  });

  it('fails in `start` as it fails in `receive`: it is tried again, then it escalates', async () => {
    const { system, simulation, pass, failures } = createWorld();
    const startsMs: number[] = [];
    const actor: Actor<string, string> = {
      start: () => {
        startsMs.push(Math.floor(simulation.nowMs()));
        throw new Error('cannot start');
      },
      receive: (state) => state,
      stopped: () => assert.fail('what never started cannot stop'),
    };
    system.spawn('a', actor, undefined, restart);
    await pass(10_000);
    assert.deepEqual(startsMs, [0, 100, 300, 700]);
    assert.deepEqual(failures, ['a: cannot start']);
  });

  it('takes its parent along when it escalates, and the parent decides by its own supervision', async () => {
    const { system, pass, failures } = createWorld();
    const diary: string[] = [];
    const child: Supervision = { directive: 'escalate' };
    const top: Actor<Act | string, string> = {
      ...diarist('top', diary),
      start: (_args, ctx) => {
        diary.push('top start');
        ctx.spawn('child', diarist('child', diary), undefined, child);
        ctx.spawn('other', diarist('other', diary), undefined);
        return 'top';
      },
    };
    system.spawn('top', top, undefined, { ...restart, backoffMs: 0 });
    await pass(0);
    diary.sort();
    assert.deepEqual(diary, ['child start', 'other start', 'top start']);
    diary.length = 0;
    system.ref<Act>('skein://here/top/child' as never).tell(fall('deep'));
    await pass(0);
    assert.deepEqual(diary.slice(0, 3).sort(), ['child stopped', 'other stopped', 'top stopped']);
    assert.deepEqual(diary.slice(3).sort(), ['child start', 'other start', 'top start']);
    assert.deepEqual(failures, []);
  });

  it('fails also in its signal handler', async () => {
    const { system, pass, failures } = createWorld();
    const actor = { ...diarist('top', []), signal: fall('cannot bear it') as never };
    const top = system.spawn('top', actor, undefined);
    top.tell((ctx) => ctx.spawn('child', diarist('child', []), undefined).tell(fall('oh')));
    await pass(0);
    assert.deepEqual(failures, ['top: cannot bear it']);
  });

  it('loses the timers, effects and answers of its earlier life, even those that wait in its mailbox', async () => {
    const { system, pass } = createWorld();
    const diary: string[] = [];
    const aborted: boolean[] = [];
    const answerer = system.spawn(
      'answerer',
      {
        start: () => undefined,
        receive: (state: undefined, message: { readonly replyTo: ActorRef<string> }) => {
          message.replyTo.tell('answer');
          return state;
        },
      },
      undefined,
    );
    const ref = system.spawn('a', diarist('a', diary), undefined, restart);
    ref.tell((ctx) => {
      ctx.after('now', 0, 'timer that is queued');
      ctx.after('later', 50, 'timer that is pending');
      ctx.run(
        async (signal) => {
          signal.addEventListener('abort', () => aborted.push(true));
          await new Promise((resolve) => ctx.clock.setTimer(200, () => resolve(0)));
        },
        () => 'effect',
      );
      ctx.run(
        () => Promise.resolve(),
        () => 'effect that is done',
      );
      ctx.ask(
        answerer,
        (replyTo) => ({ replyTo }),
        1_000,
        () => 'answer',
      );
      ctx.watch(answerer);
    });
    // The failure waits in the mailbox before all that the first message arranged.
    ref.tell(fall('oh'));
    await pass(10_000);
    assert.deepEqual(diary, ['a start', 'a stopped', 'a start']);
    assert.deepEqual(aborted, [true]);
  });
});

describe('an outcome that waits in the mailbox while an earlier one fails the actor', () => {
  it('never arrives', async () => {
    const { system, pass } = createWorld();
    const diary: string[] = [];
    const ref = system.spawn('a', diarist('a', diary), undefined, restart);
    ref.tell((ctx) => {
      // Both settle in the same drain of promises: the second is queued when the first is handled.
      ctx.run(
        () => Promise.resolve(),
        () => fall('oh'),
      );
      ctx.run(
        () => Promise.resolve(),
        () => 'stale',
      );
    });
    await pass(10_000);
    assert.deepEqual(diary, ['a start', 'a stopped', 'a start']);
  });
});

describe('the decision about a failure', () => {
  it('doubles the backoff with each restart in a row, up to 32 times', () => {
    const patient: Supervision = { ...restart, maxRestarts: 100 };
    let history = noFailures;
    const delays: number[] = [];
    for (let nowMs = 0; nowMs < 9; nowMs++) {
      const decision = decide(patient, history, nowMs);
      assert(decision.type === 'restart');
      delays.push(decision.delayMs);
      history = decision.history;
    }
    assert.deepEqual(delays, [100, 200, 400, 800, 1_600, 3_200, 3_200, 3_200, 3_200]);
  });

  it('begins anew with the backoff after a window without failures', () => {
    const first = decide(restart, noFailures, 0);
    assert(first.type === 'restart');
    const second = decide(restart, first.history, 60_000);
    assert(second.type === 'restart');
    assert.equal(second.delayMs, 100);
  });

  it('never restarts more often within a window than asked, whatever the times', () => {
    const gaps = fc.array(fc.integer({ min: 0, max: 500 }), { maxLength: 200 });
    const limits = fc.record({
      maxRestarts: fc.integer({ min: 0, max: 5 }),
      withinMs: fc.integer({ min: 1, max: 1_000 }),
    });
    fc.assert(
      fc.property(gaps, limits, (times, { maxRestarts, withinMs }) => {
        const supervision: Supervision = {
          directive: 'restart',
          maxRestarts,
          withinMs,
          backoffMs: 1,
        };
        let history = noFailures;
        let nowMs = 0;
        const restartsMs: number[] = [];
        for (const gapMs of times) {
          nowMs += gapMs;
          const recent = restartsMs.filter((atMs) => nowMs - atMs < withinMs).length;
          const decision = decide(supervision, history, nowMs);
          assert.equal(decision.type, recent < maxRestarts ? 'restart' : 'escalate');
          if (decision.type !== 'restart') continue;
          restartsMs.push(nowMs);
          history = decision.history;
        }
      }),
    );
  });
});
