// How actors begin, end and are known by their names and addresses.

import assert from 'node:assert/strict';

import {
  createActorSystem,
  createRingLogger,
  createSimulation,
  SkeinError,
} from '../../runtime/index.ts';
import type { ActorRef } from '../../runtime/index.ts';
import { at, createWorld, diarist, fall } from './simulated-system.ts';
import type { Act } from './simulated-system.ts';

describe('an actor', () => {
  it('starts in its own turn and gets messages in the order they were told', async () => {
    const { system, pass } = createWorld();
    const diary: string[] = [];
    const ref = system.spawn('a', diarist('a', diary), undefined);
    for (let i = 0; i < 100; i++) ref.tell(String(i));
    assert.deepEqual(diary, []);
    await pass(0);
    assert.deepEqual(diary, ['a start', ...Array.from({ length: 100 }, (_, i) => `a ${i}`)]);
    assert.deepEqual(system.counters(), {
      deadLetters: 0,
      refusedMessages: 0,
      processed: 100,
      living: 1,
    });
  });

  it('ends after its children, the youngest first, and its parent hears of it', async () => {
    const { system, pass } = createWorld();
    const diary: string[] = [];
    const top = system.spawn('top', diarist('top', diary), undefined);
    let middle: ActorRef<Act | string> | undefined;
    top.tell((ctx) => {
      middle = ctx.spawn('middle', diarist('middle', diary), undefined);
      middle.tell((ctxOfMiddle) => {
        ctxOfMiddle.spawn('old', diarist('old', diary), undefined);
        ctxOfMiddle.spawn('young', diarist('young', diary), undefined);
      });
    });
    await pass(0);
    diary.length = 0;
    top.tell((ctx) => ctx.stop(middle!));
    await pass(0);
    assert.deepEqual(diary, [
      'young stopped',
      'old stopped',
      'middle stopped',
      'top child-stopped middle',
    ]);
    assert.equal(system.counters().living, 1);
  });

  it('ends itself after the message at hand; what waits becomes dead letters', async () => {
    const { system, pass } = createWorld();
    const diary: string[] = [];
    const ref = system.spawn('a', diarist('a', diary), undefined);
    ref.tell((ctx) => {
      ctx.stop(ctx.self);
      diary.push('still here');
    });
    ref.tell('too late');
    await pass(0);
    ref.tell('much too late');
    assert.deepEqual(diary, ['a start', 'still here', 'a stopped']);
    assert.equal(system.counters().deadLetters, 2);
  });

  it('cannot end an actor that is neither its child nor itself', async () => {
    const { system, pass, failures } = createWorld();
    const stranger = system.spawn('stranger', diarist('stranger', []), undefined);
    const meddler = system.spawn('meddler', diarist('meddler', []), undefined);
    meddler.tell((ctx) => ctx.stop(stranger));
    await pass(0);
    assert.match(failures[0]!, /^meddler: meddler cannot stop skein:\/\/here\/stranger/);
    assert.equal(system.counters().living, 1);
  });

  it('shares its name with no living sibling, and gives it back when its parent heard of its end', async () => {
    const { system, pass } = createWorld();
    const diary: string[] = [];
    const top = system.spawn('top', diarist('top', diary), undefined);
    const codes: string[] = [];
    const trySpawn: Act = (ctx) => {
      try {
        ctx.spawn('child', diarist('child', diary), undefined);
        codes.push('spawned');
      } catch (error) {
        codes.push((error as SkeinError).code);
      }
    };
    top.tell(trySpawn);
    top.tell(trySpawn);
    await pass(0);
    top.tell((ctx) => ctx.stop(at<never>(system, 'top/child')));
    await pass(0);
    top.tell(trySpawn);
    await pass(0);
    assert.deepEqual(codes, ['spawned', 'already-exists', 'spawned']);
  });

  it('has no name with a slash, a hash or a space, nor the name of the answers', () => {
    const { system } = createWorld();
    for (const name of ['', 'a/b', 'a#1', 'a b', 'ask', 'x'.repeat(301)]) {
      assert.throws(
        () => system.spawn(name, diarist('a', []), undefined),
        (error) => error instanceof SkeinError && error.code === 'invalid',
      );
    }
  });

  it('is reached without incarnation by whoever asks, with one only while that one lives', async () => {
    const { system, pass } = createWorld();
    const diary: string[] = [];
    const first = system.spawn('a', diarist('first', diary), undefined);
    await pass(0);
    first.tell((ctx) => ctx.stop(ctx.self));
    await pass(0);
    const second = system.spawn('a', diarist('second', diary), undefined);
    assert.notEqual(first.address, second.address);
    first.tell('to the first');
    system.ref<string>(first.address).tell('to the first');
    system.ref<string>(second.address).tell('to the second');
    at<string>(system, 'a').tell('to whoever');
    await pass(0);
    assert.deepEqual(diary.slice(2), ['second start', 'second to the second', 'second to whoever']);
    assert.equal(system.counters().deadLetters, 2);
  });

  it('takes no more messages than its mailbox holds', async () => {
    const { system, pass, log } = createWorld();
    const diary: string[] = [];
    const actor = { ...diarist('a', diary), mailboxLimit: 3 };
    const ref = system.spawn('a', actor, undefined);
    for (let i = 0; i < 5; i++) ref.tell(String(i));
    await pass(0);
    assert.deepEqual(diary, ['a start', 'a 0', 'a 1', 'a 2']);
    assert.equal(system.counters().deadLetters, 2);
    assert.equal(log.lines()[0]?.level, 'warn');
  });

  it('hears the system before the messages that wait', async () => {
    const { system, pass } = createWorld();
    const diary: string[] = [];
    const top = system.spawn('top', diarist('top', diary), undefined);
    let child: ActorRef<string | Act> | undefined;
    top.tell((ctx) => {
      child = ctx.spawn('child', diarist('child', diary), undefined);
    });
    await pass(0);
    top.tell((ctx) => {
      for (let i = 0; i < 10; i++) child!.tell(String(i));
      ctx.stop(child!);
    });
    await pass(0);
    assert.deepEqual(diary.slice(2), ['child stopped', 'top child-stopped child']);
  });

  it('asks for one turn at a time, however many messages wait', () => {
    const { clock, random } = createSimulation(1).peer('here');
    const turns: (() => void)[] = [];
    const system = createActorSystem({
      peer: 'here',
      clock,
      random,
      log: createRingLogger(clock),
      dispatcher: { messagesPerTurn: 4, schedule: (turn) => turns.push(turn) },
      onFailure: (path, error) => assert.fail(`${path}: ${error.message}`),
    });
    const diary: string[] = [];
    const ref = system.spawn('a', diarist('a', diary), undefined);
    for (let i = 0; i < 6; i++) ref.tell(String(i));
    assert.equal(turns.length, 1);
    turns[0]!();
    assert.deepEqual(diary, ['a start', 'a 0', 'a 1', 'a 2', 'a 3']);
    assert.equal(turns.length, 2);
    // Within a turn too, the system's word comes before the messages that wait.
    ref.tell((ctx) => ctx.stop(ctx.self));
    ref.tell('too late');
    turns[1]!();
    assert.deepEqual(diary.slice(5), ['a 4', 'a 5', 'a stopped']);
    assert.equal(turns.length, 2);
  });

  it('writes a dead letter to the log at a bounded rate', async () => {
    const { system, pass, log } = createWorld();
    const nobody = at<string>(system, 'nobody');
    for (let i = 0; i < 1_000; i++) nobody.tell('hello');
    assert.equal(log.lines().length, 10);
    await pass(10_000);
    nobody.tell('hello');
    assert.equal(system.counters().deadLetters, 1_001);
    assert.deepEqual(
      log
        .lines()
        .slice(10)
        .map(({ message, fields }) => [message, fields['suppressed']]),
      [
        ['more dead letters', 990],
        ['dead letter', undefined],
      ],
    );
  });
});

