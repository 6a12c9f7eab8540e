// Questions: exactly one outcome, within the deadline.

import assert from 'node:assert/strict';

import * as fc from 'fast-check';

import { createAskTable } from '../../runtime/ask.ts';
import { createSeededRandom, createSimulation } from '../../runtime/index.ts';
import type { Actor, ActorRef, ActorSystem, Context, Result } from '../../runtime/index.ts';
import { at, createWorld, diarist } from './simulated-system.ts';
import type { World } from './simulated-system.ts';

type CounterMessage =
  | { readonly type: 'add'; readonly amount: number }
  | { readonly type: 'count'; readonly replyTo: ActorRef<number> }
  | { readonly type: 'name'; readonly replyTo: ActorRef<string> };

const counter: Actor<CounterMessage, number> = {
  start: () => 0,
  receive: (count, message) => {
    if (message.type === 'add') return count + message.amount;
    if (message.type === 'count') message.replyTo.tell(count);
    else message.replyTo.tell('counter');
    return count;
  },
};

/** Never answers. */
const silent: Actor<CounterMessage, undefined> = {
  start: () => undefined,
  receive: (state) => state,
};

const show = (outcome: Result<unknown>): string =>
  outcome.ok ? `ok ${String(outcome.value)}` : outcome.error.code;

/** Asks `to` for its count from within an actor; the outcomes end in the diary of that actor. */
function askFrom({ system }: World, to: ActorRef<CounterMessage>): string[] {
  const diary: string[] = [];
  system.spawn('asker', diarist('asker', diary), undefined).tell((ctx) => {
    ctx.ask(to, (replyTo: ActorRef<number>) => ({ type: 'count', replyTo }), 100, show);
  });
  return diary;
}

describe('a question', () => {
  it('gets its answer as a message', async () => {
    const world = createWorld();
    const ref = world.system.spawn('counter', counter, undefined);
    ref.tell({ type: 'add', amount: 3 });
    const diary = askFrom(world, ref);
    await world.pass(1_000);
    assert.deepEqual(diary, ['asker start', 'asker ok 3']);
  });

  it('times out when nobody answers, and an answer after that is a dead letter', async () => {
    const world = createWorld();
    const { system, pass } = world;
    const waiting: ActorRef<number>[] = [];
    const slow: Actor<CounterMessage, undefined> = {
      start: () => undefined,
      receive: (state, message) => {
        if (message.type === 'count') waiting.push(message.replyTo);
        return state;
      },
    };
    const diary = askFrom(world, system.spawn('slow', slow, undefined));
    await pass(99);
    assert.deepEqual(diary, ['asker start']);
    await pass(1);
    assert.deepEqual(diary, ['asker start', 'asker timeout']);
    waiting[0]!.tell(1);
    await pass(1_000);
    assert.deepEqual(diary, ['asker start', 'asker timeout']);
    assert.equal(system.counters().deadLetters, 1);
  });

  it('has one outcome however often it is answered', async () => {
    const world = createWorld();
    const eager: Actor<CounterMessage, undefined> = {
      start: () => undefined,
      receive: (state, message) => {
        if (message.type !== 'count') return state;
        message.replyTo.tell(1);
        message.replyTo.tell(2);
        return state;
      },
    };
    const diary = askFrom(world, world.system.spawn('eager', eager, undefined));
    await world.pass(1_000);
    assert.deepEqual(diary, ['asker start', 'asker ok 1']);
    assert.equal(world.system.counters().deadLetters, 1);
  });

  it('is unavailable at once when nobody lives there, or no route leads there', async () => {
    const world = createWorld();
    const diary = askFrom(world, at(world.system, 'nobody'));
    await world.pass(0);
    assert.deepEqual(diary, ['asker start', 'asker unavailable']);
    const remote = await settled(world, at(world.system, 'somebody', 'elsewhere'));
    assert.equal(remote, 'unavailable');
  });

  it('is unavailable at once when the one asked ends before its turn', async () => {
    const world = createWorld();
    const ref = world.system.spawn('counter', counter, undefined);
    void world.system.stop();
    assert.equal(world.system.counters().living, 1);
    assert.equal(await settled(world, ref), 'unavailable');
  });

  it('is overloaded at once when the mailbox of the one asked is full', async () => {
    const world = createWorld();
    const ref = world.system.spawn('full', { ...silent, mailboxLimit: 0 }, undefined);
    assert.equal(await settled(world, ref), 'overloaded');
  });

  it('can be asked from outside of actors', async () => {
    const world = createWorld();
    const ref = world.system.spawn('counter', counter, undefined);
    assert.equal(await settled(world, ref), 'ok 0');
    const mute = world.system.spawn('silent', silent, undefined);
    assert.equal(await settled(world, mute), 'timeout');
  });

  it('is forgotten when the asker ends: an answer after that is a dead letter', async () => {
    const world = createWorld();
    const waiting: ActorRef<number>[] = [];
    const late: typeof silent = {
      start: () => undefined,
      receive: (state, message) => {
        if (message.type === 'count') waiting.push(message.replyTo);
        return state;
      },
    };
    const diary = askFrom(world, world.system.spawn('late', late, undefined));
    await world.pass(0);
    at<(ctx: Context<never>) => void>(world.system, 'asker').tell((ctx) => ctx.stop(ctx.self));
    await world.pass(10);
    waiting[0]!.tell(1);
    await world.pass(1_000);
    assert.deepEqual(diary, ['asker start', 'asker stopped']);
    assert.equal(world.system.counters().deadLetters, 1);
  });

  it('that is passed on to nobody may still be answered by the one who was asked', async () => {
    const world = createWorld();
    const forwarder: Actor<CounterMessage, undefined> = {
      start: () => undefined,
      receive: (state, message) => {
        at<CounterMessage>(world.system, 'nobody').tell(message);
        if (message.type === 'count') message.replyTo.tell(7);
        return state;
      },
    };
    const ref = world.system.spawn('forwarder', forwarder, undefined);
    assert.equal(await settled(world, ref), 'ok 7');
  });

  it('that throws while it is made is a failure of the asker', async () => {
    const { system, pass, failures } = createWorld();
    const ref = system.spawn('counter', counter, undefined);
    system.spawn('asker', diarist('asker', []), undefined).tell((ctx) => {
      ctx.ask(ref, () => assert.fail('no question'), 100, show);
    });
    await pass(0);
    assert.deepEqual(failures, ['asker: no question']);
  });

  it('fails as the asker does when `toMessage` throws', async () => {
    const { system, pass, failures } = createWorld();
    const ref = system.spawn('counter', counter, undefined);
    system.spawn('asker', diarist('asker', []), undefined).tell((ctx) => {
      const broken = () => assert.fail('no message');
      ctx.ask(ref, (replyTo: ActorRef<number>) => ({ type: 'count', replyTo }), 100, broken);
    });
    await pass(0);
    assert.deepEqual(failures, ['asker: no message']);
  });

  it('has the answer type that its message declares', () => {
    // Never called: what matters is what compiles.
    const compiled = (system: ActorSystem, many: ActorRef<CounterMessage>): void => {
      const one: ActorRef<{ readonly replyTo: ActorRef<boolean> }> = many as never;
      void system.ask(one, (replyTo) => ({ replyTo }), 1).then((r) => r.ok && !r.value);
      void system
        .ask(many, (replyTo: ActorRef<number>) => ({ type: 'count', replyTo }), 1)
        .then((r) => r.ok && r.value.toFixed());
      // @ts-expect-error -- a count is answered with a number
      void system.ask(many, (replyTo: ActorRef<string>) => ({ type: 'count', replyTo }), 1);
      // @ts-expect-error -- there is no such message
      void system.ask(many, (replyTo: ActorRef<number>) => ({ type: 'total', replyTo }), 1);
    };
    assert.equal(typeof compiled, 'function');
  });
});

