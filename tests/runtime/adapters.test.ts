// The real clock and the real dispatcher, on the real event loop.

import assert from 'node:assert/strict';

import {
  createActorSystem,
  createImmediateDispatcher,
  createRingLogger,
  createSystemClock,
  createSystemRandom,
} from '../../runtime/index.ts';
import type { ActorRef, ActorSystem } from '../../runtime/index.ts';
import { diarist } from './simulated-system.ts';

function createRealSystem(): ActorSystem {
  const clock = createSystemClock();
  return createActorSystem({
    peer: 'here',
    clock,
    random: createSystemRandom(),
    dispatcher: createImmediateDispatcher(),
    log: createRingLogger(clock),
    onFailure: (path, error) => assert.fail(`${path}: ${error.message}`),
  });
}

describe('the clock of the system', () => {
  it('never fires a timer early', async () => {
    const clock = createSystemClock();
    const waits = Array.from({ length: 50 }, (_, index) => index / 5);
    await Promise.all(
      waits.map(
        (delayMs) =>
          new Promise<void>((resolve) => {
            const dueMs = clock.monotonicMs() + delayMs;
            clock.setTimer(delayMs, () => {
              assert(clock.monotonicMs() >= dueMs);
              resolve();
            });
          }),
      ),
    );
  });

  it('fires no timer that was cancelled', async () => {
    const clock = createSystemClock();
    const timer = clock.setTimer(1, () => assert.fail('cancelled'));
    timer.cancel();
    timer.cancel();
    await new Promise<void>((resolve) => {
      clock.setTimer(3, resolve);
    });
  });

  it('waits for longer than a timeout of Node can', async () => {
    const clock = createSystemClock();
    const timer = clock.setTimer(2 ** 40, () => assert.fail('too early'));
    await new Promise<void>((resolve) => {
      clock.setTimer(3, resolve);
    });
    timer.cancel();
  });
});

describe('the immediate dispatcher', () => {
  it('runs turns in order, and never within the one that schedules', async () => {
    const dispatcher = createImmediateDispatcher();
    const order: number[] = [];
    await new Promise<void>((resolve) => {
      dispatcher.schedule(() => {
        dispatcher.schedule(() => {
          order.push(3);
          resolve();
        });
        order.push(1);
      });
      dispatcher.schedule(() => order.push(2));
      assert.deepEqual(order, []);
    });
    assert.deepEqual(order, [1, 2, 3]);
  });

  it('lets the event loop have its share while actors tell each other for ever', async () => {
    const system = createRealSystem();
    let told = 0;
    const actor = {
      start: () => undefined,
      receive: (state: undefined, to: ActorRef<never>) => {
        told++;
        to.tell(to as never);
        return state;
      },
    };
    const ref = system.spawn('loop', actor, undefined);
    ref.tell(ref);
    // Starved of the event loop, these would never fire.
    for (let round = 0; round < 20; round++) await new Promise((resolve) => setTimeout(resolve, 1));
    await system.stop();
    assert(told > 1_000, `only ${told} turns`);
  });

  it('gives every cell its turn, however many messages another has', async () => {
    const system = createRealSystem();
    const order: string[] = [];
    const busy = system.spawn('busy', diarist('busy', order), undefined);
    const quiet = system.spawn('quiet', diarist('quiet', order), undefined);
    for (let i = 0; i < 1_000; i++) busy.tell(String(i));
    quiet.tell('hello');
    await system.ask(
      system.spawn(
        'last',
        { start: () => 0, receive: (s: number, q: Asked) => answer(s, q) },
        undefined,
      ),
      (replyTo: ActorRef<number>) => ({ replyTo }),
      1_000,
    );
    assert(order.indexOf('quiet hello') <= 34, `${order.indexOf('quiet hello')} messages before`);
    await system.stop();
  });

  it('goes on after a turn that throws, which surfaces', async () => {
    const dispatcher = createImmediateDispatcher();
    const listeners = process.listeners('uncaughtException');
    process.removeAllListeners('uncaughtException');
    const surfaced = new Promise<Error>((resolve) => process.once('uncaughtException', resolve));
    const ran = new Promise<void>((resolve) => {
      dispatcher.schedule(() => assert.fail('a bug'));
      dispatcher.schedule(resolve);
    });
    assert.match((await surfaced).message, /a bug/);
    for (const listener of listeners) process.on('uncaughtException', listener);
    await ran;
  });
});

interface Asked {
  readonly replyTo: ActorRef<number>;
}

function answer(state: number, { replyTo }: Asked): number {
  replyTo.tell(state);
  return state;
}