describe('watching', () => {
  it('tells once when the watched actor ends, however it ends', async () => {
    const { system, pass } = createWorld();
    const diary: string[] = [];
    const watcher = system.spawn('w', diarist('w', diary), undefined);
    const quiet = system.spawn('quiet', diarist('quiet', []), undefined);
    const fails = system.spawn('fails', diarist('fails', []), undefined);
    watcher.tell((ctx) => {
      ctx.watch(quiet);
      ctx.watch(quiet);
      ctx.watch(fails);
    });
    await pass(0);
    quiet.tell((ctx) => ctx.stop(ctx.self));
    await pass(0);
    fails.tell(fall('oh'));
    await pass(0);
    assert.deepEqual(diary, [
      'w start',
      'w terminated skein://here/quiet',
      'w terminated skein://here/fails',
    ]);
  });

  it('tells at once when nobody lives there', async () => {
    const { system, pass } = createWorld();
    const diary: string[] = [];
    const watcher = system.spawn('w', diarist('w', diary), undefined);
    watcher.tell((ctx) => ctx.watch(at<never>(system, 'nobody')));
    watcher.tell((ctx) => ctx.watch(at<never>(system, 'someone', 'elsewhere')));
    await pass(0);
    assert.deepEqual(diary.slice(1), [
      'w terminated skein://here/nobody',
      'w terminated skein://elsewhere/someone',
    ]);
  });

  it('tells nothing after unwatch, even when the word was on its way', async () => {
    const { system, pass } = createWorld();
    const diary: string[] = [];
    const watcher = system.spawn('w', diarist('w', diary), undefined);
    watcher.tell((ctx) => {
      const nobody = at<never>(system, 'nobody');
      ctx.watch(nobody);
      ctx.unwatch(nobody);
    });
    await pass(0);
    assert.deepEqual(diary, ['w start']);
  });

  it('goes on over a restart of the watched actor', async () => {
    const { system, pass } = createWorld();
    const diary: string[] = [];
    const watcher = system.spawn('w', diarist('w', diary), undefined);
    const target = system.spawn('t', diarist('t', []), undefined, {
      directive: 'restart',
      maxRestarts: 1,
      withinMs: 1_000,
      backoffMs: 10,
    });
    watcher.tell((ctx) => ctx.watch(target));
    await pass(0);
    target.tell(fall('one'));
    await pass(100);
    assert.deepEqual(diary, ['w start']);
    target.tell(fall('two'));
    await pass(100);
    assert.deepEqual(diary, ['w start', 'w terminated skein://here/t']);
  });
});