describe('the table of questions', () => {
  it('holds a bounded number', () => {
    const table = createTable(2);
    const to = at<never>(createWorld().system, 'a').address;
    const opened = [1, 2, 3].map(() => table.open(to, 10, () => undefined));
    assert.deepEqual(
      opened.map((result) => (result.ok ? 'ok' : result.error.code)),
      ['ok', 'ok', 'overloaded'],
    );
    assert(opened[0]!.ok);
    table.drop(opened[0]!.value.id);
    assert.equal(table.open(to, 10, () => undefined).ok, true);
  });

  it('leaves no timer behind', () => {
    let open = 0;
    const close = (): number => open--;
    const table = createAskTable({
      peer: 'here',
      clock: {
        ...createSimulation(1).peer('here').clock,
        setTimer: () => {
          open++;
          return { cancel: close };
        },
      },
      random: createSeededRandom(1),
    });
    const to = at<never>(createWorld().system, 'a').address;
    const ids = [1, 2].map(() => {
      const opened = table.open(to, 10, () => undefined);
      assert(opened.ok);
      return opened.value.id;
    });
    assert.equal(open, 2);
    table.answer(ids[0]!, 1);
    table.drop(ids[1]!);
    assert.equal(open, 0);
  });

  it('settles each question exactly once, whatever comes in whatever order', async () => {
    const moves = fc.array(fc.tuple(fc.constantFrom('answer', 'wait', 'drop'), fc.nat(9)), {
      maxLength: 60,
    });
    await fc.assert(
      fc.asyncProperty(moves, async (plan) => {
        const simulation = createSimulation(1);
        const table = createTable(100, simulation);
        const to = at<never>(createWorld().system, 'a').address;
        const outcomes = Array.from({ length: 10 }, () => 0);
        const dropped = new Set<number>();
        const ids = outcomes.map((_, index) => {
          const opened = table.open(to, 10 + index, () => outcomes[index]!++);
          assert(opened.ok);
          return opened.value.id;
        });
        for (const [move, index] of plan) {
          if (move === 'answer') table.answer(ids[index]!, 1);
          else if (move === 'wait') await simulation.run({ untilMs: simulation.nowMs() + index });
          else {
            if (outcomes[index] === 0) dropped.add(index);
            table.drop(ids[index]!);
          }
        }
        await simulation.run({ untilMs: 1_000 });
        assert.deepEqual(
          outcomes,
          outcomes.map((_, index) => (dropped.has(index) ? 0 : 1)),
        );
        assert.equal(table.size(), 0);
      }),
      { numRuns: 50 },
    );
  });
});

function createTable(maxOpen: number, simulation = createSimulation(1)) {
  return createAskTable({
    peer: 'here',
    clock: simulation.peer('here').clock,
    random: createSeededRandom(1),
    maxOpen,
  });
}

/** The outcome of asking from outside, within a second of virtual time. */
async function settled(world: World, to: ActorRef<CounterMessage>): Promise<string> {
  let shown: string | undefined;
  const question = (replyTo: ActorRef<number>) => ({ type: 'count', replyTo }) as const;
  void world.system.ask(to, question, 100).then((outcome) => (shown = show(outcome)));
  await world.simulation.run({ until: () => shown !== undefined, limitMs: 1_000 });
  return shown ?? 'nothing';
}