describe('an actor system that stops', () => {
  it('ends all actors, children before parents, youngest first, and takes no more', async () => {
    const { system, pass } = createWorld();
    const diary: string[] = [];
    for (const name of ['one', 'two']) {
      const ref = system.spawn(name, diarist(name, diary), undefined);
      ref.tell((ctx) => void ctx.spawn('child', diarist(`child of ${name}`, diary), undefined));
    }
    await pass(0);
    diary.length = 0;
    let isStopped = false;
    void system.stop().then(() => (isStopped = true));
    await pass(0);
    assert.equal(isStopped, true);
    assert.deepEqual(diary, [
      'child of two stopped',
      'two stopped',
      'child of one stopped',
      'one stopped',
    ]);
    assert.equal(system.counters().living, 0);
    assert.throws(
      () => system.spawn('late', diarist('late', []), undefined),
      (error) => error instanceof SkeinError && error.code === 'stopped',
    );
    await system.stop();
  });

  it('goes on when `stopped` throws, and says so', async () => {
    const { system, pass, log } = createWorld();
    const actor = { ...diarist('a', []), stopped: () => fall('not now')(undefined as never) };
    system.spawn('a', actor, undefined);
    await pass(0);
    const stopped = system.stop();
    await pass(0);
    await stopped;
    assert.equal(log.lines().at(-1)?.message, 'actor failed while it stopped');
  });
});
